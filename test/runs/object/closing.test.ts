import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EventClient } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import {
  createRunClient,
  objectOf,
  openJournal,
  parseLines,
  read,
  type RunClient,
  type WireRun,
} from "../run-client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

interface Closing {
  /** The entry at which the journal was closed. */
  closedAt: number | undefined;
  tail: number;
  /** The numbers of the entries that tell of the run's changes. */
  states: number[];
  /** Milliseconds until the alarm. */
  alarmIn: number | undefined;
}

function look({ runId }: RunClient): Promise<Closing> {
  return runInDurableObject(objectOf(runId), async (_, { storage }) => {
    const journal = openJournal(storage);
    const rows = storage.sql.exec<{ seq: number }>("SELECT seq FROM journal_end").toArray();
    expect(rows.length).toBe(journal.isClosed ? 1 : 0);
    const { segments } = await journal.read(1, { tags: ["state"], maxBytes: 1_000_000 });
    const alarm = await storage.getAlarm();
    return {
      closedAt: rows[0]?.seq,
      tail: journal.tail,
      states: segments.map(({ first }) => first),
      alarmIn: alarm === null ? undefined : alarm - Date.now(),
    };
  });
}

const sendEvents = ({ taskId, runId, adminKey }: RunClient, ...lines: object[]) =>
  call(`/api/projects/@current/tasks/${taskId}/runs/${runId}/event_stream`, {
    method: "POST",
    headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/x-ndjson" },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });

/** Changes the run, also after its end. */
const setOutput = ({ onRun }: RunClient) =>
  read<WireRun>(onRun("/set_output", { method: "PATCH", json: { output: { late: true } } }));

describe("a run's journal", () => {
  test.each(["completed", "failed", "cancelled"])("is closed by the entry that tells of %s, once", async (status) => {
    const client = await createRunClient();
    await client.append({ a: 1 });
    expect(await look(client)).toMatchObject({ closedAt: undefined, states: [1] });
    await client.patch({ status });
    expect(await look(client)).toMatchObject({ closedAt: 3, tail: 3, states: [1, 3] });
    await client.patch({ status: "failed" });
    await setOutput(client);
    await client.append({ late: true });
    expect(await look(client)).toMatchObject({ closedAt: 3, tail: 5 });
  });

  test("is closed from the beginning where the run was over then", async () => {
    expect(await look(await createRunClient({ run: { status: "failed" } }))).toMatchObject({ closedAt: 1, tail: 1 });
  });

  test("is closed with the run's end or neither is", async () => {
    const client = await createRunClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const rename = (from: string, to: string) =>
      runInDurableObject(objectOf(client.runId), (_, { storage }) => {
        storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    await rename("journal_end", "away");
    expect((await client.onRun("/", { method: "PATCH", json: { status: "completed" } })).status).toBe(500);
    expect(errors).toHaveBeenCalled();
    await rename("away", "journal_end");
    expect(await client.readRun()).toMatchObject({ status: "not_started", completed_at: null });
    expect(await look(client)).toMatchObject({ closedAt: undefined, states: [1] });
    await client.patch({ status: "completed" });
    expect(await look(client)).toMatchObject({ closedAt: 2, states: [1, 2] });
  });

  test("loses no entry that was acknowledged while it was closed", async () => {
    const client = await createRunClient();
    const appended = Array.from({ length: 30 }, (_, n) => client.append({ n }));
    await Promise.all([...appended.slice(0, 15), client.patch({ status: "completed" }), ...appended.slice(15)]);
    const logged = parseLines(await client.logs()).map(({ n }) => Number(n));
    expect(logged.sort((a, b) => a - b)).toEqual([...appended.keys()]);
    const { closedAt, tail, states } = await look(client);
    expect(closedAt).toBe(states[1]);
    expect(tail).toBe(32);
  });

  test("shows what came after its end to who reads later", async () => {
    const client = await createRunClient();
    await client.patch({ status: "completed" });
    await client.append({ late: true });
    const stream = new EventClient(await client.onRun("/stream"));
    expect((await stream.rest()).map(({ data }) => data).slice(2)).toEqual(['{"late":true}', '{"status":"complete"}']);
  });

  test("waits for the last of the events, and is closed by it", async () => {
    const client = await createRunClient();
    expect((await sendEvents(client, { seq: 1, event: {} })).status).toBe(200);
    await client.patch({ status: "completed" });
    const waiting = await look(client);
    expect(waiting).toMatchObject({ closedAt: undefined, tail: 3 });
    expect(waiting.alarmIn).toBeGreaterThan(50_000);
    expect(waiting.alarmIn).toBeLessThanOrEqual(60_000);
    await setOutput(client);
    expect((await sendEvents(client, { seq: 2, event: {} })).status).toBe(200);
    expect(await look(client)).toMatchObject({ closedAt: undefined, tail: 5 });
    const last = { type: "_posthog/stream_complete", final_seq: 2 };
    expect((await sendEvents(client, last)).status).toBe(200);
    expect(await look(client)).toMatchObject({ closedAt: 5, tail: 5 });
  });

  test("is closed by its alarm when they never come, once, though the clock went back; events still come in", async () => {
    const client = await createRunClient();
    await sendEvents(client, { seq: 1, event: {} });
    await client.patch({ status: "completed" });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
    expect(await runDurableObjectAlarm(objectOf(client.runId))).toBe(true);
    vi.restoreAllMocks();
    expect(await look(client)).toMatchObject({ closedAt: 3 });
    expect((await sendEvents(client, { seq: 2, event: {} })).status).toBe(200);
    await runInDurableObject(objectOf(client.runId), (run) => run.alarm());
    expect(await look(client)).toMatchObject({ closedAt: 3, tail: 4 });
  });
});
