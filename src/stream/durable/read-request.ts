import { z } from "zod";
import { streamPass } from "../../objects/pass.ts";
import type { StreamStart } from "../journal/journal-view.ts";
import { parseOffset } from "../journal/offset.ts";

/** What the Worker asks of an object for a reader that speaks the protocol (5.4 to 5.8), and whom it has let in. */
export const durableRead = z.object({
  /** The metadata alone (HEAD). */
  isHead: z.boolean(),
  start: z.discriminatedUnion("at", [
    z.object({ at: z.literal(["start", "latest", "unknown"]) }),
    z.object({ at: z.literal("after"), seq: z.int() }),
  ]),
  live: z.literal(["long-poll", "sse"]).optional(),
  /** The cursor that the client sends back. */
  cursor: z.string().optional(),
  ifNoneMatch: z.string().optional(),
  /** What let the reader in: the connection ends with it. */
  pass: streamPass,
  /** How long a long poll waits. */
  waitSeconds: z.int(),
  /** When a connection of server-sent events is told that it is alive, and when it ends. */
  keepaliveSeconds: z.int(),
  rotateSeconds: z.int(),
  /** Readers that the stream may have at the same time. */
  maxReaders: z.int(),
});

export type DurableRead = z.output<typeof durableRead>;

/** Where `offset` begins: `-1` and none at the beginning, `now` at the tail; undefined for a text that is no offset. */
export function readStart(offset: string | undefined): StreamStart | undefined {
  if (offset === undefined || offset === "-1") return { at: "start" };
  if (offset === "now") return { at: "latest" };
  const seq = parseOffset(offset);
  return seq === undefined ? undefined : { at: "after", seq };
}
