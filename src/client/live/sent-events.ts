import { open } from "../call.ts";
import { isRecord } from "../errors.ts";
import type { Taskyard } from "../taskyard.ts";
import { type LiveEvent, type LiveTarget, type Start, startQuery } from "./live-target.ts";
import { pollOnce } from "./polled-events.ts";

/** Milliseconds without a byte after which a connection counts as broken: the server sends something every 20 seconds. */
const SILENCE_MS = 60_000;

/** Reads a stream by server-sent events until the connection ends (docs/live-streams.md, "Server-sent events"). */
export async function* sentEvents(
  client: Taskyard,
  target: LiveTarget,
  start: Start,
  signal?: AbortSignal,
): AsyncGenerator<LiveEvent, void, undefined> {
  const { path, values, query } = target;
  let at: Start | undefined = start;
  // Events that break before their first id leave no place to come back to, which only the beginning does not need.
  if (start.isLatest && start.offset === undefined) at = yield* pollOnce(client, target, start, signal);
  if (at === undefined) return;
  const silence = new AbortController();
  const abort = () => silence.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await open(client, "GET", path, {
      path: values,
      query: { ...query, ...startQuery(at) },
      headers: { accept: "text/event-stream" },
      signal: silence.signal,
      retries: 0,
    });
    const frames = new Frames();
    for await (const text of readText(response)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      yield { type: "open" };
      yield* frames.take(text);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    silence.abort();
  }
}

async function* readText(response: Response): AsyncGenerator<string, void, undefined> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Cuts what comes into frames, and puts entries that came together into one event. */
class Frames {
  #text = "";

  *take(text: string): Generator<LiveEvent, void, undefined> {
    this.#text += text;
    const end = this.#text.lastIndexOf("\n\n");
    if (end === -1) return;
    const frames = this.#text.slice(0, end).split("\n\n");
    this.#text = this.#text.slice(end + 2);
    let entries: unknown[] = [];
    let offset: string | undefined;
    for (const frame of frames) {
      const { event, id, data } = readFrame(frame);
      if (event === "") {
        entries.push(JSON.parse(data));
        offset = id;
        continue;
      }
      if (entries.length > 0) yield { type: "entries", entries, offset };
      entries = [];
      const told = toLiveEvent(event, id, data);
      if (told) yield told;
    }
    if (entries.length > 0) yield { type: "entries", entries, offset };
  }
}

interface SentFrame {
  event: string;
  id: string | undefined;
  data: string;
}

function readFrame(text: string): SentFrame {
  const frame: SentFrame = { event: "", id: undefined, data: "" };
  for (const line of text.split("\n")) {
    if (line.startsWith("data: ")) frame.data = line.slice(6);
    else if (line.startsWith("id: ")) frame.id = line.slice(4);
    else if (line.startsWith("event: ")) frame.event = line.slice(7);
  }
  return frame;
}

/** What a frame with an event's name means; undefined where it is nothing but a sign of life, or the connection ends anyway. */
function toLiveEvent(event: string, id: string | undefined, data: string): LiveEvent | undefined {
  if (event === "stream-end") return { type: "end" };
  if (event !== "end") return undefined;
  const said: unknown = JSON.parse(data);
  if (isRecord(said) && said["type"] === "resync" && id !== undefined) return { type: "resync", offset: id };
  return { type: "rotated" };
}
