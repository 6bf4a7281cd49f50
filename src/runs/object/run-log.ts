import { logBackgroundFailure } from "../../http/request-log.ts";
import type { Journal, Segment } from "../../stream/journal/journal.ts";
import type { RunAttempts } from "./run-attempts.ts";

/** The tags of what append_log and event_stream brought. */
export const LOG_TAG = "log";
export const EVENT_TAG = "event";

/** A run's log as it stands at one moment, as a file that only grows. */
export interface LogState {
  /** The tag of its entries. */
  tag: string;
  /** Where it begins among the bytes of all attempts; 0 unless one attempt was asked for. */
  from: number;
  bytes: number;
  /** The first entry of the journal: another one once the log was dropped. */
  head: number;
}

/** Bytes of the log of one tag. */
export interface LogPart {
  tag: string;
  offset: number;
  length: number;
}

/** The tag of the entries that are a run's log: its agent's events, where nobody wrote one. */
export function logTag(journal: Journal): string {
  return journal.index.total(LOG_TAG).entries > 0 ? LOG_TAG : EVENT_TAG;
}

/** What is known of a log, or of one attempt's part of it, without reading it; undefined for an attempt that there is not. */
export function describeLog(
  journal: Journal,
  attempts: RunAttempts,
  attempt: number | undefined,
): LogState | undefined {
  const tag = logTag(journal);
  const { bytes } = journal.index.total(tag);
  const { head } = journal;
  if (attempt === undefined) return { tag, from: 0, bytes, head };
  const part = attempts.logOf(attempt, tag)?.bytes;
  return part && { tag, from: part.from, bytes: (part.to ?? bytes) - part.from, head };
}

/** Bytes read from the journal at a time: what one reader of the log holds in memory. */
const CHUNK_BYTES = 256_000;

/** What segments hold after their first `skip` bytes, `length` of it at most, in a buffer of its own: who sends it takes that away. */
function joinBodies(segments: readonly Segment[], skip: number, length: number): Uint8Array {
  const held = segments.reduce((sum, { body }) => sum + body.length, 0) - skip;
  const joined = new Uint8Array(Math.min(held, length));
  let at = -skip;
  for (const { body } of segments) {
    if (at >= joined.length) break;
    const piece = body.subarray(Math.max(-at, 0), Math.max(joined.length - at, 0));
    joined.set(piece, Math.max(at, 0));
    at += body.length;
  }
  return joined;
}

/** Rows are read whole and sent together, because each piece costs a way from here to the client; what stands before the part, or after it, is not. */
async function* readPart(journal: Journal, { tag, offset, length }: LogPart): AsyncGenerator<Uint8Array> {
  const { tail: to } = journal;
  const { first, before } = journal.index.seekByte(tag, offset) ?? { first: to + 1, before: 0 };
  let [skip, left] = [before, length];
  for (let from = first; from <= to && left > 0;) {
    const maxBytes = Math.min(CHUNK_BYTES, skip + left);
    const { segments, next } = await journal.read(from, { tags: [tag], maxBytes, to });
    from = next;
    const piece = joinBodies(segments, skip, left);
    skip = 0;
    left -= piece.length;
    if (piece.length > 0) yield piece;
  }
}

/** A stream of what a generator yields, which goes on only as the reader takes it. */
export function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

/** A part of the log, read piece by piece while the reader takes it. Rejects where even its first piece cannot be read. */
export async function openLog(journal: Journal, part: LogPart): Promise<ReadableStream<Uint8Array>> {
  const pieces = readPart(journal, part);
  const first = await pieces.next();
  return streamOf(resume(first, pieces));
}

/** A failure is told here, because whoever reads sees only that the stream broke off. */
async function* resume(
  first: IteratorResult<Uint8Array>,
  pieces: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (!first.done) yield first.value;
    yield* pieces;
  } catch (error) {
    logBackgroundFailure("readLog", error);
    throw error;
  }
}
