import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type LogSweepResult, sweepRunLogs } from "../../../src/runs/log/log-retention.ts";
import worker from "../../../src/worker.ts";
import { EventClient } from "../../stream/event-client.ts";
import { archive, bucketOf, journalKeys, openSocket, readSocket, runAlarm } from "./archived-run.ts";
import { createRunClient, loseObject, objectOf, openJournal, read, type RunClient } from "../run-client.ts";

const DAY = 24 * 3600 * 1000;
const HOUR = 3600 * 1000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the cron trigger does with logs, `after` milliseconds from now. */
const sweep = (after: number, settings: object = {}): Promise<LogSweepResult> =>
  sweepRunLogs({ ...env, ...settings }, new Date(Date.now() + after));

/** Whether D1 still has the run among those whose logs are kept. */
const isKept = async ({ runId }: RunClient) =>
  (await env.DB.prepare("SELECT 1 FROM kept_run_logs WHERE run_id = ?").bind(runId).all()).results.length > 0;

async function endedRun(): Promise<RunClient> {
  const client = await createRunClient();
  await client.append({ n: 1 }, { n: 2 });
  await client.patch({ status: "completed", output: { answer: 42 } });
  return client;
}

const framesOf = async (client: RunClient, query = "") =>
  (await new EventClient(await client.onRun(`/stream${query}`)).rest()).map(({ event, id, data }) => [event, id, data]);

/** Expects that nothing is left of a run's log but how it ended, whose entry has this number. */
async function expectDropped(client: RunClient, seq: number): Promise<void> {
  const id = `000000000000000${seq}`;
  expect(await client.logs()).toBe("");
  const page = await client.onRun("/session_logs");
  expect([await page.json(), page.headers.get("X-Total-Count")]).toEqual([[], "0"]);
  const [state, end, ...others] = await framesOf(client);
  expect([state?.[1], end, others]).toEqual([id, ["stream-end", undefined, '{"status":"complete"}'], []]);
  expect(state?.[2]).toContain('"status":"completed"');
  const before = `000000000000000${seq - 1}`;
  expect(await framesOf(client, "?offset=0000000000000001")).toEqual([["end", before, '{"type":"resync"}']]);
  expect(await framesOf(client, `?offset=${id}`)).toEqual([end]);
  const { messages, code } = await readSocket(await openSocket(client, "?offset=0000000000000001"));
  expect([messages, code]).toEqual([[`{"type":"resync","offset":"${before}"}`], 4000]);
  expect(await journalKeys(client)).toEqual([]);
  expect(await isKept(client)).toBe(false);
  expect(await client.readRun()).toMatchObject({ status: "completed", output: { answer: 42 } });
}

describe("the log of a run that has ended", () => {
  test("is kept for as long as configured, and dropped then, archived or not", async () => {
    const [hot, archived, running] = [await endedRun(), await endedRun(), await createRunClient()];
    await running.append({ n: 1 });
    await archive(archived);
    expect(await sweep(30 * DAY - HOUR)).toEqual({ dropped: 0, failed: 0 });
    expect(await sweep(400 * DAY, { RUN_LOG_RETENTION_DAYS: "0" })).toEqual({ dropped: 0, failed: 0 });
    expect(await sweep(30 * DAY - HOUR, { RUN_LOG_RETENTION_DAYS: "365" })).toEqual({ dropped: 0, failed: 0 });
    const scheduledTime = new Date(Date.now() + 30 * DAY + HOUR);
    await worker.scheduled(createScheduledController({ scheduledTime }), env);
    for (const client of [hot, archived]) {
      await expectDropped(client, 4);
      await loseObject(client.runId);
      await expectDropped(client, 4);
    }
    expect(await running.logs()).toBe('{"n":1}\n');
    expect(await sweep(400 * DAY)).toEqual({ dropped: 0, failed: 0 });
  });

  test("is dropped with what came late, and so is what comes after that", async () => {
    const client = await endedRun();
    await archive(client);
    await client.append({ late: true });
    expect(await sweep(31 * DAY)).toEqual({ dropped: 1, failed: 0 });
    await expectDropped(client, 6);
    await client.append({ later: true });
    expect(await client.logs()).toBe('{"later":true}\n');
    await runAlarm(client);
    await expectDropped(client, 8);
  });

  test("that is dropped while it is read begins anew for who reads it live", async () => {
    const client = await endedRun();
    await client.append({ text: "x".repeat(1_000_000) }, { text: "y".repeat(1_000_000) });
    await archive(client);
    const stream = new EventClient(await client.onRun("/stream"));
    await stream.take(1);
    expect(await sweep(31 * DAY)).toMatchObject({ dropped: 1 });
    expect((await stream.rest()).at(-1)).toMatchObject({ event: "end", data: '{"type":"resync"}' });
  });

  test("that cannot be dropped does not keep others, and is tried again after an hour", async () => {
    const [broken, other] = [await endedRun(), await endedRun()];
    for (const client of [broken, other]) await archive(client);
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const bucket = await bucketOf(broken);
    const original = bucket.delete.bind(bucket);
    const away = vi.spyOn(bucket, "delete").mockImplementation(async (keys) => {
      if (String(keys).includes(broken.runId)) throw new Error("R2 is down");
      await original(keys);
    });
    expect(await sweep(31 * DAY)).toEqual({ dropped: 1, failed: 1 });
    await expectDropped(other, 4);
    expect(errors.mock.calls.join()).toContain("R2 is down");
    // Whoever reads sees that it is gone already; the rest is deleted later.
    expect(await broken.logs()).toBe("");
    expect(await journalKeys(broken)).toHaveLength(1);
    away.mockRestore();
    expect(await sweep(31 * DAY)).toEqual({ dropped: 0, failed: 0 });
    expect(await sweep(31 * DAY + 2 * HOUR)).toEqual({ dropped: 1, failed: 0 });
    await expectDropped(broken, 4);
  });

  test("leaves how the run is now, also where that changes while an alarm is at work", async () => {
    const client = await endedRun();
    expect(await sweep(31 * DAY)).toEqual({ dropped: 1, failed: 0 });
    vi.spyOn(console, "error").mockReturnValue();
    const d1 = await runInDurableObject(objectOf(client.runId), (run): D1Database => Reflect.get(run, "env").DB);
    const setOutput = (answer: number) =>
      read(client.onRun("/set_output/", { method: "PATCH", json: { output: { answer } } }));
    const batch = vi.spyOn(d1, "batch").mockRejectedValueOnce(new Error("D1 is down"));
    await setOutput(1);
    await runInDurableObject(objectOf(client.runId), (_, { storage }) => {
      storage.sql.exec("UPDATE timers SET due = CASE name WHEN 'project' THEN 1 ELSE 2 END");
    });
    const [called, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    batch.mockImplementationOnce(async () => {
      called.resolve();
      await held.promise;
      return [];
    });
    const alarm = runAlarm(client);
    await called.promise;
    await setOutput(2);
    held.resolve();
    await alarm;
    expect((await framesOf(client))[0]?.[2]).toContain('"output":{"answer":2}');
  });

  test("is dropped once, however often that is asked", async () => {
    const client = await endedRun();
    await archive(client);
    const { id: projectNumber } = await read<{ id: number }>(client.send("/api/projects/@current/"));
    const scope = { organizationId: client.id, projectNumber, taskId: client.taskId };
    for (let times = 0; times < 3; times += 1) {
      expect(await objectOf(client.runId).dropLog(scope)).toEqual({ ok: true });
    }
    const look = await runInDurableObject(objectOf(client.runId), (_, { storage }) => {
      const { head, tail } = openJournal(storage);
      return { head, tail };
    });
    expect(look).toEqual({ head: 4, tail: 4 });
  });
});

describe("the sweep of logs", () => {
  test("finds what is due by an index", async () => {
    const { results } = await env.DB.prepare(
      `EXPLAIN QUERY PLAN SELECT k.run_id FROM kept_run_logs k JOIN agent_runs r ON r.id = k.run_id
       WHERE k.since < 1 ORDER BY k.since LIMIT 200`,
    ).all<{ detail: string }>();
    const plan = results.map(({ detail }) => detail).join("\n");
    expect(plan).toContain("kept_run_logs_since");
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  });
});
