import { introspectWorkflow, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { runGrant } from "../../src/runner/agent/run-grant.ts";
import { RUN_WORK } from "../../src/runs/dispatch/run-work.ts";
import { call } from "../tenant.ts";
import { pathOf, uploadByForm } from "../runs/artifacts/run-uploads.ts";
import { createAgentClient, read, type WireRun, type WireTask } from "../tasks/client.ts";
import { letLeasesEnd, startRunner } from "./runner-client.ts";

/** A client with a task, whose runs' Workflows the test follows. */
async function createDispatcher() {
  const workflows = await introspectWorkflow(env.RUN_WORKFLOW);
  const client = await createAgentClient();
  const { id: taskId } = await client.createTask({ description: "Fix it" });
  const startRun = async () => {
    const task = await read<WireTask>(client.send(`/${taskId}/run/`, { json: {} }));
    return task.latest_run?.id ?? "";
  };
  const onRun = (runId: string, path = "/", json?: object, method = "PATCH") =>
    read<WireRun>(client.send(`/${taskId}/runs/${runId}${path}`, json && { json, method }));
  /** Waits until the Workflow of the only run has ended, and says how. */
  const outcome = async () => {
    await expect.poll(async () => (await workflows.get()).length).toBe(1);
    const [instance] = await workflows.get();
    await instance?.waitForStatus("complete");
    return instance?.getOutput();
  };
  return {
    ...client,
    taskId,
    startRun,
    onRun,
    outcome,
    workflows,
    [Symbol.asyncDispose]: () => workflows[Symbol.asyncDispose](),
  };
}

describe("a run that a runner does", () => {
  test("is let go when the runner is through with it", async () => {
    await using client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    await client.onRun(runId, "/", { status: "completed", output: { answer: 42 } });
    runner.send({ type: "done", work_id });
    expect(await client.outcome()).toEqual({ outcome: "over" });
    expect(await client.onRun(runId)).toMatchObject({ status: "completed", error_message: null });
  });

  test("fails when the runner is through and has not said how it went", async () => {
    await using client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    runner.send({ type: "done", work_id: (await runner.work()).work_id });
    await client.outcome();
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "The runner ended without saying how the run went.",
    });
  });

  test("is queued once more when its runner vanishes, and fails when that happens again", async () => {
    await using client = await createDispatcher();
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
    expect(await client.outcome()).toEqual({ outcome: "lost" });
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "Its runner was lost, twice: The runner test has vanished",
    });
  });

  test("is queued once more when its runner hands it back", async () => {
    await using client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    runner.send({ type: "give_back", work_id, reason: "The runner stops" });
    expect((await runner.work()).work_id).toBe(`${runId}.2`);
    expect(await client.onRun(runId)).toMatchObject({ status: "queued" });
  });

  test("fails when it takes too long, and its runner is told to stop", async () => {
    await using client = await createDispatcher();
    await client.workflows.modifyAll(async (modifier) => {
      await modifier.forceEventTimeout({ name: "end 1.1" });
    });
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    expect(await runner.take("revoke")).toMatchObject({ work_id, reason: "The run's time is up" });
    await client.outcome();
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "The run took longer than 21600 seconds.",
    });
  });

  test("is watched to its end though its Workflow hears twice that a runner has it", async () => {
    await using client = await createDispatcher();
    const runner = await startRunner(client);
    const runId = await client.startRun();
    const { work_id } = await runner.work();
    const { reference } = await runInDurableObject(env.RUNNERS.getByName(client.id), (_, { storage }) =>
      storage.sql.exec<{ reference: string }>("SELECT reference FROM work WHERE id = ?", work_id).one(),
    );
    const work = {
      id: work_id,
      kind: "run" as const,
      labels: [],
      reference: JSON.parse(reference),
    };
    await RUN_WORK.tell(env, work, { kind: "claimed", runner: "test" });
    await client.onRun(runId, "/", { status: "completed" });
    runner.send({ type: "done", work_id });
    expect(await client.outcome()).toEqual({ outcome: "over" });
  });

  test("is given to nobody when it was cancelled meanwhile", async () => {
    await using client = await createDispatcher();
    const runner = await startRunner(client, { slots: 0 });
    const runId = await client.startRun();
    await expect.poll(async () => (await env.RUNNERS.getByName(client.id).describe()).queued).toBe(1);
    await client.onRun(runId, "/cancel/", {}, "POST");
    runner.send({ type: "slots", slots: 1 });
    const { work_id } = await runner.take("offer");
    runner.send({ type: "claim", work_id });
    expect(await runner.take("taken")).toEqual({ type: "taken", work_id });
    expect(await client.outcome()).toEqual({ outcome: "over" });
  });

  test("is done once when it is started twice", async () => {
    await using client = await createDispatcher();
    const runner = await startRunner(client);
    const created = await read<WireRun>(client.send(`/${client.taskId}/runs/`, { json: { mode: "background" } }), 201);
    expect(await runner.drain()).toEqual([]);
    await read(client.send(`/${client.taskId}/runs/${created.id}/start/`, { json: {} }));
    const second = await startRunner(client);
    await read(client.send(`/${client.taskId}/runs/${created.id}/start/`, { json: {} }));
    await expect.poll(async () => (await client.workflows.get()).length).toBe(2);
    const [, repeated] = await client.workflows.get();
    await repeated?.waitForStatus("complete");
    await runner.work();
    expect((await second.drain()).length).toBeLessThanOrEqual(1);
    expect(await env.RUNNERS.getByName(client.id).describe()).toMatchObject({ queued: 0 });
  });
});

async function waitInVain(client: Awaited<ReturnType<typeof createDispatcher>>) {
  await client.workflows.modifyAll(async (modifier) => {
    await modifier.forceEventTimeout({ name: "claim 1.1" });
  });
  const runId = await client.startRun();
  await client.outcome();
  return runId;
}

describe("a run that nobody claims", () => {
  test("stays as it is where there has never been a runner: its client drives it", async () => {
    await using client = await createDispatcher();
    const runId = await waitInVain(client);
    expect(await client.onRun(runId)).toMatchObject({ status: "queued", error_message: null });
    expect(await env.RUNNERS.getByName(client.id).describe()).toEqual({ runners: [], queued: 0 });
  });

  test("fails where runners do the runs", async () => {
    await using client = await createDispatcher();
    (await startRunner(client, { slots: 0 })).leave();
    const runId = await waitInVain(client);
    expect(await client.onRun(runId)).toMatchObject({
      status: "failed",
      error_message: "No runner took the run within 3600 seconds.",
    });
  });

  test("stays as it is when a client has taken it into its own sandbox", async () => {
    await using client = await createDispatcher();
    (await startRunner(client, { slots: 0 })).leave();
    await client.workflows.modifyAll(async (modifier) => {
      await modifier.forceEventTimeout({ name: "claim 1.1" });
    });
    const created = await read<WireRun>(
      client.send(`/${client.taskId}/runs/`, { json: { state: { sandbox_url: "https://a.modal.run" } } }),
      201,
    );
    await read(client.send(`/${client.taskId}/runs/${created.id}/start/`, { json: {} }));
    expect(await client.outcome()).toEqual({ outcome: "let go" });
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
    await using _ = client;
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
    await using _ = client;
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
    await using _ = client;
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
