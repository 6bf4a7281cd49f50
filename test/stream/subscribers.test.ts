import { afterEach, describe, expect, test, vi } from "vitest";
import type { Segment } from "../../src/stream/journal/journal.ts";
import { WRITE_DEADLINE_SECONDS } from "../../src/stream/transport/event-subscriber.ts";
import { SocketReaders } from "../../src/stream/transport/socket-readers.ts";
import { Subscribers } from "../../src/stream/transport/subscribers.ts";
import type { StreamView, Tail } from "../../src/stream/journal/journal-view.ts";
import { EventClient } from "./event-client.ts";
import { eventually } from "../eventually.ts";

const encoder = new TextEncoder();
const NO_SOCKETS = { acceptWebSocket() {}, getWebSockets: () => [], setWebSocketAutoResponse() {} };
const RULES = { keepaliveSeconds: 20, rotateSeconds: 900 };
const START = { at: "start" } as const;

/** A journal in memory, a row per append, which counts what is read. */
class ListView implements StreamView {
  readonly rows: { first: number; lines: string[] }[] = [];
  /** The sequence numbers that were read from. */
  readonly reads: number[] = [];
  ended = false;
  trimmedTo = 0;

  append(...lines: string[]): void {
    this.rows.push({ first: this.tail().seq + 1, lines });
  }

  tail(): Tail {
    const last = this.rows.at(-1);
    return { seq: last ? last.first + last.lines.length - 1 : 0, ended: this.ended };
  }

  head(): number {
    return this.trimmedTo + 1;
  }

  part(): undefined {
    return undefined;
  }

  latest(): number {
    return this.tail().seq + 1;
  }

  read(from: number, to: number, maxBytes: number): { segments: Segment[]; next: number } {
    this.reads.push(from);
    const segments: Segment[] = [];
    let size = 0;
    for (const { first, lines } of this.rows) {
      if (first + lines.length <= from || first > to) continue;
      if (size >= maxBytes) return { segments, next: first };
      const left = lines.slice(Math.max(from - first, 0));
      const body = encoder.encode(left.map((line) => `${line}\n`).join(""));
      segments.push({ first: Math.max(from, first), count: left.length, tag: "a", body });
      size += body.length;
    }
    return { segments, next: to + 1 };
  }
}

function openHub(commit: () => Promise<void> = () => Promise.resolve()) {
  const view = new ListView();
  const failures: unknown[] = [];
  const fail = (error: unknown) => failures.push(error);
  const hub = new Subscribers(view, new SocketReaders(NO_SOCKETS, view, fail), commit, fail);
  const open = (start: Parameters<typeof hub.openEvents>[0] = START, rules = RULES) =>
    new EventClient(hub.openEvents(start, rules, {}));
  const append = (...lines: string[]) => {
    view.append(...lines);
    hub.wake();
  };
  return { view, hub, open, append, failures };
}

const restOf = async (client: EventClient) => (await client.rest()).map(({ event, data }) => event ?? data);
const dataOf = async (client: EventClient, count: number) => (await client.take(count)).map(({ data }) => data);

/** Lets so many of the hub's seconds pass; between them clients and connections come to their turn. */
async function passSeconds(hub: Subscribers, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await scheduler.wait(0);
    hub.grow();
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("subscribers", () => {
  test("see nothing before it is durable, and everything after", async () => {
    let gate = Promise.withResolvers<void>();
    const { open, append } = openHub(() => gate.promise);
    append("1");
    const client = open();
    const first = client.next();
    await scheduler.wait(60);
    append("2");
    const early = await Promise.race([first, scheduler.wait(60).then(() => "nothing")]);
    expect(early).toBe("nothing");
    gate.resolve();
    expect((await first)?.data).toBe("1");
    expect(await dataOf(client, 1)).toEqual(["2"]);
    gate = Promise.withResolvers();
    append("3");
    gate.resolve();
    expect(await dataOf(client, 1)).toEqual(["3"]);
  });

  test("are dropped when what was written cannot be made durable", async () => {
    const error = new Error("disk");
    const disk = { isBroken: false };
    const { open, append, hub, failures } = openHub(async () => {
      if (disk.isBroken) throw error;
    });
    append("1");
    const client = open();
    await client.take(1);
    disk.isBroken = true;
    append("2");
    await expect(client.rest()).rejects.toThrow("dropped");
    expect(failures).toEqual([error]);
    await eventually(() => expect(hub.size).toBe(0));
  });

  test("are told of a failure to read, as clients know it", async () => {
    const { open, append, view, failures } = openHub();
    const client = open();
    vi.spyOn(view, "read").mockImplementation(() => {
      throw new Error("broken");
    });
    append("1");
    expect((await client.rest()).map(({ text }) => text)).toEqual(['event: error\ndata: {"error":"Stream error"}\n\n']);
    await eventually(() => expect(failures).toEqual([new Error("broken")]));
  });

  test("at the same place share what is read, and a burst is few frames", async () => {
    const { open, append, view } = openHub();
    append("0");
    const clients = Array.from({ length: 20 }, () => open());
    for (const client of clients) await client.take(1);
    view.reads.length = 0;
    for (let n = 1; n <= 100; n += 1) append(String(n));
    for (const client of clients)
      expect(await dataOf(client, 100)).toEqual(Array.from({ length: 100 }, (_, n) => `${n + 1}`));
    expect(view.reads.length).toBeLessThanOrEqual(3);
  });

  test("read a row once, however many frames it makes, unless it has to be fetched again for too many others", async () => {
    const { open, append, view } = openHub();
    const lines = Array.from({ length: 100 }, (_, n) => `${n} ${"x".repeat(10_000)}`);
    append(...lines);
    const [first, second] = [open(), open()];
    expect(await dataOf(first, 100)).toEqual(lines);
    expect(await dataOf(second, 100)).toEqual(lines);
    expect(view.reads.length).toBeLessThanOrEqual(2);
    const others = Array.from({ length: 12 }, () => open());
    for (const [index, client] of others.entries()) await client.take(8 * index + 1);
    for (const [index, client] of others.entries()) {
      expect(await dataOf(client, 99 - 8 * index)).toEqual(lines.slice(8 * index + 1));
    }
  });

  test("that are slow hold one frame, do not hold up others, and get everything in the end", async () => {
    const { open, append, view } = openHub();
    const slow = open();
    const fast = [open(), open()];
    const rows = Array.from({ length: 60 }, (_, row) =>
      Array.from({ length: 10 }, (_, n) => `${row}.${n} ${"x".repeat(10_000)}`),
    );
    for (const row of rows) {
      append(...row);
      for (const client of fast) expect(await dataOf(client, 10)).toEqual(row);
    }
    view.reads.length = 0;
    expect(await dataOf(slow, 600)).toEqual(rows.flat());
    // 6 MB in frames of a quarter megabyte: it had not read ahead while it did not take anything.
    expect(view.reads.length).toBeGreaterThan(15);
  });

  test("get entries of any size, and many small ones, whole", async () => {
    const { open, append } = openHub();
    const lines = ["", ...Array.from({ length: 30_000 }, (_, n) => String(n)), "y".repeat(1_899_999), "z"];
    append(...lines);
    expect(await dataOf(open(), lines.length)).toEqual(lines);
  });

  test("are not told that this is all while a late entry is on its way to them", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { open, append, view } = openHub(() => gates.shift()?.promise ?? Promise.resolve());
    const [first, second] = gates;
    view.ended = true;
    append("1");
    const early = open();
    // The round that takes the journal's end for all there is has begun by now, and the entry comes before it is through.
    await Promise.resolve();
    append("2");
    first?.resolve();
    await scheduler.wait(0);
    const later = open({ at: "after", seq: 1 });
    second?.resolve();
    expect(await restOf(later)).toEqual(["2", "stream-end"]);
    expect(await restOf(early)).toEqual(["1", "2", "stream-end"]);
  });

  test("who attach between an append and its round get it once", async () => {
    const { open, append } = openHub();
    append("1");
    const first = open();
    append("2");
    const second = open();
    append("3");
    for (const client of [first, second, open()]) expect(await dataOf(client, 3)).toEqual(["1", "2", "3"]);
  });
});

describe("a connection", () => {
  test("has a keepalive after so much silence, and is rotated in the end", async () => {
    const { open, append, hub } = openHub();
    append("1");
    const client = open();
    await client.take(1);
    await passSeconds(hub, 19);
    append("2");
    expect(await dataOf(client, 1)).toEqual(["2"]);
    await passSeconds(hub, 20);
    expect((await client.next())?.text).toBe('event: keepalive\ndata: {"type":"keepalive"}\n\n');
    const rest = client.rest();
    await passSeconds(hub, 900);
    expect((await rest).at(-1)?.text).toBe('event: end\nid: 0000000000000002\ndata: {"type":"rotated"}\n\n');
    await eventually(() => expect(hub.size).toBe(0));
  });

  test("that takes nothing for too long is dropped, and its memory with it", async () => {
    const { open, append, hub } = openHub();
    open();
    append("1");
    await scheduler.wait(60);
    await passSeconds(hub, WRITE_DEADLINE_SECONDS - 2);
    expect(hub.size).toBe(1);
    await passSeconds(hub, 2);
    await eventually(() => expect(hub.size).toBe(0));
  });

  test("ends with the stream, after its last entry", async () => {
    const { open, append, view, hub } = openHub();
    const client = open();
    view.ended = true;
    append("last");
    expect((await client.rest()).map(({ data }) => data)).toEqual(["last", '{"status":"complete"}']);
    expect(await dataOf(open({ at: "after", seq: 1 }), 1)).toEqual(['{"status":"complete"}']);
    await eventually(() => expect(hub.size).toBe(0));
  });

  test("that lags is not sent what is gone, though others were a moment ago", async () => {
    const { open, append, view } = openHub();
    const rows = Array.from({ length: 15 }, (_, row) => `${row} ${"x".repeat(100_000)}`);
    const [slow, fast] = [open(), open()];
    append(...rows);
    await slow.take(1);
    expect(await dataOf(fast, 15)).toEqual(rows);
    view.trimmedTo = 15;
    const frames = await slow.rest();
    expect(frames.at(-1)?.text).toBe('event: end\nid: 0000000000000015\ndata: {"type":"resync"}\n\n');
    expect(frames.length).toBeLessThan(5);
  });

  test("whose entries are trimmed while it lags is told where to begin anew", async () => {
    const { open, append, view } = openHub();
    const rows = Array.from({ length: 20 }, (_, row) => `${row} ${"x".repeat(100_000)}`);
    for (const row of rows) append(row);
    const client = open();
    await client.take(1);
    view.trimmedTo = 15;
    const frames = await client.rest();
    expect(frames.at(-1)?.text).toBe('event: end\nid: 0000000000000015\ndata: {"type":"resync"}\n\n');
    expect(frames.slice(0, -1).map(({ data }) => data)).toEqual(rows.slice(1, frames.length));
  });
});
