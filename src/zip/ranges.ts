import { ZipError } from "./errors.ts";
import type { ZipSource } from "./source.ts";

/** The bytes `offset` to `offset + length` in one array, by one read. The caller bounds `length`. */
export async function readRange(source: ZipSource, offset: number, length: number): Promise<Uint8Array> {
  const reader = (await source.read(offset, length)).getReader();
  let bytes: Uint8Array | undefined;
  let filled = 0;
  while (filled < length) {
    const { done, value } = await reader.read();
    if (done) throw new ZipError("truncated", "the archive is shorter than its length");
    if (filled === 0 && value.byteLength >= length) {
      bytes = value.subarray(0, length);
      filled = length;
    } else {
      bytes ??= new Uint8Array(length);
      const part = value.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.byteLength;
    }
  }
  await reader.cancel();
  return bytes ?? new Uint8Array(0);
}
