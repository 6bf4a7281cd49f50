import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { v7 as uuid } from "uuid";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callConfigured } from "../../configured.ts";
import { EventClient, type EventFrame, inTime } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { makeTimersDue } from "../log/archived-run.ts";
import { createRunClient, expectNotFound, loseObject, objectOf, read, type RunClient } from "../run-client.ts";

const STREAM_END = 'event: stream-end\ndata: {"status":"complete"}\n\n';
const KEEPALIVE = 'event: keepalive\ndata: {"type":"keepalive"}\n\n';
const ROTATED = 'event: end\nid: 0000000000000001\ndata: {"type":"rotated"}\n\n';

const pathOf = ({ taskId, runId }: RunClient) => `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream`;

interface Connection {
  /** The id to go on after. */
  after?: string | undefined;
  query?: string;
  headers?: Record<string, string>;
}

function request(client: RunClient, { after, query = "", headers = {} }: Connection = {}): [string, RequestInit] {
  const resumed = after === undefined ? {} : { "Last-Event-ID": after };
  return [
    `${pathOf(client)}${query}`,
    { headers: { Authorization: `Bearer ${client.adminKey}`, ...resumed, ...headers } },
  ];
}

async function connect(client: RunClient, connection?: Connection): Promise<EventClient> {
  return new EventClient(await call(...request(client, connection)));
}

/** What stands in the frames of log entries. */
const logsOf = (frames: EventFrame[]) =>
  frames.map(({ data }) => data).filter((data) => !data.includes("task_run_state"));

/** Sends events as the run's sandbox does. */
async function sendEvents(client: RunClient, ...lines: object[]): Promise<void> {
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const headers = { Authorization: `Bearer ${client.adminKey}`, "Content-Type": "application/x-ndjson" };
  await read(call(pathOf(client).replace(/stream$/, "event_stream"), { method: "POST", headers, body }));
}
const eventOf = (seq: number) => ({ seq, event: { event: seq } });
const completeAt = (final_seq: number) => ({ type: "_posthog/stream_complete", final_seq });

describe("a run's stream", () => {
  test("sends what was and what comes, byte for byte, and ends with the run", async () => {
    const client = await createRunClient();
    await client.appendText('{"entries": [{"z": 1.0, "a": "\\u00e9 \u{1F600}", "z": 1e5}, {}]}');
    const response = await call(...request(client, { headers: { Accept: "text/event-stream" } }));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    const stream = new EventClient(response);
    const [state, ...entries] = await stream.take(3);
    expect(state?.text).toMatch(
      /^id: 0000000000000001\ndata: \{"type":"task_run_state",.*"status":"not_started".*\}\n\n$/,
    );
    expect(entries.map(({ text }) => text)).toEqual([
      'id: 0000000000000002\ndata: {"z": 1.0, "a": "\\u00e9 \u{1F600}", "z": 1e5}\n\n',
      "id: 0000000000000003\ndata: {}\n\n",
    ]);
    await client.append({ live: true });
    expect(await stream.take(1)).toMatchObject([{ id: "0000000000000004", data: '{"live":true}' }]);
    await client.patch({ status: "completed" });
    const [last, end, ...more] = await stream.rest();
    expect(last?.data).toContain('"status":"completed"');
    expect(end?.text).toBe(STREAM_END);
    expect(more).toEqual([]);
  });

  test("of a run that has ended is its states and the end, also for who wants only what is new", async () => {
    const client = await createRunClient();
    await client.patch({ status: "failed" });
    const texts = async (connection?: Connection) =>
      (await (await connect(client, connection)).rest()).map(({ text }) => text);
    const all = await texts();
    expect(all).toHaveLength(3);
    expect(all.at(-1)).toBe(STREAM_END);
    expect(await texts({ query: "?start=latest" })).toEqual(all.slice(1));
    expect(await texts({ after: "0000000000000002" })).toEqual([STREAM_END]);
  });

  test("goes on after the last id, whatever else the client asks for", async () => {
    const client = await createRunClient();
    await client.append({ n: 1 }, { n: 2 }, { n: 3 });
    const first = await connect(client);
    await first.take(2);
    await first.leave();
    const resumed = await connect(client, { after: first.lastId, query: "?start=latest&offset=0000000000000001" });
    expect(logsOf(await resumed.take(2))).toEqual(['{"n":2}', '{"n":3}']);
    const byQuery = await connect(client, { query: `?offset=${first.lastId}` });
    expect(logsOf(await byQuery.take(2))).toEqual(['{"n":2}', '{"n":3}']);
  });

  test("leaves out what was there for start=latest, unless there was nothing yet", async () => {
    const client = await createRunClient();
    const early = await connect(client, { query: "?start=latest" });
    await client.append({ n: 1 });
    expect(logsOf(await early.take(2))).toEqual(['{"n":1}']);
    const late = await connect(client, { query: "?start=latest" });
    await client.append({ n: 2 });
    expect(logsOf(await late.take(1))).toEqual(['{"n":2}']);
  });

  test("tells a client with an unknown offset to begin anew, and from where", async () => {
    const client = await createRunClient();
    for (const after of ["1700000000000-0", "0000000000000002", "log-7"]) {
      const stream = await connect(client, { after });
      expect((await stream.rest()).map(({ text }) => text)).toEqual([
        'event: end\nid: 0000000000000000\ndata: {"type":"resync"}\n\n',
      ]);
      expect(await (await connect(client, { after: stream.lastId })).take(1)).toMatchObject([
        { id: "0000000000000001" },
      ]);
    }
  });

  test("tells the same when what follows the offset was trimmed", async () => {
    const client = await createRunClient();
    await client.append({ n: 1 });
    await client.append({ n: 2 });
    await runInDurableObject(objectOf(client.runId), (_, { storage }) => {
      storage.sql.exec("DELETE FROM journal WHERE first_seq < 3");
    });
    const stream = await connect(client, { after: "0000000000000001" });
    expect(await stream.rest()).toMatchObject([{ event: "end", id: "0000000000000002", data: '{"type":"resync"}' }]);
    expect(logsOf(await (await connect(client, { after: stream.lastId })).take(1))).toEqual(['{"n":2}']);
  });

  test("shows log entries until the agent's first event: from there on they are copies", async () => {
    const client = await createRunClient();
    await client.append({ log: 1 });
    const early = await connect(client);
    await early.take(2);
    await sendEvents(client, eventOf(1), eventOf(2), completeAt(2));
    await client.append({ log: 2 });
    await client.patch({ status: "completed" });
    const shown = ['{"event":1}', '{"event":2}', '{"status":"complete"}'];
    expect(logsOf(await early.rest())).toEqual(shown);
    expect(logsOf(await (await connect(client)).rest())).toEqual(['{"log":1}', ...shown]);
  });

  test("waits after the run's end for the last events of its agent", async () => {
    const client = await createRunClient();
    await sendEvents(client, eventOf(1));
    const stream = await connect(client);
    await stream.take(2);
    await client.patch({ status: "completed" });
    expect((await stream.take(1))[0]?.data).toContain('"status":"completed"');
    await sendEvents(client, eventOf(2), completeAt(2));
    expect((await stream.rest()).map(({ data }) => data)).toEqual(['{"event":2}', '{"status":"complete"}']);
  });

  test("waits a minute for them at most, also when the object was lost meanwhile", async () => {
    const client = await createRunClient();
    await sendEvents(client, eventOf(1));
    const stream = await connect(client);
    await client.patch({ status: "completed" });
    await stream.take(3);
    await makeTimersDue(client);
    await runDurableObjectAlarm(objectOf(client.runId));
    expect((await stream.rest()).map(({ text }) => text)).toEqual([STREAM_END]);

    const other = await createRunClient();
    await sendEvents(other, eventOf(1));
    await other.patch({ status: "completed" });
    await loseObject(other.runId);
    await runDurableObjectAlarm(objectOf(other.runId));
    expect((await (await connect(other)).rest()).at(-1)?.text).toBe(STREAM_END);
  });

  test("shows what comes after the end to who opens it then, though others have been at its end", async () => {
    const client = await createRunClient();
    await client.patch({ status: "completed" });
    expect((await (await connect(client)).rest()).at(-1)?.text).toBe(STREAM_END);
    await client.append({ late: true });
    const frames = await (await connect(client)).rest();
    expect(frames.slice(2).map(({ data }) => data)).toEqual(['{"late":true}', '{"status":"complete"}']);
  });

  test("is there for any Accept, and HEAD holds no reader", async () => {
    const client = await createRunClient();
    const [path, init] = request(client);
    const head = await call(path, { ...init, method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    await new EventClient(await callConfigured({ RUN_STREAM_MAX_READERS: "1" }, path, init)).take(1);
    for (const Accept of ["*/*", "application/json", "text/html;q=0.1"]) {
      await (await connect(client, { headers: { Accept } })).take(1);
    }
  });

  test("says after a while that it is alive, and later that the client shall connect again", async () => {
    const client = await createRunClient();
    const settings = { RUN_STREAM_KEEPALIVE_SECONDS: "1", RUN_STREAM_ROTATE_SECONDS: "2" };
    const stream = new EventClient(await callConfigured(settings, ...request(client)));
    const [, keepalive, ...rest] = await stream.rest();
    expect(keepalive?.text).toBe(KEEPALIVE);
    expect(rest.map(({ text }) => text)).toEqual([ROTATED]);
  });

  test("takes so many readers, and then asks others to come later", async () => {
    const client = await createRunClient();
    const open = () => callConfigured({ RUN_STREAM_MAX_READERS: "2" }, ...request(client));
    const streams = [new EventClient(await open()), new EventClient(await open())];
    const refused = await open();
    expect(refused.status).toBe(503);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThanOrEqual(15);
    expect(wait).toBeLessThanOrEqual(45);
    expect(await refused.json()).toEqual({ error: "This run has as many readers as it may have." });
    await Promise.all(streams.map((stream) => stream.leave()));
    let again = await open();
    // Who went away is noticed when something is written to it.
    for (let n = 0; n < 20 && again.status === 503; n += 1) {
      await client.append({ n });
      again = await open();
    }
    expect(await new EventClient(again).take(1)).toMatchObject([{ id: "0000000000000001" }]);
  });

  test("of an unknown run, or of another organization's, is 404 and stores nothing", async () => {
    const [client, stranger] = [await createRunClient(), await createRunClient()];
    await expectNotFound(call(pathOf(client), { headers: { Authorization: `Bearer ${stranger.adminKey}` } }));
    const runId = uuid();
    await expectNotFound(call(...request({ ...client, runId })));
    await runInDurableObject(objectOf(runId), (_, { storage }) => {
      expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray()).toEqual([]);
    });
  });

  test("lets the object go when nobody listens any more", async () => {
    const client = await createRunClient();
    const settings = { RUN_STREAM_KEEPALIVE_SECONDS: "1" };
    const stream = new EventClient(await callConfigured(settings, ...request(client)));
    await client.append({ n: 1 });
    // The run's state and the entry; on a slow machine keepalives come between.
    while (stream.lastId !== "0000000000000002") await stream.take(1);
    await stream.leave();
    await inTime(evictDurableObject(objectOf(client.runId)), "the eviction");
    await client.append({ n: 2 });
    expect(logsOf(await (await connect(client, { after: stream.lastId })).take(1))).toEqual(['{"n":2}']);
  });

  test("gives each reader each entry once and in order, whatever is interrupted", async () => {
    const readers = 3;
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("append"), count: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("state") }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose") }) },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constantFrom("connect", "leave", "read"), reader: fc.nat(readers - 1) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 25 }), async (steps) => {
        const client = await createRunClient();
        const seen = Array.from({ length: readers }, (): EventFrame[] => []);
        const streams: (EventClient | undefined)[] = [];
        const lastId = (reader: number) => seen[reader]?.at(-1)?.id;
        let [appended, total] = [0, 1];
        for (const { kind, count = 1, reader = 0 } of steps as { kind: string; count?: number; reader?: number }[]) {
          const stream = streams[reader];
          if (kind === "append") {
            await client.append(...Array.from({ length: count }, () => ({ n: (appended += 1) })));
            total += count;
          } else if (kind === "state") {
            await client.patch({ stage: `${total}` });
            total += 1;
          } else if (kind === "lose") {
            streams.length = 0;
            await loseObject(client.runId);
          } else if (kind === "connect") {
            // A second connection of the same reader takes the place of the first.
            streams[reader] = await connect(client, { after: lastId(reader) });
          } else if (kind === "leave") {
            streams[reader] = undefined;
            await stream?.leave();
          } else if (stream && Number(lastId(reader) ?? 0) < total) {
            seen[reader]?.push(...(await stream.take(1)));
          }
        }
        await client.patch({ status: "completed" });
        for (const [reader, frames] of seen.entries()) {
          frames.push(...(await (await connect(client, { after: lastId(reader) })).rest()));
          expect(frames.pop()?.text).toBe(STREAM_END);
          expect(frames.map(({ id }) => Number(id))).toEqual(
            Array.from({ length: total + 1 }, (_, index) => index + 1),
          );
          expect(logsOf(frames)).toEqual(Array.from({ length: appended }, (_, index) => `{"n":${index + 1}}`));
          expect(frames.map(({ text }) => text)).toEqual(seen[0]?.map(({ text }) => text));
        }
      }),
      { numRuns: 12 },
    );
  });
});

const tokenOf = async (client: RunClient) => (await read<{ token: string }>(client.onRun("/stream_token"))).token;
const byHeader = (client: RunClient, token: string, path = pathOf(client)) =>
  call(path, { headers: { Authorization: `Bearer ${token}` } });

describe("a stream token", () => {
  test("opens its run's stream in place of a key, in the header or in the query", async () => {
    const client = await createRunClient();
    const token = await tokenOf(client);
    const { id: number } = await read<{ id: number }>(client.send("/api/projects/@current/"));
    const byNumber = pathOf(client).replace("@current", String(number));
    for (const response of [
      await byHeader(client, token),
      await byHeader(client, token, byNumber),
      await call(`${pathOf(client)}?stream_token=${token}`),
    ]) {
      expect(await new EventClient(response).take(1)).toMatchObject([{ id: "0000000000000001" }]);
    }
  });

  test("opens no other run's stream, and nothing else of its own run", async () => {
    const [client, other] = [await createRunClient(), await createRunClient()];
    const token = await tokenOf(client);
    const refused = [
      byHeader(other, token),
      call(`${pathOf(other)}?stream_token=${token}`),
      byHeader(client, token, pathOf(client).replace(client.taskId, other.taskId)),
      byHeader(client, token, pathOf(client).replace("@current", "999999")),
      byHeader(client, token, pathOf(client).replace("/stream", "/logs")),
      call(`${pathOf(client).replace("/stream", "/logs")}?stream_token=${token}`),
      byHeader(client, `${token.slice(0, -4)}AAAA`),
      call(`${pathOf(client)}?stream_token=${client.adminKey}`),
    ];
    for (const response of await Promise.all(refused)) expect(response.status).toBe(401);
  });
});
