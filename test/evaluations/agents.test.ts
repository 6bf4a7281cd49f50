import { describe, expect, test } from "vitest";
import { runGrant } from "../../src/runner/agent/run-grant.ts";
import { letLeasesEnd, startRunner } from "../pool/runner-client.ts";
import { call, type Tenant } from "../tenant.ts";
import { ended, evaluate, type Item, itemsOf, tenantWith } from "./client.ts";

/** What an agent outside is given: how it reaches its run, and the environment of its task. */
async function takeRun(runner: Awaited<ReturnType<typeof startRunner>>) {
  const { details, work_id } = await runner.work();
  const grant = runGrant.parse(details);
  const { evaluation, agent_token: token } = grant;
  if (!evaluation) throw new Error("The run is not one of an evaluation");
  const { path, token: environmentToken } = evaluation.environment;
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const onRun = (change: object) =>
    call(`/api/projects/${grant.project_id}/tasks/${grant.task_id}/runs/${grant.run_id}/`, {
      method: "PATCH",
      headers,
      body: JSON.stringify(change),
    });
  const inEnvironment = (below: string, body: object, more: Record<string, string> = {}) =>
    call(`${path}${below}`, {
      method: "POST",
      headers: { ...headers, "X-Environment-Token": environmentToken, ...more },
      body: JSON.stringify(body),
    });
  return { grant, evaluation, work_id, headers, onRun, inEnvironment };
}

const statusOf = async (tenant: Tenant, job: { id: string }) => (await itemsOf(tenant, job))[0]?.item_status;

describe("an agent on a runner, outside of the environment", () => {
  test("is told what to do and where, and enters that environment alone, until it has ended", async () => {
    const tenant = await tenantWith("write");
    const runner = await startRunner(tenant, { labels: ["big"] });
    const agent = { command: "solve --fast", env: { EFFORT: "high" }, labels: ["big"] };
    const job = await evaluate(tenant, { task_names: ["write"], agent, model: "example/model" });
    const { grant, evaluation, onRun, inEnvironment, headers, work_id } = await takeRun(runner);
    expect(evaluation).toMatchObject({ command: "solve --fast", env: { EFFORT: "high" }, model: "example/model" });
    expect(grant.run.state).toMatchObject({ pending_user_message: "Write done to /tmp/answer." });
    expect(JSON.stringify(grant.run.state)).not.toContain("tye_");
    await onRun({ status: "in_progress" });
    const done = await inEnvironment("/execute", { command: "echo done > /tmp/answer" });
    expect([done.status, await done.json()]).toMatchObject([200, { exit_code: 0 }]);
    const files = await call(`${evaluation.environment.path}/files/tmp/answer`, {
      headers: { ...headers, "X-Environment-Token": evaluation.environment.token },
    });
    expect(await files.text()).toBe("done\n");

    // Neither another environment, nor this one without its own token, nor what only people may do.
    const other = evaluation.environment.path.replace(/[^/]+$/, "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201");
    const foreign = await call(`${other}/execute`, { method: "POST", headers, body: '{"command":"true"}' });
    expect(foreign.status).toBe(403);
    expect((await inEnvironment("/execute", { command: "true" }, { "X-Environment-Token": "" })).status).toBe(422);
    expect((await call(evaluation.environment.path, { method: "DELETE", headers })).status).toBe(401);

    await onRun({ status: "completed" });
    runner.send({ type: "done", work_id });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ passed_count: 1 });
    expect((await inEnvironment("/execute", { command: "true" })).status).not.toBe(200);
  });

  test("fails by itself, and is verified all the same", async () => {
    const tenant = await tenantWith("write");
    const runner = await startRunner(tenant);
    const job = await evaluate(tenant, { task_names: ["write"], agent: {} });
    const { onRun, work_id } = await takeRun(runner);
    await onRun({ status: "failed", error_message: "The agent ended with exit code 1." });
    runner.send({ type: "done", work_id });
    await ended(tenant, job);
    expect((await itemsOf(tenant, job))[0]).toMatchObject({
      item_status: "failed",
      end_reason: "agent_failed",
      error: "The agent ended with exit code 1.",
      reward: 0,
    });
  });

  test("has its time from when a runner has it, and what it did by then is verified", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], agent: { timeout_sec: 2 } });
    await expect.poll(() => statusOf(tenant, job), { timeout: 15_000 }).toBe("agent_running");
    const runner = await startRunner(tenant);
    const { onRun, inEnvironment } = await takeRun(runner);
    await onRun({ status: "in_progress" });
    await inEnvironment("/execute", { command: "echo done > /tmp/answer" });
    await ended(tenant, job);
    const [item] = await itemsOf(tenant, job);
    expect(item).toMatchObject({ item_status: "timed_out", end_reason: "agent_timeout", reward: 1, passed: false });
    const run = await call(item?.links.run ?? "", { headers: { Authorization: `Bearer ${tenant.adminKey}` } });
    expect(await run.json()).toMatchObject({
      status: "failed",
      error_message: "The agent's time was up after 2 seconds.",
    });
  });

  test("whose runners are lost is no failure of the agent: the item is tried again", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], agent: {}, max_retries: 1 });
    const attempt = async (): Promise<void> => {
      const runner = await startRunner(tenant);
      await takeRun(runner);
      runner.leave();
      await letLeasesEnd(tenant);
    };
    await attempt();
    await attempt();
    const item = async (): Promise<Item | undefined> => (await itemsOf(tenant, job))[0];
    await expect.poll(item, { timeout: 15_000 }).toMatchObject({ retry_count: 1 });
    expect((await item())?.result_json.tries).toMatchObject([
      { end_reason: "runner_lost", item_status: "infra_error" },
    ]);
    const runner = await startRunner(tenant);
    const { onRun, inEnvironment, work_id } = await takeRun(runner);
    await inEnvironment("/execute", { command: "echo done > /tmp/answer" });
    await onRun({ status: "completed" });
    runner.send({ type: "done", work_id });
    expect(await ended(tenant, job)).toMatchObject({ passed_count: 1, error_count: 0, pass_rate: 1 });
  });

  test("is stopped when the evaluation is cancelled", async () => {
    const tenant = await tenantWith("write");
    const runner = await startRunner(tenant);
    const job = await evaluate(tenant, { task_names: ["write"], agent: {} });
    const { grant, headers } = await takeRun(runner);
    await tenant.api(`/org/${tenant.org}/ws/main/evaluation/${job.id}/cancel`, { method: "POST" });
    expect(await ended(tenant, job)).toMatchObject({ status: "cancelled", cancelled_count: 1 });
    const run = await call(`/api/projects/${grant.project_id}/tasks/${grant.task_id}/runs/${grant.run_id}/`, {
      headers,
    });
    expect(await run.json()).toMatchObject({ status: "cancelled" });
  });
});
