import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openRun } from "../../../src/runs/access/run-handle.ts";
import { Journal } from "../../../src/stream/journal/journal.ts";
import {
  createRunClient,
  objectOf,
  parseLines,
  read,
  type RunClient,
  type WirePage,
  type WireRun,
} from "../run-client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The row that lists show of the client's run. */
async function listed({ send, taskId }: RunClient): Promise<WireRun | undefined> {
  const { results } = await read<WirePage<WireRun>>(send(`/${taskId}/runs/`));
  return results[0];
}

function stateEntries(runId: string): Promise<Record<string, unknown>[]> {
  return runInDurableObject(objectOf(runId), async (_, { storage }) => {
    const { segments } = await new Journal(storage.sql).read(1, { tags: ["state"], maxBytes: 1_000_000 });
    return parseLines(segments.map(({ body }) => new TextDecoder().decode(body)).join(""));
  });
}

const withTableAway = async <T>(
  execute: (statement: string) => Promise<unknown>,
  table: string,
  work: () => Promise<T>,
) => {
  await execute(`ALTER TABLE ${table} RENAME TO ${table}_away`);
  try {
    return await work();
  } finally {
    await execute(`ALTER TABLE ${table}_away RENAME TO ${table}`);
  }
};

const inD1 = (statement: string) => env.DB.exec(statement);
const inObjectOf = (runId: string) => (statement: string) =>
  runInDurableObject(objectOf(runId), (_, { storage }) => void storage.sql.exec(statement));

describe("a change of a run", () => {
  test("is in the journal with what clients of the stream read", async () => {
    const { patch, runId, taskId } = await createRunClient();
    const run = await patch({ status: "completed", stage: "end", output: { a: 1 }, branch: "b", error_message: "e" });
    const entries = await stateEntries(runId);
    expect(entries).toHaveLength(2);
    expect(entries[1]).toEqual({
      type: "task_run_state",
      run_id: runId,
      task_id: taskId,
      status: "completed",
      stage: "end",
      output: { a: 1 },
      branch: "b",
      error_message: "e",
      updated_at: run.updated_at.replace("Z", "+00:00"),
      completed_at: run.completed_at?.replace("Z", "+00:00"),
    });
    expect(entries[0]).toMatchObject({ status: "not_started", completed_at: null });
  });

  test("commits together with its entry, or not at all: a fault is 5xx, so that clients send it again", async () => {
    const { onRun, readRun, runId, patch, logs } = await createRunClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    await withTableAway(inObjectOf(runId), "journal", async () => {
      expect((await onRun("/", { method: "PATCH", json: { status: "in_progress" } })).status).toBe(500);
      expect((await onRun("/append_log/", { json: { entries: [{}] } })).status).toBe(500);
    });
    expect(errors).toHaveBeenCalled();
    expect(await readRun()).toMatchObject({ status: "not_started" });
    expect(await patch({ status: "queued" })).toMatchObject({ status: "queued" });
    expect(await logs()).toBe("");
    expect(await stateEntries(runId)).toHaveLength(2);
  });

  test("makes updated_at later when the clock goes back, also after the object was away", async () => {
    const { patch, runId } = await createRunClient();
    const now = Date.now();
    const clock = vi.spyOn(Date, "now");
    const times: string[] = [];
    for (const offset of [0, -3_600_000, -3_600_000]) {
      clock.mockReturnValue(now + offset);
      times.push((await patch({ stage: `${offset}` })).updated_at);
      await evictDurableObject(objectOf(runId));
    }
    clock.mockReturnValue(now - 7_200_000);
    const ended = await patch({ status: "failed" });
    expect(ended.completed_at).toBe(ended.updated_at);
    times.push(ended.updated_at);
    expect(times).toEqual([...new Set(times)].sort());
  });

  test("outlives the object", async () => {
    const { patch, readRun, append, logs, runId } = await createRunClient();
    const changed = await patch({ state: { a: 1 }, status: "in_progress" });
    await append({ a: 1 });
    await evictDurableObject(objectOf(runId));
    expect({ ...(await readRun()), log_url: "" }).toEqual({ ...changed, log_url: "" });
    await append({ b: 2 });
    expect(await logs()).toBe('{"a":1}\n{"b":2}\n');
  });
});

describe("the row in D1", () => {
  test("shows each change when its answer comes, and the task's last activity", async () => {
    const client = await createRunClient();
    expect(await runInDurableObject(objectOf(client.runId), (_, { storage }) => storage.getAlarm())).toBeNull();
    const run = await client.patch({ status: "in_progress", output: { a: [1] }, state: { s: 1 } });
    expect({ ...(await listed(client)), log_url: "" }).toEqual({ ...run, log_url: "" });
    const row = await env.DB.prepare(
      "SELECT t.last_activity_at AS active, r.updated_at AS updated FROM agent_tasks t JOIN agent_runs r ON r.task_id = t.id WHERE r.id = ?",
    )
      .bind(client.runId)
      .first();
    expect(row?.["active"]).toBe(row?.["updated"]);
  });

  test("catches up by the alarm after D1 failed, though the object was away between", async () => {
    const client = await createRunClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const stub = objectOf(client.runId);
    await withTableAway(inD1, "agent_runs", async () => {
      expect(await client.patch({ status: "in_progress" })).toMatchObject({ status: "in_progress" });
      expect(await client.patch({ stage: "late" })).toMatchObject({ stage: "late" });
      await evictDurableObject(stub);
      expect(await runDurableObjectAlarm(stub)).toBe(true);
    });
    expect(errors).toHaveBeenCalledTimes(3);
    expect(await listed(client)).toMatchObject({ status: "not_started", stage: null });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    const { updated_at } = await client.readRun();
    expect(await listed(client)).toMatchObject({ status: "in_progress", stage: "late", updated_at });
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });

  test("takes the rows of its artifacts along, each once, when it catches up", async () => {
    const client = await createRunClient();
    vi.spyOn(console, "error").mockReturnValue();
    const stub = objectOf(client.runId);
    const upload = (name: string) =>
      read(client.onRun("/artifacts/", { json: { artifacts: [{ name, type: "plan", content: name }] } }));
    const complete = async () => {
      const rows = await env.DB.prepare(
        "SELECT name FROM task_files WHERE run_id = ? AND finalized_at > 0 ORDER BY number",
      )
        .bind(client.runId)
        .all<{ name: string }>();
      return rows.results.map(({ name }) => name);
    };
    await upload("a");
    await withTableAway(inD1, "agent_runs", async () => {
      await upload("b");
      await evictDurableObject(stub);
      await upload("c");
    });
    expect(await complete()).toEqual(["a"]);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await complete()).toEqual(["a", "b", "c"]);
    await evictDurableObject(stub);
    await upload("d");
    expect(await complete()).toEqual(["a", "b", "c", "d"]);
  });

  test("is not needed to read or to log", async () => {
    const { append, readRun, logs } = await createRunClient();
    await withTableAway(inD1, "agent_runs", async () => {
      await append({ a: 1 });
      expect(await readRun()).toMatchObject({ status: "not_started" });
      expect(await logs()).toBe('{"a":1}\n');
    });
  });

  test("of an older state never replaces a newer one", async () => {
    const client = await createRunClient();
    await Promise.all(Array.from({ length: 30 }, (_, index) => client.patch({ state: { [`k${index}`]: 1 } })));
    expect({ ...(await listed(client)), log_url: "" }).toEqual({ ...(await client.readRun()), log_url: "" });
  });
});

describe("an object", () => {
  const scope = { organizationId: uuid(), projectNumber: 1, taskId: uuid() };
  const notFound = { ok: false, reason: "not_found" };

  test("whose run was never created stores nothing, whatever is asked of it", async () => {
    const id = uuid();
    const run = openRun(env, id);
    expect(await run.read(scope)).toEqual(notFound);
    expect(await run.change(scope, { status: "queued" })).toEqual(notFound);
    expect(await run.appendLog(scope, new TextEncoder().encode("{}\n"), 1_000_000)).toEqual(notFound);
    expect(await run.describeLog(scope)).toEqual(notFound);
    expect(await run.readLog(scope, { tag: "log", offset: 0, length: 1 })).toEqual(notFound);
    expect(await run.dropLog(scope)).toEqual(notFound);
    expect(await run.sessionLogs(scope, { limit: 1, offset: 0 })).toEqual(notFound);
    await runInDurableObject(objectOf(id), async (_, { storage }) => {
      expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray()).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
  });

  test("knows whose run it is, and creates it once", async () => {
    const { runId, readRun, send, taskId, id: organizationId } = await createRunClient();
    const { id: projectNumber } = await read<{ id: number }>(send("/api/projects/@current/"));
    const run = openRun(env, runId);
    const own = { organizationId, projectNumber, taskId };
    expect(await run.read(own)).toMatchObject({ ok: true });
    for (const other of [
      { ...own, organizationId: uuid() },
      { ...own, projectNumber: projectNumber + 1 },
      { ...own, taskId: uuid() },
    ]) {
      expect(await run.read(other)).toEqual(notFound);
      expect(await run.change(other, { status: "failed" })).toEqual(notFound);
      expect(await run.describeLog(other)).toEqual(notFound);
      expect(await run.readLog(other, { tag: "log", offset: 0, length: 1 })).toEqual(notFound);
      expect(await run.dropLog(other)).toEqual(notFound);
    }
    const init = {
      id: runId,
      status: "failed" as const,
      environment: "local" as const,
      stage: null,
      branch: null,
      errorMessage: null,
      output: null,
      state: {},
      artifacts: [],
      createdBy: null,
    };
    expect(await run.create(own, init)).toMatchObject({ ok: true, run: { status: "not_started" } });
    expect(await run.create({ ...own, taskId: uuid() }, init)).toEqual(notFound);
    expect(await readRun()).toMatchObject({ status: "not_started", environment: "cloud" });
  });
});
