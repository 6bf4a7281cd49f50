import type { Segment } from "../journal/journal.ts";
import { takeLines } from "../journal/taken-lines.ts";
import type { EventForm } from "../transport/event-subscriber.ts";
import type { Encoder, Frames } from "../transport/frames.ts";
import { formatOffset } from "../journal/offset.ts";
import { nextCursor } from "./live-cursor.ts";
import type { MediaKind } from "./protocol.ts";

/** Entries as the protocol sends them: in the body of an answer, and as server-sent events (5.8, 7.1). */

const encoder = new TextEncoder();
const [LINE_FEED, CARRIAGE_RETURN, SPACE, COMMA] = [0x0a, 0x0d, 0x20, 0x2c];
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d];

/** Messages of JSON as one array. */
const encodeJson: Encoder<Uint8Array> = (segments, maxBytes, readTo) => {
  const { lines, ...taken } = takeLines(segments, maxBytes, { framing: 0, next: readTo });
  // A comma stands for each line end but the last, which the closing bracket takes.
  const body = new Uint8Array(taken.size + 1);
  body[0] = OPEN_LIST;
  let at = 1;
  for (const { body: row, start, end } of lines) {
    body.set(row.subarray(start, end - 1), at);
    at += end - start;
    body[at - 1] = COMMA;
  }
  body[at - 1] = CLOSE_LIST;
  return { ...taken, body };
};

/** Entries without lines, one after the other. */
const encodeBytes: Encoder<Uint8Array> = (segments, maxBytes, readTo) => {
  let [size, count] = [0, 0];
  for (; count < segments.length && size < maxBytes; count += 1) size += segments[count]?.body.length ?? 0;
  const rest: Segment[] = segments.slice(count);
  return { body: concatenate(segments.slice(0, count)), size, next: rest[0]?.first ?? readTo, rest };
};

function concatenate(segments: readonly Segment[]): Uint8Array {
  const joined = new Uint8Array(segments.reduce((sum, { body }) => sum + body.length, 0));
  let at = 0;
  for (const { body } of segments) {
    joined.set(body, at);
    at += body.length;
  }
  return joined;
}

/** The body of an answer. */
export function bodyEncoder(kind: MediaKind): Encoder<Uint8Array> {
  return kind === "json" ? encodeJson : encodeBytes;
}

/** A `data` event of each frame, whose control event follows it. */
export function eventEncoder(kind: MediaKind): Encoder<Uint8Array> {
  const encode = bodyEncoder(kind);
  return (...asked) => {
    const { body, ...taken } = encode(...asked);
    const data = kind === "bytes" ? encoder.encode(body.toBase64()) : body;
    const event = dataEvent(data);
    return { ...taken, size: event.length, body: event };
  };
}

const EVENT_NAME = encoder.encode("event: data\n");
const DATA = encoder.encode("data:");

/** Bytes as an event: whatever ends a line for a client begins another `data:` here, so that nothing in them is read as a field. */
function dataEvent(data: Uint8Array): Uint8Array {
  const lines = [...cutLines(data)];
  const size = lines.reduce((sum, line) => sum + DATA.length + fillerOf(line) + line.length + 1, EVENT_NAME.length + 1);
  const event = new Uint8Array(size);
  event.set(EVENT_NAME);
  let at = EVENT_NAME.length;
  for (const line of lines) {
    event.set(DATA, at);
    at += DATA.length;
    // Clients take one space after the colon for nothing: a line that begins with one needs another.
    if (fillerOf(line) > 0) event[at++] = SPACE;
    event.set(line, at);
    at += line.length;
    event[at++] = LINE_FEED;
  }
  event[at] = LINE_FEED;
  return event;
}

function fillerOf(line: Uint8Array): number {
  return line[0] === SPACE ? 1 : 0;
}

/** What lies between line ends of any kind. */
function* cutLines(data: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let at = 0; at < data.length; at += 1) {
    const byte = data[at];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    yield data.subarray(start, at);
    if (byte === CARRIAGE_RETURN && data[at + 1] === LINE_FEED) at += 1;
    start = at + 1;
  }
  yield data.subarray(start);
}

function controlEvent(control: object): Uint8Array {
  return encoder.encode(`event: control\ndata:${JSON.stringify(control)}\n\n`);
}

/** The form of a client that has sent `cursor`, by frames that all clients share. */
export function durableEvents(frames: Frames<Uint8Array>, cursor: string | undefined): EventForm {
  const place = (next: number, isAll: boolean) =>
    controlEvent({
      streamNextOffset: formatOffset(next - 1),
      streamCursor: nextCursor(cursor),
      ...(isAll && { upToDate: true }),
    });
  return {
    frames,
    place,
    keepalive: (next) => place(next, true),
    end: (next) => controlEvent({ streamNextOffset: formatOffset(next - 1), streamClosed: true }),
    // The client comes again by itself, at the offset that it was told last, and is answered what has become of it.
    rotated: () => undefined,
    resync: () => undefined,
    accessEnded: undefined,
    failed: undefined,
  };
}
