import { deflateRawSync } from "node:zlib";
import { ChunkReader } from "../read/chunks.ts";

/** How the data of entries is compressed. */
export interface Deflater {
  /** What these bytes deflate to. */
  whole(bytes: Uint8Array): Uint8Array;
  /** What `data` deflates to, as it comes. */
  pieces(data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Deflates by the platform's own zlib. */
export const zlibDeflater: Deflater = {
  whole: (bytes) => deflateRawSync(bytes),

  async *pieces(data) {
    const { readable, writable } = new CompressionStream("deflate-raw");
    const writer = writable.getWriter();
    const reader = new ChunkReader(readable);
    // What went wrong first: the other side then tells only that it was cut off.
    const failures: unknown[] = [];
    const feed = async () => {
      for await (const chunk of data) await writer.write(chunk.slice());
      await writer.close();
    };
    const feeding = feed().catch(async (error: unknown) => {
      failures.push(error);
      // The reader waits for more, or for the end.
      await writer.abort(error).catch(() => undefined);
    });
    let isThrough = false;
    try {
      for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) yield chunk;
      isThrough = true;
    } catch (error) {
      failures.push(error);
    } finally {
      // Who reads may have had enough.
      if (!isThrough) await reader.cancel().catch(() => undefined);
      await feeding;
    }
    if (failures.length > 0) throw failures[0];
  },
};
