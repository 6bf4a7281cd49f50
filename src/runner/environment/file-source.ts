import type { FileHandle } from "node:fs/promises";
import type { ZipSource } from "../../zip/read/source.ts";

/** Bytes read at once. */
const CHUNK_BYTES = 64 * 1024;

/** An archive on disk, `length` bytes of it; the file stays open as long as it is read from. */
export function fileSource(file: FileHandle, length: number): ZipSource {
  return {
    length,
    read: (offset, size) => {
      let at = offset;
      const end = offset + size;
      return Promise.resolve(
        new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              if (at === end) return controller.close();
              const wanted = Math.min(CHUNK_BYTES, end - at);
              const { bytesRead, buffer } = await file.read(new Uint8Array(wanted), 0, wanted, at);
              if (bytesRead === 0) throw new Error("The archive's file is shorter than it was");
              at += bytesRead;
              controller.enqueue(buffer.subarray(0, bytesRead));
            },
          },
          { highWaterMark: 0 },
        ),
      );
    },
  };
}
