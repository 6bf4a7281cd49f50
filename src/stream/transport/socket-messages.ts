import { z } from "zod";
import type { Encoder } from "./frames.ts";
import { formatOffset, parseOffset } from "../journal/offset.ts";
import { joinEntries, takeLines } from "../journal/taken-lines.ts";

/** The messages of a stream over WebSocket: JSON texts, both ways. */

/** Why the server closes a connection. */
export const CLOSE_CODES = {
  /** The stream is through. */
  complete: 1000,
  /** The server failed: connect again after a while. */
  failed: 1011,
  /** The client's offset is unknown, or what follows it is gone: a `resync` message has said where to begin anew. */
  resync: 4000,
  /** The client sent what is no message of this protocol. */
  malformed: 4001,
  /** The client has not acknowledged anything for too long: connect again at the last offset. */
  unacknowledged: 4002,
  /** The key or token that opened the connection is good no more: connect again with another one. */
  accessEnded: 4004,
} as const;

/** What clients send to see that the connection is alive, and what they get; the object sleeps on. */
export const [PING, PONG] = ["ping", "pong"];

export const STREAM_END_MESSAGE = JSON.stringify({ type: "stream-end", status: "complete" });

export function resyncMessage(head: number): string {
  return JSON.stringify({ type: "resync", offset: formatOffset(head - 1) });
}

/** Entries as one message, each as it is stored; `offset` is where to go on. */
export const encodeMessage: Encoder<string> = (segments, maxBytes, readTo) => {
  // The comma takes the place of the line end.
  const { lines, ...taken } = takeLines(segments, maxBytes, { framing: 0, next: readTo });
  return { ...taken, body: entriesMessage(taken.next, joinEntries(lines)) };
};

/** Where a client stands that has got nothing yet: entries, of which there are none. */
export function placeMessage(cursor: number): string {
  return entriesMessage(cursor, "");
}

function entriesMessage(next: number, entries: string): string {
  return `{"type":"entries","offset":"${formatOffset(next - 1)}","entries":[${entries}]}`;
}

/** Characters of a message of a client at most: an acknowledgement has 45. */
const MESSAGE_MAX_LENGTH = 256;

const ack = z.object({ type: z.literal("ack"), offset: z.string().transform((text) => parseOffset(text)) });

/** The entry up to which a client has everything, as its message says; undefined for what is no such message. */
export function readAck(message: string | ArrayBuffer): number | undefined {
  if (typeof message !== "string" || message.length > MESSAGE_MAX_LENGTH) return undefined;
  try {
    return ack.parse(JSON.parse(message)).offset;
  } catch {
    return undefined;
  }
}
