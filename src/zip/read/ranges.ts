import { ByteCursor } from "./chunks.ts";
import type { ZipSource } from "./source.ts";

/** The bytes `offset` to `offset + length` in one array, by one read. The caller bounds `length`. */
export async function readRange(source: ZipSource, offset: number, length: number): Promise<Uint8Array> {
  const cursor = new ByteCursor(await source.read(offset, length));
  try {
    return await cursor.take(length);
  } finally {
    await cursor.cancel();
  }
}
