import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { openPool } from "../../src/pool/pool-handle.ts";
import { createAgentClient, read, type WireTask } from "../tasks/client.ts";
import { createTenant } from "../tenant.ts";
import { connect, letLeasesEnd, RunnerClient, startRunner } from "./runner-client.ts";

/** A client whose runs are on their way to the pool of its organization. */
async function createDispatcher() {
  const client = await createAgentClient();
  const { id: taskId } = await client.createTask({ description: "Fix it" });
  const startRun = async (json: object = {}) => {
    const task = await read<WireTask>(client.send(`/${taskId}/run/`, { json }));
    return task.latest_run?.id ?? "";
  };
  return { ...client, taskId, startRun };
}

describe("runners that race", () => {
  test("have a run once: the first claim wins", async () => {
    const client = await createDispatcher();
    const runners = await Promise.all([1, 2, 3].map(() => startRunner(client)));
    const runId = await client.startRun();
    for (const runner of runners) {
      const { work_id } = await runner.take("offer");
      expect(work_id).toBe(`${runId}.1`);
      runner.send({ type: "claim", work_id });
    }
    const answers = await Promise.all(runners.map((runner) => runner.next()));
    expect(answers.map(({ type }) => type).sort()).toEqual(["grant", "taken", "taken"]);
  });
});

describe("a pool", () => {
  test("offers what a runner can do, and no more than it has slots for", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client, { slots: 1, labels: ["gpu", "big"] });
    const first = await client.startRun({ runner_labels: ["gpu"] });
    const granted = await runner.work();
    expect(granted).toMatchObject({ work_id: `${first}.1`, kind: "run" });
    const second = await client.startRun({ runner_labels: ["gpu", "big"] });
    await client.startRun({ runner_labels: ["gpu", "other"] });
    const other = await startRunner(client, { slots: 5, labels: ["unrelated"] });
    expect([await runner.drain(), await other.drain()]).toEqual([[], []]);
    runner.send({ type: "done", work_id: granted.work_id });
    expect(await runner.take("offer")).toMatchObject({ work_id: `${second}.1` });
  });

  test("offers again to a runner that is through with work that was taken back", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    await client.startRun();
    const granted = await runner.work();
    const second = await client.startRun();
    const pool = env.RUNNERS.getByName(client.id);
    await expect.poll(async () => (await pool.describe()).queued).toBe(1);
    await pool.withdraw(granted.work_id, "It is not wanted");
    expect(await runner.take("revoke")).toMatchObject({ work_id: granted.work_id });
    // It comes while the runner still clears up, and has no room for it.
    expect(await runner.take("offer")).toMatchObject({ work_id: `${second}.1` });
    runner.send({ type: "done", work_id: granted.work_id });
    expect(await runner.take("offer")).toMatchObject({ work_id: `${second}.1` });
  });

  test("offers a runner that connects what has waited, oldest first", async () => {
    const client = await createDispatcher();
    const pool = env.RUNNERS.getByName(client.id);
    const ids: string[] = [];
    for (let count = 1; count <= 3; count += 1) {
      ids.push(`${await client.startRun()}.1`);
      await expect.poll(async () => (await pool.describe()).queued).toBe(count);
    }
    const runner = await startRunner(client, { slots: 2 });
    expect((await runner.drain()).map((offer) => "work_id" in offer && offer.work_id)).toEqual(ids.slice(0, 2));
  });

  test("tells the runner that gets a run all that it needs", async () => {
    const client = await createDispatcher();
    const runId = await client.startRun({ branch: "main", pending_user_message: "Go on" });
    const { details } = await (await startRunner(client)).work();
    expect(details).toEqual({
      project_id: expect.any(Number),
      task_id: client.taskId,
      run_id: runId,
      attempt: 1,
      max_seconds: 21_600,
      artifact_max_bytes: 31_457_280,
      agent_token: expect.stringMatching(/^ey/),
      event_token: expect.stringMatching(/^ey/),
      task: { title: "Fix it", description: "Fix it", repository: null, json_schema: null },
      run: { branch: "main", state: { mode: "background", attempt: 1, pending_user_message: "Go on" } },
    });
  });

  test("takes no more work of a runner that is about to stop", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    runner.send({ type: "slots", slots: 0 });
    expect(await runner.drain()).toEqual([]);
    const witness = await startRunner(client);
    await client.startRun();
    await witness.take("offer");
    expect(await runner.drain()).toEqual([]);
  });

  test("lists its runners and counts what waits", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client, { slots: 2, labels: ["gpu"] });
    await client.startRun();
    await runner.work();
    const listed = await read(client.api(`/org/${client.org}/runners`));
    expect(listed).toEqual({
      runners: [
        {
          id: runner.id,
          name: "test",
          labels: ["gpu"],
          capabilities: [],
          kinds: ["run", "environment"],
          slots: 2,
          busy: 1,
          connected: true,
        },
      ],
      queued: 0,
    });
  });

  test("goes on after it was put together anew", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    await evictDurableObject(env.RUNNERS.getByName(client.id));
    const runId = await client.startRun();
    expect(await runner.work()).toMatchObject({ work_id: `${runId}.1` });
  });

  test("keeps work for a runner that connects again and still has it", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    await client.startRun();
    const { work_id } = await runner.work();
    runner.leave();
    const again = await startRunner(client, { id: runner.id, holds: [work_id, "unknown"] });
    expect(again.welcome.gone).toEqual(["unknown"]);
    const other = await startRunner(client);
    expect([await again.drain(), await other.drain()]).toEqual([[], []]);
  });

  test("gives one connection to a runner, the newest", async () => {
    const client = await createDispatcher();
    const runner = await startRunner(client);
    await startRunner(client, { id: runner.id });
    expect(await runner.closed).toBe(4003);
  });

  test("counts work that is queued twice once", async () => {
    const pool = openPool(env, (await createTenant()).id);
    const work = { id: "w", kind: "run" as const, labels: [], capabilities: [], reference: { a: 1 } };
    expect(await pool.enqueue(work)).toBe(true);
    expect(await pool.enqueue({ ...work, reference: { a: 2 } })).toBe(true);
    expect(await pool.describe()).toEqual({ runners: [], queued: 1 });
    await pool.withdraw("w", "not wanted");
    expect(await pool.describe()).toEqual({ runners: [], queued: 0 });
  });

  test("forgets a runner that has left with nothing, and keeps one with work until its lease ends", async () => {
    const client = await createDispatcher();
    const idle = await startRunner(client);
    idle.leave();
    const busy = await startRunner(client);
    await client.startRun();
    await busy.work();
    busy.leave();
    const pool = openPool(env, client.id);
    await expect.poll(async () => (await pool.describe()).runners).toMatchObject([{ id: busy.id, connected: false }]);
    await letLeasesEnd(client);
    expect((await pool.describe()).runners).toEqual([]);
  });
});

describe("connecting", () => {
  test("needs the scope, the organization and a WebSocket", async () => {
    const tenant = await createTenant();
    expect((await connect(tenant, await tenant.makeKey(["task:write", "environment:write"]))).status).toBe(403);
    const { projectId } = tenant;
    expect((await connect(tenant, await tenant.makeKey(["runner"], { projectId }))).status).toBe(403);
    const stranger = await createTenant();
    expect((await connect(tenant, stranger.adminKey)).status).toBe(404);
    expect((await tenant.api(`/org/${tenant.org}/runners/connect`)).status).toBe(400);
  });

  test("ends with a runner that does not speak the protocol", async () => {
    const tenant = await createTenant();
    for (const text of ["{", '{"type":"hello","protocol":99}', '{"type":"claim","work_id":"x"}']) {
      const runner = new RunnerClient(await connect(tenant), "nobody");
      runner.sendText(text);
      expect(await runner.closed).toBe(4001);
    }
  });
});
