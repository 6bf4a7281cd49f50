import { ChunkReader } from "./chunks.ts";
import { ZipError } from "./errors.ts";

/**
 * Compressed bytes handed to the inflater at once. It inflates all of a piece before anyone can stop it, and deflate
 * expands at most 1,032 times: 8 KiB keep a bomb below 8.5 MB of memory.
 */
const PIECE_SIZE = 8_192;

/** What ended the input before its end. */
interface InputFailure {
  readonly error: unknown;
}

/**
 * Inflates raw deflate data as it comes. Data that is malformed, ends early or goes on after its end is refused with
 * ZipError; an error of the input passes through. The platform's DecompressionStream does the work: measured, fflate
 * takes twice as long on large entries, and neither it nor a stream of node:zlib notices data after the end. `entry` names it in errors.
 */
export async function* inflate(
  compressed: AsyncGenerator<Uint8Array, void, void>,
  entry?: string,
): AsyncGenerator<Uint8Array, void, void> {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  const feeding = feed(compressed, writer);
  const reader = new ChunkReader(readable);
  let finished = false;
  try {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) yield chunk;
    finished = true;
  } catch {
    const failure = await feeding;
    finished = true;
    throw failure === undefined
      ? new ZipError("bad-deflate-data", "the data is not one whole deflate stream", entry)
      : failure.error;
  } finally {
    if (!finished) {
      await writer.abort();
      await feeding;
    }
  }
}

/** Never rejects: its own failure is the answer, and what the inflater refuses is told to whoever reads from it. */
async function feed(
  compressed: AsyncGenerator<Uint8Array, void, void>,
  writer: WritableStreamDefaultWriter,
): Promise<InputFailure | undefined> {
  for (;;) {
    const next = await compressed.next().catch((error: unknown): InputFailure => ({ error }));
    if ("error" in next) {
      await writer.abort();
      return next;
    }
    const accepted = await (next.done === true ? writer.close() : writePieces(writer, next.value)).then(
      () => true,
      () => false,
    );
    if (next.done === true) return undefined;
    if (!accepted) {
      await compressed.return();
      return undefined;
    }
  }
}

async function writePieces(writer: WritableStreamDefaultWriter, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; at += PIECE_SIZE) await writer.write(chunk.subarray(at, at + PIECE_SIZE));
}
