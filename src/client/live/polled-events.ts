import { call } from "../call.ts";
import type { Taskyard } from "../taskyard.ts";
import { type LiveEvent, type LiveTarget, type Start, startQuery } from "./live-target.ts";

/** An answer of a long poll. */
interface Polled {
  entries: unknown[];
  next: string;
  closed: boolean;
  resync?: boolean;
}

/** Reads a stream by asking again and again (docs/live-streams.md, "Long poll"). */
export async function* polledEvents(
  client: Taskyard,
  target: LiveTarget,
  start: Start,
  signal?: AbortSignal,
): AsyncGenerator<LiveEvent, void, undefined> {
  let at: Start | undefined = start;
  while (at !== undefined) at = yield* pollOnce(client, target, at, signal);
}

/** Asks once, waiting for something new up to 20 seconds; returns where to go on, undefined where nothing follows there. */
export async function* pollOnce(
  client: Taskyard,
  { path, values, query }: LiveTarget,
  start: Start,
  signal?: AbortSignal,
): AsyncGenerator<LiveEvent, Start | undefined, undefined> {
  const polled: Polled = await call(client, "GET", path, {
    path: values,
    query: { ...query, ...startQuery(start), mode: "long-poll" },
    signal,
    retries: 0,
  });
  yield { type: "open" };
  if (polled.resync) {
    yield { type: "resync", offset: polled.next };
    return undefined;
  }
  yield { type: "entries", entries: polled.entries, offset: polled.next };
  if (!polled.closed) return { offset: polled.next, isLatest: false };
  yield { type: "end" };
  return undefined;
}
