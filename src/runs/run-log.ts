import type { Journal } from "../stream/journal.ts";

/** The tag of what append_log brought. */
export const LOG_TAG = "log";

/** Bytes read from the journal at a time: what one reader of the log holds in memory. */
const CHUNK_BYTES = 256_000;

/** The log as it stands now, read piece by piece while the reader takes it. */
export function openLog(journal: Journal): ReadableStream<Uint8Array> {
  const to = journal.tail;
  let from = 1;
  return new ReadableStream({
    type: "bytes",
    pull(controller: ReadableByteStreamController) {
      while (from <= to) {
        const { segments, next } = journal.read(from, { tags: [LOG_TAG], maxBytes: CHUNK_BYTES, to });
        from = next;
        for (const { body } of segments) controller.enqueue(body);
        if (segments.length > 0) return;
      }
      controller.close();
    },
  });
}
