import type { EventForm } from "./event-subscriber.ts";
import type { Encoder, Frames } from "./frames.ts";
import { formatOffset, OFFSET_LENGTH } from "../journal/offset.ts";
import { takeLines } from "../journal/taken-lines.ts";

/**
 * The form of a stream as server-sent events (agent-tasks 6.1): per frame `event` where it is not the default one, `id`,
 * `data` on one line, in this order. An entry's frame holds its bytes as they are stored.
 */

export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

const encoder = new TextEncoder();
const NEWLINE = 0x0a;

/** `event` is left out where it is the default one, `id` where the frame is no place to go on from. */
function controlFrame(event: string, data: object, id?: string): Uint8Array {
  return encoder.encode(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
}

/** Sent when nothing else was for a while, so that the connection is seen to be alive. */
const KEEPALIVE = controlFrame("keepalive", { type: "keepalive" });

/** The last frame of a stream that is through. */
const STREAM_END = controlFrame("stream-end", { status: "complete" });

/** The last frame of a connection that has lasted long enough; its id is where to go on, also for who got nothing yet. */
function rotatedFrame(cursor: number): Uint8Array {
  return controlFrame("end", { type: "rotated" }, formatOffset(cursor - 1));
}

/** The last frame when the server failed: the client connects again after a while. */
const STREAM_ERROR = controlFrame("error", { error: "Stream error" });

/** The last frame of a connection whose key or token is good no more. */
const ACCESS_ENDED = controlFrame("error", { error: "Access ended" });

/** The last frame for a reader whose offset is unknown or trimmed; its id is where reading can begin anew. */
function resyncFrame(head: number): Uint8Array {
  return controlFrame("end", { type: "resync" }, formatOffset(head - 1));
}

/** What stands before an entry, and behind it and its line end one more. */
const framing = (seq: number) => encoder.encode(`id: ${formatOffset(seq)}\ndata: `);
const FRAMING_BYTES = `id: \ndata: \n`.length + OFFSET_LENGTH;
const LAST_DIGIT_AT = "id: ".length + OFFSET_LENGTH - 1;
const [ZERO, NINE] = [0x30, 0x39];

/** Counts the offset of a framing up in place, which costs a tenth of writing it anew. */
function countUp(front: Uint8Array): void {
  let at = LAST_DIGIT_AT;
  while (front[at] === NINE) front[at--] = ZERO;
  front[at] = (front[at] ?? ZERO) + 1;
}

/** Entries as frames of server-sent events. */
export const encodeEvents: Encoder<Uint8Array> = (segments, maxBytes, readTo) => {
  const { lines, ...taken } = takeLines(segments, maxBytes, { framing: FRAMING_BYTES, next: readTo });
  const body = new Uint8Array(taken.size);
  let at = 0;
  let next = lines[0]?.seq ?? 0;
  let front = framing(next);
  for (const { seq, body: row, start, end } of lines) {
    if (seq !== next) front = framing(seq);
    body.set(front, at);
    at += front.length;
    body.set(row.subarray(start, end), at);
    at += end - start;
    body[at++] = NEWLINE;
    countUp(front);
    next = seq + 1;
  }
  return { ...taken, body };
};

/** The whole form (agent-tasks 6.1): each entry has its id, so that nothing else tells where a reader is. */
export function taskEvents(frames: Frames<Uint8Array>): EventForm {
  return {
    frames,
    keepalive: () => KEEPALIVE,
    end: () => STREAM_END,
    rotated: rotatedFrame,
    resync: resyncFrame,
    accessEnded: ACCESS_ENDED,
    failed: STREAM_ERROR,
  };
}
