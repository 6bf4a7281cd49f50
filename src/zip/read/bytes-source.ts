import type { ZipSource } from "./source.ts";

/** An archive that is in memory already. */
export function bytesSource(bytes: Uint8Array): ZipSource {
  return {
    length: bytes.byteLength,
    read: (offset, length) =>
      Promise.resolve(
        new ReadableStream<Uint8Array>({
          start(controller) {
            if (length > 0) controller.enqueue(bytes.subarray(offset, offset + length));
            controller.close();
          },
        }),
      ),
  };
}
