import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { runGrant } from "../../../src/runner/agent/run-grant.ts";
import type { Work } from "../../../src/pool/work.ts";
import { RUN_WORK } from "../../../src/runs/dispatch/run-work.ts";
import { call } from "../../tenant.ts";
import { pathOf, uploadByForm } from "../artifacts/run-uploads.ts";
import { createAgentClient, read, type WireRun, type WireTask } from "../../tasks/client.ts";
import { objectOf } from "../run-client.ts";
import { letLeasesEnd, startRunner } from "../../pool/runner-client.ts";

/** A client with a task, the way of whose runs to a runner the test follows. */
async function createDispatcher() {
  const client = await createAgentClient();
  const { id: taskId } = await client.createTask({ description: "Fix it" });
  const startRun = async () => {
    const task = await read<WireTask>(client.send(`/${taskId}/run/`, { json: {} }));
    return task.latest_run?.id ?? "";
  };
  const onRun = (runId: string, path = "/", json?: object, method = "PATCH") =>
    read<WireRun>(client.send(`/${taskId}/runs/${runId}${path}`, json && { json, method }));
  return { ...client, taskId, startRun, onRun };
}

/** How the run's object sees it. */
function dispatchOf(runId: string): Promise<unknown> {
  return runInDurableObject(objectOf(runId), (_, { storage: { sql } }) => {
    const [row] = sql.exec<{ state: string }>("SELECT state FROM dispatch").toArray();
    return row && JSON.parse(row.state);
  });
}

/** Waits until the run is in this phase of its dispatch. */
async function expectPhase(runId: string, phase: string): Promise<void> {
  await expect.poll(() => dispatchOf(runId)).toMatchObject({ phase });
}

/** Lets the time of this timer of the run's object come. */
async function letTimeCome(runId: string, timer: "deadline" | "dispatch" | "waiting"): Promise<void> {
  const object = objectOf(runId);
  await runInDurableObject(object, async (_, { storage }) => {
    storage.sql.exec("UPDATE timers SET due = 0 WHERE name = ?", timer);
    await storage.setAlarm(Date.now());
  });
  await runDurableObjectAlarm(object);
}

/** Has requests of a run's object to its pool carried out, and the answer of the first one lost. */
async function loseFirstAnswer(runId: string) {
  let asked = 0;
  const bindings = await runInDurableObject(objectOf(runId), (run): Cloudflare.Env => Reflect.get(run, "env"));
  const { RUNNERS } = bindings;
  const use = (value: object) => Object.defineProperty(bindings, "RUNNERS", { value, configurable: true });
  const getByName = (name: string) => {
    const pool = RUNNERS.getByName(name);
    const enqueue = async (work: Work) => {
      const answer = await pool.enqueue(work);
      asked += 1;
      if (asked === 1) throw new Error("The answer was lost");
      return answer;
    };
    return {
      enqueue,
      withdraw: (id: string, reason: string) => pool.withdraw(id, reason),
      waits: (ids: string[]) => pool.waits(ids),
    };
  };
  use({ getByName });
  // Everything here has the same bindings.
  return { asked: () => asked, [Symbol.dispose]: () => void use(RUNNERS) };
}

describe("a run that a runner does", () => {
  test("is let go when the runner is through with it", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    await client.onRun(runId, "/", { status: "completed", output: { answer: 42 } });
    runner.send({ type: "done", work_id });
    await expectPhase(runId, "over");
    expect(await client.onRun(runId)).toMatchObject({ status: "completed", error_message: null });
  });

  test("fails when the runner is through and has not said how it went", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    runner.send({ type: "done", work_id: (await runner.work()).work_id });
    await expectPhase(runId, "over");
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "The runner ended without saying how the run went.",
    });
  });

  test("is queued once more when its runner vanishes, and fails when that happens again", async () => {
    const client = await createDispatcher();
    const first = await startRunner(client);
    const runId = await client.startRun();
    expect((await first.work()).work_id).toBe(`${runId}.1`);
    await client.onRun(runId, "/", { status: "in_progress" });
    first.leave();
    const second = await startRunner(client);
    await letLeasesEnd(client);
    const third = await startRunner(client);
    const again = await Promise.race([second.work(), third.work()]);
    expect(again).toMatchObject({ work_id: `${runId}.2`, details: { attempt: 2 } });
    await letLeasesEnd(client);
    await expectPhase(runId, "over");
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "Its runner was lost, twice: The runner test has vanished",
    });
  });

  test("is queued once more when its runner hands it back", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    runner.send({ type: "give_back", work_id, reason: "The runner stops" });
    expect((await runner.work()).work_id).toBe(`${runId}.2`);
    expect(await client.onRun(runId)).toMatchObject({ status: "queued" });
  });

  test("fails when it takes too long, and its runner is told to stop", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    await letTimeCome(runId, "deadline");
    expect(await runner.take("revoke")).toMatchObject({ work_id, reason: "The run's time is up" });
    await expectPhase(runId, "over");
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "The run took longer than 21600 seconds.",
    });
  });

  test("is watched to its end though it is told twice that a runner has it", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    const { reference } = await runInDurableObject(env.RUNNERS.getByName(client.id), (_, { storage }) =>
      storage.sql.exec<{ reference: string }>("SELECT reference FROM work WHERE id = ?", work_id).one(),
    );
    const work = { id: work_id, kind: "run" as const, labels: [], capabilities: [], reference: JSON.parse(reference) };
    await RUN_WORK.tell(env, work, { kind: "claimed", runner: "test" });
    await expectPhase(runId, "held");
    await client.onRun(runId, "/", { status: "completed" });
    runner.send({ type: "done", work_id });
    await expectPhase(runId, "over");
  });

  test("is taken out of the queue when it is cancelled", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client, { slots: 0 });
    const runId = await client.startRun();
    const pool = env.RUNNERS.getByName(client.id);
    await expect.poll(async () => (await pool.describe()).queued).toBe(1);
    await client.onRun(runId, "/cancel/", {}, "POST");
    await expect.poll(async () => (await pool.describe()).queued).toBe(0);
    runner.send({ type: "slots", slots: 1 });
    expect(await runner.drain()).toEqual([]);
    expect(await client.onRun(runId)).toMatchObject({ status: "cancelled" });
  });

  test("is given to nobody when it ends between the offer and the claim", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.take("offer");
    await client.onRun(runId, "/cancel/", {}, "POST");
    runner.send({ type: "claim", work_id });
    await expectPhase(runId, "over");
    // Taken back before it was claimed, or while its owner was asked: it is not the runner's either way.
    let said = await runner.next();
    if (said.type === "revoke") said = await runner.next();
    expect(said).toEqual({ type: "taken", work_id });
  });

  test("fails when its task is gone before a runner has it", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.take("offer");
    await env.DB.batch([
      env.DB.prepare("DELETE FROM agent_runs WHERE task_id = ?").bind(client.taskId),
      env.DB.prepare("DELETE FROM agent_tasks WHERE id = ?").bind(client.taskId),
    ]);
    runner.send({ type: "claim", work_id });
    await expectPhase(runId, "over");
    const found = await runInDurableObject(objectOf(runId), (_, { storage: { sql } }) =>
      sql.exec("SELECT status, error_message FROM agent_runs").one(),
    );
    expect(found).toEqual({ status: "failed", error_message: "No runner was given the run: its task is gone." });
    // It would go on trying to write its row, whose task is gone, and tell that to the tests that come after.
    await runInDurableObject(objectOf(runId), async (_, { storage }) => {
      storage.sql.exec("DELETE FROM timers");
      await storage.deleteAlarm();
    });
  });

  test("is done once when it is started twice", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const created = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json: { mode: "background" } }), 201);
    expect(await runner.drain()).toEqual([]);
    const start = () => read(client.send(`/${client.taskId}/runs/${created.id}/start/`, { json: {} }));
    await Promise.all([start(), start()]);
    expect((await runner.work()).work_id).toBe(`${created.id}.1`);
    await start();
    expect(await runner.drain()).toEqual([]);
    expect(await env.RUNNERS.getByName(client.id).describe()).toMatchObject({ queued: 0 });
  });

  test("has no third attempt when it is started while the second one is queued", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    runner.send({ type: "slots", slots: 0 });
    runner.send({ type: "give_back", work_id, reason: "The runner stops" });
    await expect.poll(() => dispatchOf(runId)).toMatchObject({ phase: "queued", attempt: 2 });
    await read(client.send(`/${client.taskId}/runs/${runId}/start/`, { json: {} }));
    runner.send({ type: "slots", slots: 1 });
    const second = await runner.work();
    expect(second.work_id).toBe(`${runId}.2`);
    runner.send({ type: "give_back", work_id: second.work_id, reason: "The runner stops" });
    await expectPhase(runId, "over");
    expect(await runner.drain()).toEqual([]);
    expect(await client.onRun(runId)).toMatchObject({ status: "failed" });
  });

  test("goes on counting when a client that took it over starts it again, and is watched to its end", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const start = () => read(client.send(`/${client.taskId}/runs/${runId}/start/`, { json: {} }));
    const giveBack = async (number: number) => {
      const { work_id } = await runner.work();
      expect(work_id).toBe(`${runId}.${number}`);
      runner.send({ type: "give_back", work_id, reason: "The runner stops" });
    };
    const first = await runner.work();
    runner.send({ type: "slots", slots: 0 });
    runner.send({ type: "give_back", work_id: first.work_id, reason: "The runner stops" });
    await expect.poll(() => dispatchOf(runId)).toMatchObject({ phase: "queued", attempt: 2 });
    await client.onRun(runId, "/", { status: "in_progress" });
    await expectPhase(runId, "idle");
    await client.onRun(runId, "/", { status: "queued" });
    await start();
    await expect.poll(async () => (await env.RUNNERS.getByName(client.id).describe()).queued).toBe(1);
    runner.send({ type: "slots", slots: 1 });
    await giveBack(3);
    await giveBack(4);
    await expectPhase(runId, "over");
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "Its runner was lost, twice: The runner stops",
    });
    const logs = await client.send(`/${client.taskId}/runs/${runId}/logs`);
    const ends = (await logs.text()).match(/"end":"\w+"/g);
    expect(ends).toEqual(['"end":"lost"', '"end":"started_again"', '"end":"lost"']);
  });

  test("is watched when the runner is faster than the answer of the pool, which is lost", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    const created = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json: {} }), 201);
    const runId = created.id;
    using lost = await loseFirstAnswer(runId);
    await read(client.send(`/${client.taskId}/runs/${runId}/start/`, { json: {} }));
    runner.send({ type: "done", work_id: (await runner.work()).work_id });
    await expectPhase(runId, "over");
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "The runner ended without saying how the run went.",
    });
    expect(lost.asked()).toBe(1);
    // Nobody asks for it again: there is nothing to be done any more.
    await letTimeCome(runId, "dispatch");
    expect(lost.asked()).toBe(1);
    expect((await runner.drain()).filter(({ type }) => type === "offer")).toEqual([]);
  });
});

async function waitInVain(client: Awaited<ReturnType<typeof createDispatcher>>) {
  const runId = await client.startRun();
  await expectPhase(runId, "queued");
  await expect.poll(async () => (await env.RUNNERS.getByName(client.id).describe()).queued).toBe(1);
  await letTimeCome(runId, "deadline");
  await expect.poll(() => dispatchOf(runId)).not.toMatchObject({ phase: "queued" });
  await expect.poll(() => dispatchOf(runId)).not.toMatchObject({ phase: "leaving" });
  return runId;
}

describe("a run that nobody claims", () => {
  test("stays as it is where there has never been a runner: its client drives it", async () => {
    const client = await createDispatcher();
    const runId = await waitInVain(client);
    expect(await client.onRun(runId)).toMatchObject({ status: "queued", error_message: null });
    expect(await env.RUNNERS.getByName(client.id).describe()).toEqual({ runners: [], queued: 0 });
  });

  test("fails where runners do the runs", async () => {
    const client = await createDispatcher();
    (await startRunner(client, { slots: 0 })).leave();
    const runId = await waitInVain(client);
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "No runner took the run within 3600 seconds.",
    });
  });

  test("stays as it is when a client has taken it into its own sandbox", async () => {
    const client = await createDispatcher();
    (await startRunner(client, { slots: 0 })).leave();
    const created = await read<WireRun>(
      client.send(`/${client.taskId}/runs/`, { json: { state: { sandbox_url: "https://a.modal.run" } } }),
      201,
    );
    await read(client.send(`/${client.taskId}/runs/${created.id}/start/`, { json: {} }));
    expect(await dispatchOf(created.id)).toBeUndefined();
    expect(await env.RUNNERS.getByName(client.id).describe()).toMatchObject({ queued: 0 });
    expect(await client.onRun(created.id)).toMatchObject({ status: "queued", error_message: null });
  });
});

async function createAgent() {
  const client = await createDispatcher();
  const runner = await startRunner(client);
  const runId = await client.startRun();
  const { details } = await runner.work();
  const token = runGrant.parse(details).agent_token;
  const asAgent = (path: string, method = "GET", json?: unknown) =>
    call(`/api/projects/@current/tasks/${client.taskId}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(json !== undefined && { "Content-Type": "application/json" }) },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  return { client, runId, asAgent };
}

describe("the token of a run's agent", () => {
  test("reads and changes the run, its log, output and artifacts", async () => {
    const { client, runId, asAgent } = await createAgent();
    const run = `/runs/${runId}`;
    await read(asAgent(run));
    await read(asAgent(run, "PATCH", { status: "in_progress" }));
    await read(asAgent(`${run}/append_log/`, "POST", { entries: [{ a: 1 }] }));
    await read(asAgent(`${run}/set_output/`, "PATCH", { output: { a: 1 } }));
    const artifacts = [{ name: "a.txt", type: "output", content: "x" }];
    await read(asAgent(`${run}/artifacts/`, "POST", { artifacts }));
    expect(await client.onRun(runId)).toMatchObject({
      status: "in_progress",
      output: { a: 1 },
      artifacts: [{ name: "a.txt" }],
    });
  });

  test("uploads artifacts by form, and opens those that are there", async () => {
    const { client, runId, asAgent } = await createAgent();
    const onArtifacts = (path: string, request: { json?: unknown } = {}) =>
      asAgent(`/runs/${runId}/artifacts${path}`, request.json ? "POST" : "GET", request.json);
    const { id, storage_path } = await uploadByForm(onArtifacts, { name: "a.bin", type: "output" }, "hello");
    expect(await client.onRun(runId)).toMatchObject({ artifacts: [{ id, name: "a.bin" }] });
    const download = await onArtifacts("/download/", { json: { storage_path } });
    expect(await download.text()).toBe("hello");
    const { url } = await read<{ url: string }>(onArtifacts("/presign/", { json: { storage_path } }));
    expect(await (await call(pathOf(url))).text()).toBe("hello");
    expect(await (await onArtifacts(`/${id}/download/`)).text()).toBe("hello");
  });

  test("opens nothing else", async () => {
    const { client, runId, asAgent } = await createAgent();
    const other = await client.startRun();
    const statuses = [
      await asAgent(`/runs/${other}`),
      await asAgent(`/runs/${other}`, "PATCH", { status: "failed" }),
      await asAgent(`/runs/${other}/artifacts/prepare_upload/`, "POST", { artifacts: [] }),
      await asAgent(`/runs/${other}/artifacts/download/`, "POST", { storage_path: "a" }),
      await asAgent("/staged_artifacts/prepare_upload/", "POST", { artifacts: [] }),
      await asAgent(`/runs/${runId}/cancel/`, "POST"),
      await asAgent(`/runs/${runId}/connection_token/`),
      await asAgent("/"),
      await asAgent("/run/", "POST"),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403, 403, 401, 401, 401, 401, 401]);
  });
});
