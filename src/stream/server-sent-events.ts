import type { Encoder } from "./frames.ts";
import type { Segment } from "./journal.ts";
import { formatOffset, OFFSET_LENGTH } from "./offset.ts";

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
export const KEEPALIVE = controlFrame("keepalive", { type: "keepalive" });

/** The last frame of a stream that is through. */
export const STREAM_END = controlFrame("stream-end", { status: "complete" });

/** The last frame of a connection that has lasted long enough: the client connects again at its last id. */
export const ROTATED = controlFrame("end", { type: "rotated" });

/** The last frame when the server failed: the client connects again after a while. */
export const STREAM_ERROR = controlFrame("error", { error: "Stream error" });

/** The last frame for a reader whose offset is unknown or trimmed; its id is where reading can begin anew. */
export function resyncFrame(head: number): Uint8Array {
  return controlFrame("end", { type: "resync" }, formatOffset(head - 1));
}

/** What stands before and behind an entry with its line end. */
const framing = (seq: number) => `id: ${formatOffset(seq)}\ndata: `;
const FRAMING_BYTES = `id: \ndata: \n`.length + OFFSET_LENGTH;

/** Where the entries lie that are taken: sequence number, body, and from where to where in it, line end included. */
type Taken = [seq: number, body: Uint8Array, start: number, end: number];

function takeLines(segments: readonly Segment[], maxBytes: number): { taken: Taken[]; size: number } {
  const taken: Taken[] = [];
  let size = 0;
  for (const { first, count, body } of segments) {
    let start = 0;
    for (let seq = first; seq < first + count; seq += 1) {
      if (size >= maxBytes) return { taken, size };
      const end = body.indexOf(NEWLINE, start) + 1;
      taken.push([seq, body, start, end]);
      size += end - start + FRAMING_BYTES;
      start = end;
    }
  }
  return { taken, size };
}

/** Entries as frames of server-sent events. */
export const encodeEvents: Encoder = (segments, maxBytes) => {
  const { taken, size } = takeLines(segments, maxBytes);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const [seq, body, start, end] of taken) {
    at += encoder.encodeInto(framing(seq), bytes.subarray(at)).written;
    bytes.set(body.subarray(start, end), at);
    at += end - start;
    bytes[at++] = NEWLINE;
  }
  const last = segments.at(-1);
  const [lastTaken = 0] = taken.at(-1) ?? [];
  const isAll = last === undefined || lastTaken === last.first + last.count - 1;
  return { bytes, next: isAll ? undefined : lastTaken + 1 };
};
