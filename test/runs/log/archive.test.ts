import { Buffer } from "node:buffer";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EventClient, inTime } from "../../stream/event-client.ts";
import {
  archive,
  bucketOf,
  entriesOf,
  journalKeys,
  lookAtArchive,
  makeTimersDue,
  openSocket,
  postponeTimers,
  runAlarm,
  readEverything,
  readSocket,
} from "./archived-run.ts";
import { createRunClient, loseObject, objectOf, read, type RunClient, textOf, type WireRun } from "../run-client.ts";
import { eventually } from "../../eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const entryOf = (n: number, text = "é\u{1F600}\uFEFF") => ({
  n,
  notification: { method: n % 2 === 0 ? "even" : "odd" },
  text,
});

/** A run that has ended, of which `bytes` were logged, in rows of any size. */
async function endedRun(bytes: number, fields: object = {}): Promise<RunClient> {
  const client = await createRunClient({ run: fields });
  let n = 0;
  for (let left = bytes; left > 0;) {
    const size = n % 7 === 0 ? 300_000 : 20_000;
    const entries = Array.from({ length: n % 3 === 0 ? 3 : 1 }, () => entryOf((n += 1), "x".repeat(size)));
    await client.append(...entries, entryOf((n += 1)));
    left -= entries.length * size;
    if (n % 5 === 0) await client.patch({ stage: `after ${n}` });
  }
  await client.patch({ status: "completed" });
  return client;
}

/** Holds the calls of the bucket, when they have done their work, until they are let go. */
async function hold(client: RunClient, method: "put" | "get" | "head") {
  const state = { calls: 0, isReleased: false };
  const bucket: Record<"put" | "get" | "head", (...args: never[]) => Promise<unknown>> = await bucketOf(client);
  const original = bucket[method].bind(bucket);
  vi.spyOn(bucket, method).mockImplementation(async (...args) => {
    const answer = await original(...args);
    state.calls += 1;
    // Looked at again and again, since the runtime ties a promise to the request that made it.
    while (!state.isReleased) await scheduler.wait(1);
    return answer;
  });
  return {
    began: async () => {
      await expect.poll(() => state.calls).toBeGreaterThan(0);
    },
    release: () => (state.isReleased = true),
    calls: () => state.calls,
  };
}

describe("a run whose journal is archived", () => {
  test("reads the same before, while it is moved, and after, in every way", async () => {
    const client = await endedRun(1_500_000);
    const logged = await client.logs();
    await archive(client);
    expect(await client.logs()).toBe(logged);
    await client.append(entryOf(1000, "y".repeat(300_000)), entryOf(1001));
    await client.append(entryOf(1002));
    const before = await readEverything(client);
    const put = await hold(client, "put");
    const alarm = runAlarm(client);
    await put.began();
    expect(await readEverything(client)).toEqual(before);
    put.release();
    await alarm;
    expect(await readEverything(client)).toEqual(before);
    const { volumes, hot, stray } = await lookAtArchive(client);
    expect([await journalKeys(client), hot, stray]).toEqual([volumes, 0, 0]);
    expect(volumes).toHaveLength(2);
    await loseObject(client.runId);
    expect(await readEverything(client)).toEqual(before);
  });

  test("loses nothing when the object is lost at any call of the bucket, and its alarm comes again, and again", async () => {
    const client = await endedRun(100_000);
    const before = await readEverything(client);
    for (const method of ["put", "head"] as const) {
      const held = await hold(client, method);
      const alarm = runAlarm(client).catch(() => "lost");
      await held.began();
      await loseObject(client.runId);
      await postponeTimers(client);
      held.release();
      await alarm;
      vi.restoreAllMocks();
      expect(await readEverything(client)).toEqual(before);
    }
    await archive(client);
    await runInDurableObject(objectOf(client.runId), async (run) => {
      await Promise.all([run.alarm(), run.alarm()]);
      await run.alarm();
    });
    const { volumes, hot, stray } = await lookAtArchive(client);
    expect([volumes.length, hot, stray]).toEqual([1, 0, 0]);
    expect(await journalKeys(client)).toEqual(volumes);
    expect(await readEverything(client)).toEqual(before);
  });

  test("tries again later when R2 is down, and serves meanwhile", async () => {
    const client = await endedRun(100_000);
    const before = await readEverything(client);
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const bucket = await bucketOf(client);
    const put = vi.spyOn(bucket, "put").mockRejectedValue(new Error("R2 is down"));
    await makeTimersDue(client);
    await runDurableObjectAlarm(objectOf(client.runId));
    expect(errors.mock.calls.join()).toContain("R2 is down");
    expect(await readEverything(client)).toEqual(before);
    const wait = await runInDurableObject(objectOf(client.runId), async (_, { storage }) => await storage.getAlarm());
    expect((wait ?? 0) - Date.now()).toBeGreaterThan(2000);
    put.mockRestore();
    await archive(client);
    expect(await readEverything(client)).toEqual(before);
  });

  test("takes what comes late, and archives that as well", async () => {
    const client = await endedRun(50_000);
    await archive(client);
    await client.append({ late: 1 });
    await client.append({ late: 2 });
    expect((await lookAtArchive(client)).hot).toBe(2);
    const before = await readEverything(client);
    expect(before["logs"]).toMatch(/\{"late":1\}\n\{"late":2\}\n$/);
    await archive(client);
    expect((await lookAtArchive(client)).volumes).toHaveLength(2);
    expect(await readEverything(client)).toEqual(before);
  });

  test("goes on being read where it was, though it is archived and the object lost in between", async () => {
    const client = await endedRun(3_000_000);
    const all = await readEverything(client);
    let stream = new EventClient(await client.onRun("/stream"));
    const seen = (await stream.take(20)).map(({ text }) => text);
    await archive(client);
    seen.push(...(await stream.take(20)).map(({ text }) => text));
    await loseObject(client.runId);
    stream = new EventClient(await client.onRun("/stream", { headers: { "Last-Event-ID": stream.lastId ?? "" } }));
    seen.push(...(await stream.rest()).map(({ text }) => text));
    expect(seen).toEqual(all["events"]);
  });

  test("sends each entry once over WebSocket, whatever is acknowledged while it is fetched", async () => {
    const client = await endedRun(2_000_000);
    await archive(client);
    const expected = entriesOf((await readSocket(await openSocket(client))).messages);
    await loseObject(client.runId);
    const get = await hold(client, "get");
    const sockets = await Promise.all([openSocket(client), openSocket(client)]);
    const reading = sockets.map((socket) => readSocket(socket, 3));
    await get.began();
    for (const socket of sockets) {
      for (let n = 0; n < 5; n += 1) socket.send('{"type":"ack","offset":"0000000000000000"}');
    }
    // Answered after them: the acknowledgements have arrived.
    await client.readRun();
    expect(get.calls()).toBe(1);
    get.release();
    for (const { messages, code } of await Promise.all(reading)) {
      expect(entriesOf(messages)).toEqual(expected);
      expect(code).toBe(1000);
    }
  });

  test("goes on over WebSocket where a client was that held it up, though the object slept and the archive came", async () => {
    const client = await endedRun(1_500_000);
    const expected = entriesOf((await readSocket(await openSocket(client))).messages);
    const socket = await openSocket(client);
    const messages: string[] = [];
    let isAcking = false;
    const acknowledge = () =>
      socket.send(JSON.stringify({ type: "ack", offset: JSON.parse(messages.at(-1) ?? "").offset }));
    socket.addEventListener("message", ({ data }) => {
      messages.push(String(data));
      if (isAcking && JSON.parse(String(data)).type === "entries") acknowledge();
    });
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    socket.accept();
    await eventually(() => expect(messages.length).toBeGreaterThan(0));
    await archive(client);
    await inTime(evictDurableObject(objectOf(client.runId)), "the eviction");
    expect(entriesOf(messages).length).toBeLessThan(expected.length);
    isAcking = true;
    acknowledge();
    expect(await inTime(closed, "the close")).toBe(1000);
    expect(entriesOf(messages)).toEqual(expected);
  });

  test("says so when an object is gone, in every way, and keeps serving others", async () => {
    const [client, other] = [await endedRun(100_000), await endedRun(1000)];
    await archive(client);
    await archive(other);
    const errors = vi.spyOn(console, "error").mockReturnValue();
    await (await bucketOf(client)).delete(await journalKeys(client));
    for (const path of [
      "/logs",
      "/session_logs",
      "/session_logs?event_types=even",
      "/stream?mode=long-poll&offset=0000000000000000",
    ]) {
      expect((await client.onRun(path)).status, path).toBe(500);
    }
    const frames = await new EventClient(await client.onRun("/stream")).rest();
    expect(frames.map(({ text }) => text)).toEqual(['event: error\ndata: {"error":"Stream error"}\n\n']);
    expect(await readSocket(await openSocket(client))).toEqual({ messages: [], code: 1011 });
    expect(errors.mock.calls.join()).toContain("is not in the bucket");
    expect((await other.onRun("/logs")).status).toBe(200);
  });
});

/** A run that resumes two others, and the text of its log. */
async function resumedRun() {
  const client = await endedRun(400_000);
  const resume = async (from: string, n: number) => {
    const state = { resume_from_run_id: from };
    const { id } = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json: { state } }), 201);
    await read(client.send(`/${client.taskId}/runs/${id}/append_log/`, { json: { entries: [{ n }, { n: "é" }] } }));
    return id;
  };
  const last = await resume(await resume(client.runId, 1), 2);
  const path = `/${client.taskId}/runs/${last}`;
  return { client, path, text: await textOf(client.send(`${path}/logs`)) };
}

describe("logs in parts", () => {
  test("are what a model says, hot and archived, over several runs", async () => {
    const { client, path, text } = await resumedRun();
    const bytes = new TextEncoder().encode(text);
    const place = fc.oneof(
      fc.nat(bytes.length + 10),
      fc.nat(20),
      fc.integer({ min: bytes.length - 60, max: bytes.length + 5 }),
    );
    const range = fc.oneof(
      fc.record({ first: place, last: fc.option(place, { nil: undefined }) }),
      fc.record({ first: fc.constant(undefined), last: place }),
    );
    const check = fc.asyncProperty(range, async ({ first, last }) => {
      const answer = await client.send(`${path}/logs`, { headers: { Range: `bytes=${first ?? ""}-${last ?? ""}` } });
      const start = first ?? Math.max(bytes.length - (last ?? 0), 0);
      const end = first === undefined || last === undefined ? bytes.length : Math.min(last + 1, bytes.length);
      const body = new Uint8Array(await answer.arrayBuffer());
      const isReversed = first !== undefined && last !== undefined && last < first;
      const isBeyond = start >= bytes.length;
      const [status, contentRange, expected] = isReversed
        ? [200, null, bytes]
        : isBeyond
          ? [416, `bytes */${bytes.length}`, body]
          : [206, `bytes ${start}-${end - 1}/${bytes.length}`, bytes.subarray(start, end)];
      expect([answer.status, answer.headers.get("Content-Range")]).toEqual([status, contentRange]);
      expect(Buffer.from(body).equals(expected)).toBe(true);
      expect(isBeyond || answer.headers.get("Content-Length") === String(expected.length)).toBe(true);
    });
    await fc.assert(check, { numRuns: 25 });
    await archive(client);
    await fc.assert(check, { numRuns: 25 });
  });

  test("are read from where they begin: no object before it is asked for", async () => {
    const client = await endedRun(500_000);
    await archive(client);
    await client.append(entryOf(1000, "z".repeat(1000)));
    await archive(client);
    await loseObject(client.runId);
    const get = vi.spyOn(await bucketOf(client), "get");
    const size = Number((await client.onRun("/logs", { method: "HEAD" })).headers.get("Content-Length"));
    expect(get).not.toHaveBeenCalled();
    for (const range of ["-900", `${size - 50}-`]) {
      await textOf(client.onRun("/logs", { headers: { Range: `bytes=${range}` } }));
    }
    const asked = get.mock.calls.map(([key]) => key);
    expect(new Set(asked)).toEqual(new Set([(await lookAtArchive(client)).volumes.at(-1)]));
    expect(asked).toHaveLength(2);
  });

  test("have a tag that changes as they grow, and conditions by it", async () => {
    const client = await createRunClient();
    await client.append({ n: 1 });
    const ask = (headers: Record<string, string> = {}) => client.onRun("/logs", { headers });
    const tag = (await ask()).headers.get("ETag") ?? "";
    expect(tag).toMatch(/^"[\w-]+"$/);
    expect((await ask({ "If-None-Match": tag })).status).toBe(304);
    expect((await ask({ Range: "bytes=0-1", "If-Range": tag })).status).toBe(206);
    await client.patch({ stage: "no log" });
    expect((await ask()).headers.get("ETag")).toBe(tag);
    await client.append({ n: 2 });
    expect((await ask()).headers.get("ETag")).not.toBe(tag);
    expect((await ask({ "If-None-Match": tag })).status).toBe(200);
    const later = new Date(Date.now() + 60_000).toUTCString();
    expect((await ask({ "If-Modified-Since": later })).status).toBe(200);
    expect((await ask({ Range: "bytes=0-1", "If-Range": later })).status).toBe(200);
    const whole = await ask({ Range: "bytes=0-1", "If-Range": tag });
    expect([whole.status, await textOf(whole)]).toEqual([200, '{"n":1}\n{"n":2}\n']);
    const head = await client.onRun("/logs", { method: "HEAD" });
    expect([head.headers.get("Content-Length"), head.headers.get("Accept-Ranges"), await textOf(head)]).toEqual([
      "16",
      "bytes",
      "",
    ]);
  });

  test("follow a log that grows, by asking for what is new", async () => {
    const client = await createRunClient();
    let seen = "";
    for (let n = 0; n < 5; n += 1) {
      await client.append({ n });
      seen += await textOf(client.onRun("/logs", { headers: { Range: `bytes=${seen.length}-` } }));
    }
    expect(seen).toBe(await client.logs());
    expect((await client.onRun("/logs", { headers: { Range: `bytes=${seen.length}-` } })).status).toBe(416);
  });
});
