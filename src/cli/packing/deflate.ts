import { Deflate, deflateSync } from "fflate";
import type { Deflater } from "../../zip/write/deflater.ts";

/**
 * Deflates in JavaScript: what zlib makes of the same bytes depends on its version and on the processor, and an archive's
 * digest is to be the same on each machine.
 */
export const portableDeflater: Deflater = {
  whole: (bytes) => deflateSync(bytes, { level: 6 }),

  async *pieces(data) {
    const ready: Uint8Array[] = [];
    const deflate = new Deflate({ level: 6 }, (piece) => void ready.push(piece));
    for await (const chunk of data) {
      deflate.push(chunk);
      yield* ready.splice(0);
    }
    deflate.push(new Uint8Array(0), true);
    yield* ready;
  },
};
