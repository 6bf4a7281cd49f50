/**
 * What users of other systems complain about (evaluations 1), each with what it has to come to here. Losses of processes and of
 * machines are in faults.test.ts, and with real runners in test/node/evaluations/chaos/.
 */
import { describe, expect, test } from "vitest";
import { ITEM_STATUSES } from "../../src/evaluations/statistics/item-result.ts";
import { plainTask, type TaskFolder } from "../registry/harbor-tasks.ts";
import { pack } from "../registry/pack.ts";
import { publishVersion } from "../registry/published.ts";
import { EventClient } from "../stream/event-client.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";
import {
  type Detail,
  ended,
  evaluate,
  evaluationsPath,
  itemsOf,
  type Job,
  post,
  publishSolvable,
  read,
  tenantWith,
} from "./client.ts";

const publishFolder = (tenant: Tenant, name: string, folder: TaskFolder) =>
  publishVersion(tenant, name, "1.0.0", pack(folder));

/** A task whose environment is never ready. */
const publishBroken = (tenant: Tenant, name: string) =>
  publishSolvable(
    tenant,
    name,
    { provision: { script: "provision.sh", timeout: 5 } },
    { "provision.sh": "echo no such mirror; exit 1\n" },
  );

describe("a complaint about other systems", () => {
  test("a trial that the agent never attempted is scored as lost: here it stands beside the pass rate", async () => {
    const tenant = await tenantWith("write");
    await publishBroken(tenant, "broken");
    const job = await evaluate(tenant, {
      task_names: ["write", "broken"],
      attempts: 3,
      concurrency: 6,
      max_retries: 0,
    });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({
      status: "completed",
      passed_count: 3,
      failed_count: 0,
      error_count: 3,
      pass_rate: 1,
    });
    expect(detail.analytics.pass_rate).toMatchObject({ value: 1, n: 3 });
    expect(detail.mean_scores).toEqual({ reward: 1 });
    const broken = detail.analytics.tasks.find(({ task_name }) => task_name === "broken");
    expect(broken?.pass_rate).toMatchObject({ value: null, n: 0 });
    for (const item of await itemsOf(tenant, job, "?task_name=broken")) {
      expect(item).toMatchObject({
        item_status: "infra_error",
        end_reason: "provision_failed",
        passed: null,
        reward: null,
      });
    }
  });

  test("the same failure ends in three ways, each of them as reward 0: here it has one end, and no reward", async () => {
    const tenant = await createTenant();
    const faults = {
      absent: "echo nothing",
      words: "echo good > /logs/verifier/reward.txt",
      empty: ": > /logs/verifier/reward.txt",
      nameless: `echo '{"speed": 2}' > /logs/verifier/reward.json`,
      broken: "echo '{' > /logs/verifier/reward.json",
      crashed: "exit 3",
    };
    for (const [name, script] of Object.entries(faults)) {
      await publishFolder(tenant, name, { ...plainTask, "tests/test.sh": `${script}\n` });
    }
    const task_names = Object.keys(faults);
    const job = await evaluate(tenant, { task_names, agent: "nop", concurrency: 6, max_retries: 0 });
    expect(await ended(tenant, job)).toMatchObject({
      status: "failed",
      error_count: 6,
      pass_rate: null,
      mean_scores: {},
    });
    const ends = (await itemsOf(tenant, job)).map((item) => [
      item.item_status,
      item.end_reason,
      item.reward,
      item.passed,
    ]);
    expect(ends).toEqual(task_names.map(() => ["infra_error", "verifier_no_reward", null, null]));
  });

  test("a time-out that left good work is dropped from the mean: here it is verified, and keeps its reward", async () => {
    const tenant = await tenantWith("write");
    await publishSolvable(tenant, "lenient", {
      verification: { method: "script", script: "verify.sh", timeout: 20, timeouts_may_pass: true },
    });
    const command = "echo done > /tmp/answer; while true; do sleep 0.1; done";
    const agent = { inside: true, command, timeout_sec: 1 };
    const job = await evaluate(tenant, { task_names: ["write", "lenient"], agent, concurrency: 2 });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ timed_out_count: 1, passed_count: 1, pass_rate: 0.5, mean_scores: { reward: 1 } });
    expect(detail.analytics.pass_rate.n).toBe(2);
    expect(await itemsOf(tenant, job)).toMatchObject([
      { item_status: "timed_out", end_reason: "agent_timeout", reward: 1, passed: false },
      { item_status: "passed", end_reason: "timeout_passed", reward: 1, passed: true },
    ]);
    // The evaluation's word comes before the task's.
    const task_config = { timeouts_may_pass: false };
    const strict = await evaluate(tenant, { task_names: ["lenient"], agent, task_config });
    expect(await ended(tenant, strict)).toMatchObject({ timed_out_count: 1, passed_count: 0 });
  });

  test("every task starts again after a failure: here only what did not end well does", async () => {
    const tenant = await tenantWith("write");
    await publishBroken(tenant, "broken");
    const job = await evaluate(tenant, { task_names: ["write", "broken"], concurrency: 2, max_retries: 0 });
    await ended(tenant, job);
    const [before] = await itemsOf(tenant, job);
    expect(await post<Job & { queued: number }>(tenant, job, "/retry-failed")).toMatchObject({ queued: 1 });
    await ended(tenant, job);
    const [after, broken] = await itemsOf(tenant, job);
    expect(after).toEqual(before);
    expect(broken?.result_json.tries).toMatchObject([{ end_reason: "provision_failed" }]);
  });

  test("nobody sees what went wrong: here every answer counts every status", async () => {
    const tenant = await tenantWith("write");
    await publishBroken(tenant, "broken");
    const wanted = { task_names: ["write", "broken"], concurrency: 2, max_retries: 0 };
    const job = await evaluate(tenant, wanted);
    const answers: { counts: Record<string, number> }[] = [job, await ended(tenant, job)];
    const list = async () =>
      (await (await tenant.api(evaluationsPath(tenant))).json<{ evaluations: Job[] }>()).evaluations;
    await expect.poll(list).toMatchObject([{ counts: { passed: 1, infra_error: 1 } }]);
    answers.push(...(await list()), await post(tenant, job, "/retry-failed"));
    await ended(tenant, job);
    const running = await evaluate(tenant, { ...wanted, agent: { inside: true, command: "sleep 30" } });
    answers.push(await post(tenant, running, "/cancel"));
    const frames = await new EventClient(await tenant.api(`${evaluationsPath(tenant)}/${job.id}/events`)).rest();
    for (const { event, data } of frames) if (event === undefined) answers.push(JSON.parse(data));
    for (const { counts } of answers) {
      expect(Object.keys(counts).toSorted()).toEqual(ITEM_STATUSES.toSorted());
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(2);
    }
    await ended(tenant, running);
  });

  test("time-outs are not honoured, and what was left running holds up the next: here neither does", async () => {
    const tenant = await tenantWith("write");
    const command = "echo done > /tmp/answer; (while true; do sleep 0.1; done) & while true; do sleep 0.1; done";
    const began = Date.now();
    const job = await evaluate(tenant, {
      task_names: ["write"],
      agent: { inside: true, command, timeout_sec: 600 },
      task_timeout_sec: 1,
    });
    expect(await ended(tenant, job)).toMatchObject({ timed_out_count: 1, error_count: 0 });
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(await itemsOf(tenant, job)).toMatchObject([{ end_reason: "agent_timeout", reward: 1 }]);
  });
});

describe("when a task passes", () => {
  test("says its pass_threshold, which the evaluation may replace", async () => {
    const tenant = await createTenant();
    const half = { ...plainTask, "tests/test.sh": "echo 0.5 > /logs/verifier/reward.txt\n" };
    const lenient = (plainTask["task.toml"] ?? "").replace("[metadata]", "[metadata]\npass_threshold = 0.5");
    await publishFolder(tenant, "half", half);
    await publishFolder(tenant, "lenient", { ...half, "task.toml": lenient });
    const task_names = ["half", "lenient"];
    const job = await evaluate(tenant, { task_names, agent: "nop", concurrency: 2 });
    expect(await ended(tenant, job)).toMatchObject({ passed_count: 1, failed_count: 1, mean_scores: { reward: 0.5 } });
    expect((await itemsOf(tenant, job)).map(({ end_reason }) => end_reason)).toEqual([
      "reward_below",
      "reward_reached",
    ]);
    const strict = await evaluate(tenant, { task_names, agent: "nop", task_config: { pass_threshold: 0.75 } });
    expect(await ended(tenant, strict)).toMatchObject({ passed_count: 0, failed_count: 2 });
    const made = await tenant.api(`/org/${tenant.org}/ws/main/environments`, {
      method: "POST",
      json: { task_ref: "lenient" },
    });
    const { id, execute_token } = await made.json<{ id: string; execute_token: string }>();
    const verified = await tenant.api(`/org/${tenant.org}/ws/main/environments/${id}/verify`, {
      method: "POST",
      json: {},
      headers: { "X-Environment-Token": execute_token },
    });
    expect(await verified.json()).toMatchObject({ passed: true, reward: 0.5 });
  });

  test("an agent that leaves logs, in each of the three folders, finds them among the artifacts of its run", async () => {
    const tenant = await tenantWith("write");
    const command =
      "mkdir -p /logs/agent /logs/verifier /logs/artifacts/deep; echo a > /logs/agent/a.txt; echo c > /logs/artifacts/deep/c.txt; echo done > /tmp/answer";
    const job = await evaluate(tenant, { task_names: ["write"], agent: { inside: true, command } });
    const detail: Detail = await ended(tenant, job);
    expect(detail).toMatchObject({ passed_count: 1 });
    // Unknown is not nothing.
    expect(detail.analytics.usage.cost_usd).toMatchObject({ sum: null, known: 0 });
    const [item] = await itemsOf(tenant, job);
    expect(item?.usage).toBeNull();
    const run = await call(item?.links.run ?? "", { headers: { Authorization: `Bearer ${tenant.adminKey}` } });
    const { artifacts } = await run.json<{ artifacts: { metadata: { path: string } }[] }>();
    expect(artifacts.map(({ metadata }) => metadata.path).toSorted()).toEqual([
      "agent/a.txt",
      "agent/instruction.md",
      "artifacts/deep/c.txt",
      "verifier/output.txt",
    ]);
    const trajectory = await read<{ schema_version: string; steps: unknown[] }>(
      tenant,
      job,
      `/items/${item?.id}/trajectory`,
    );
    expect(trajectory.schema_version).toMatch(/^ATIF-v1\./);
  });
});
