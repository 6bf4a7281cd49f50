import { ChunkReader } from "./chunks.ts";
import { ZipError } from "./zip-error.ts";

/**
 * Compressed bytes handed to the inflater at once. It inflates all of a piece before anyone can stop it, and deflate
 * expands at most 1,032 times: 8 KiB keep a bomb below 8.5 MB of memory.
 */
const PIECE_SIZE = 8_192;

/** How feeding the inflater ended: with all of the input, by the inflater's refusal, or by an error of the input. */
type Feeding = { readonly end: "whole" | "refused" } | { readonly end: "failed"; readonly error: unknown };

/** What deflated data lies in: nothing, as in a zip, or the header and checksum of a `.gz` file. */
export type InflateFormat = "deflate-raw" | "gzip";

/**
 * Inflates data as it comes. Data that is malformed, ends early or goes on after its end is refused with
 * ZipError, which names `entry`; an error of the input passes through. The platform's DecompressionStream does the work:
 * measured, fflate takes twice as long on large entries, and neither it nor a stream of node:zlib notices data after the
 * end.
 */
export async function* inflate(
  compressed: AsyncGenerator<Uint8Array, void, void>,
  entry?: string,
  format: InflateFormat = "deflate-raw",
): AsyncGenerator<Uint8Array, void, void> {
  const { readable, writable } = new DecompressionStream(format);
  const writer = writable.getWriter();
  const feeding = feed(compressed, writer);
  const reader = new ChunkReader(readable);
  let abandoned = true;
  try {
    for (let chunk = await readOrRefusal(reader); chunk !== undefined; chunk = await readOrRefusal(reader)) yield chunk;
    abandoned = false;
    const fed = await feeding;
    if (fed.end === "failed") throw fed.error;
    if (fed.end === "refused" && format === "gzip")
      throw new ZipError("bad-gzip-data", "the data is not one whole gzip stream", entry);
    if (fed.end === "refused")
      throw new ZipError("bad-deflate-data", "the data is not one whole deflate stream", entry);
  } finally {
    if (abandoned) {
      // In Node a write waits until its output is read or no longer wanted, and abort waits for the write. That both
      // were ended so is all that they could tell.
      await Promise.allSettled([reader.cancel(), writer.abort()]);
      await feeding;
    }
  }
}

/** The next bytes; undefined at the end and when the inflater refuses the data, which its feeding tells. */
async function readOrRefusal(reader: ChunkReader): Promise<Uint8Array | undefined> {
  return reader.read().catch(() => undefined);
}

/** Never rejects. */
async function feed(
  compressed: AsyncGenerator<Uint8Array, void, void>,
  writer: WritableStreamDefaultWriter,
): Promise<Feeding> {
  for (;;) {
    const next = await compressed.next().catch((error: unknown) => ({ done: "failed" as const, error }));
    if (next.done === "failed") {
      await writer.abort();
      return { end: "failed", error: next.error };
    }
    const written = next.done === true ? writer.close() : writePieces(writer, next.value);
    const accepted = await written.then(
      () => true,
      () => false,
    );
    if (!accepted) await compressed.return();
    if (!accepted) return { end: "refused" };
    if (next.done === true) return { end: "whole" };
  }
}

async function writePieces(writer: WritableStreamDefaultWriter, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; at += PIECE_SIZE) await writer.write(chunk.subarray(at, at + PIECE_SIZE));
}
