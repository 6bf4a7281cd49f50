import type { Journal } from "../stream/journal.ts";

/** The tags of what append_log and event_stream brought. */
export const LOG_TAG = "log";
export const EVENT_TAG = "event";

/** The tag of the entries that are a run's log: its agent's events, where nobody wrote one. */
export function logTag(journal: Journal): string {
  return journal.total(LOG_TAG).entries > 0 ? LOG_TAG : EVENT_TAG;
}

/** Bytes read from the journal at a time: what one reader of the log holds in memory. */
const CHUNK_BYTES = 256_000;

/** The log as it stands now, read piece by piece while the reader takes it. */
export function openLog(journal: Journal): ReadableStream<Uint8Array> {
  const [tag, to] = [logTag(journal), journal.tail];
  let from = 1;
  return new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      while (from <= to) {
        const { segments, next } = await journal.read(from, { tags: [tag], maxBytes: CHUNK_BYTES, to });
        from = next;
        for (const { body } of segments) controller.enqueue(body);
        if (segments.length > 0) return;
      }
      controller.close();
    },
  });
}
