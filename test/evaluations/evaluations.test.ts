import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { registryVersions } from "../../src/db/schema.ts";
import { eventually } from "../eventually.ts";
import type { ErrorBody } from "../registry/archives.ts";
import { parseLines } from "../runs/run-client.ts";
import { createTenant } from "../tenant.ts";
import {
  ended,
  evaluate,
  evaluationsPath,
  type Item,
  itemsOf,
  type Job,
  post,
  publishSolvable,
  read,
  tenantWith,
} from "./client.ts";

/** Has an item begin at once that waits for another try, as soon as it does; how long it would have waited, in milliseconds. */
async function skipPause({ id }: { id: string }): Promise<number> {
  const open = () => env.EVALUATION.getByName(id);
  const pause = await eventually(() =>
    runInDurableObject(open(), (_, { storage: { sql } }) => {
      const [waiting] = sql
        .exec<{ pause: number }>(
          "SELECT due - queued_at AS pause FROM items WHERE status = 'queued' AND due > queued_at",
        )
        .toArray();
      if (!waiting) throw new Error("No item waits for another try");
      sql.exec("UPDATE items SET due = queued_at WHERE status = 'queued'");
      sql.exec("UPDATE timers SET due = 1 WHERE name = 'due'");
      return waiting.pause;
    }),
  );
  await runDurableObjectAlarm(open());
  return pause;
}

describe("an evaluation", () => {
  test("passes what the oracle does, and fails who does nothing", async () => {
    const tenant = await tenantWith("write", "again");
    const job = await evaluate(tenant, { task_names: ["write", "again@1.0.0"], attempts: 2, concurrency: 2 });
    expect(job).toMatchObject({ status: "running", dataset_size: 2, total_samples: 4, iterations: 2, pass_rate: null });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "completed", passed_count: 4, pass_rate: 1, mean_scores: { reward: 1 } });
    expect(detail.analytics.pass_rate).toMatchObject({ value: 1, n: 4 });
    expect(detail.analytics.pass_hat_k).toMatchObject([
      { k: 1, value: 1, tasks: 2 },
      { k: 2, value: 1, tasks: 2 },
    ]);
    const items = await itemsOf(tenant, job);
    expect(items.map(({ task_name_snapshot, attempt }) => `${task_name_snapshot} ${attempt}`)).toEqual([
      "write 1",
      "again 1",
      "write 2",
      "again 2",
    ]);
    const [item] = items;
    expect(item).toMatchObject({
      item_status: "passed",
      passed: true,
      reward: 1,
      end_reason: "reward_reached",
      retry_count: 0,
      task_ref: `${tenant.org}/write@1.0.0`,
      usage: null,
    });

    const nothing = await evaluate(tenant, { task_names: ["write"], agent: "nop" });
    const failed = await ended(tenant, nothing);
    expect(failed).toMatchObject({ status: "completed", failed_count: 1, pass_rate: 0 });
    expect((await itemsOf(tenant, nothing))[0]).toMatchObject({ end_reason: "reward_below", passed: false, reward: 0 });

    const comparison = await tenant.api(`${evaluationsPath(tenant)}/compare?ids=${nothing.id},${job.id}`);
    expect(await comparison.json()).toMatchObject({ common_tasks: 1, only_b: 1, difference: { value: 1 } });
  });

  test("leaves no environment alive, and keeps what was logged with the run", async () => {
    const tenant = await createTenant();
    await publishSolvable(
      tenant,
      "logged",
      {},
      { "verify.sh": "mkdir -p /logs/verifier; echo 7 > /logs/verifier/score; test -f /tmp/answer\n" },
    );
    const job = await evaluate(tenant, { task_names: ["logged"] });
    await ended(tenant, job);
    const [item] = await itemsOf(tenant, job);
    const environment = await tenant.api((item?.links.environment ?? "").replace("/api/v1", ""));
    expect(await environment.json()).toMatchObject({ state: "torn_down", end_reason: "deleted" });
    const run = await tenant.api((item?.links.run ?? "").replace("/api/", "/../"));
    const { status, artifacts, state } = await run.json<{
      status: string;
      artifacts: { name: string; metadata: { path: string } }[];
      state: Record<string, unknown>;
    }>();
    expect(status).toBe("completed");
    expect(state).toMatchObject({ evaluation_id: job.id, task_ref: item?.task_ref });
    expect(artifacts.map(({ metadata }) => metadata.path).toSorted()).toEqual(["verifier/score"]);
  });

  test("runs a command in the environment, whose output is the run's log and trajectory", async () => {
    const tenant = await tenantWith("write");
    const command = `echo "model $TASKYARD_MODEL"
echo '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"agent_message","content":{"type":"text","text":"Done."}}}}'
echo '{"jsonrpc":"2.0","method":"_posthog/usage_update","params":{"sessionId":"s","used":{"inputTokens":10,"outputTokens":4},"cost":0.25}}'
echo "$ANSWER" > /tmp/answer`;
    const agent = { inside: true, command, env: { ANSWER: "done" } };
    const job = await evaluate(tenant, { task_names: ["write"], agent, model: "example/model" });
    expect(job.params).toMatchObject({ agent: { env: ["ANSWER"] } });
    await ended(tenant, job);
    const [item] = await itemsOf(tenant, job);
    expect(item).toMatchObject({
      item_status: "passed",
      usage: { input_tokens: 10, output_tokens: 4, cost_usd: 0.25, cached_tokens: null },
    });
    const trajectory = await read<{ steps: { source: string; message: string }[]; final_metrics: object }>(
      tenant,
      job,
      `/items/${item?.id}/trajectory`,
    );
    expect(trajectory).toMatchObject({
      session_id: item?.run_id,
      agent: { model_name: "example/model" },
      final_metrics: { total_prompt_tokens: 10, total_cost_usd: 0.25 },
    });
    expect(trajectory.steps.map(({ source }) => source)).toContain("agent");
    expect(trajectory.steps[0]).toMatchObject({ source: "user", message: "Write done to /tmp/answer." });
  });

  test("tells a failure of the agent from one of the verifier", async () => {
    const tenant = await createTenant();
    await publishSolvable(tenant, "write");
    await publishSolvable(
      tenant,
      "slow",
      {
        verification: { method: "script", script: "verify.sh", timeout: 1 },
      },
      { "verify.sh": "while true; do sleep 0.1; done\n" },
    );
    const failing = await evaluate(tenant, { task_names: ["write"], agent: { inside: true, command: "exit 3" } });
    const looping = await evaluate(tenant, {
      task_names: ["write"],
      agent: { inside: true, command: "echo done > /tmp/answer; while true; do sleep 0.1; done", timeout_sec: 1 },
      max_retries: 0,
    });
    const late = await evaluate(tenant, {
      task_names: ["write"],
      agent: { inside: true, command: "echo done > /tmp/answer; while true; do sleep 0.1; done", timeout_sec: 1 },
      task_config: { timeouts_may_pass: true },
    });
    const unverified = await evaluate(tenant, { task_names: ["slow"], max_retries: 0 });
    const reasons = await Promise.all(
      [failing, looping, late, unverified].map(async (job) => {
        const { status, pass_rate } = await ended(tenant, job);
        const [item] = await itemsOf(tenant, job);
        return [status, pass_rate, item?.item_status, item?.end_reason, item?.reward, item?.passed];
      }),
    );
    expect(reasons).toEqual([
      ["completed", 0, "failed", "agent_failed", 0, false],
      ["completed", 0, "timed_out", "agent_timeout", 1, false],
      ["completed", 1, "passed", "timeout_passed", 1, true],
      ["failed", null, "infra_error", "verifier_timeout", null, null],
    ]);
  });

  test("tries again what infrastructure failed, keeps the tries, and says what is wrong", async () => {
    const tenant = await createTenant();
    await publishSolvable(
      tenant,
      "broken",
      { provision: { script: "provision.sh", timeout: 5 } },
      { "provision.sh": "echo no such mirror; exit 1\n" },
    );
    const job = await evaluate(tenant, { task_names: ["broken"], max_retries: 2 });
    const pauses = [await skipPause(job), await skipPause(job)];
    // Half to all of a pause that doubles, of EVALUATION_RETRY_SECONDS at first.
    for (const [retry, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(2_500 * 2 ** retry);
      expect(pause).toBeLessThanOrEqual(5_000 * 2 ** retry);
    }
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "failed", error_count: 1, pass_rate: null });
    const [item] = await itemsOf(tenant, job);
    expect(item).toMatchObject({
      item_status: "infra_error",
      end_reason: "provision_failed",
      retry_count: 2,
      passed: null,
    });
    expect(item?.error).toMatch(/exit code 1|ended with 1/i);
    expect(item?.result_json.tries.map(({ end_reason }) => end_reason)).toEqual([
      "provision_failed",
      "provision_failed",
    ]);
    expect(detail.analytics.pass_rate).toMatchObject({ value: null, n: 0 });
  });

  test("retries what did not pass, and nothing else", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], attempts: 2, agent: "nop" });
    await ended(tenant, job);
    const again = await post<Job & { queued: number }>(tenant, job, "/retry-failed");
    expect(again).toMatchObject({ queued: 2, status: "running" });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "completed", failed_count: 2 });
    const items = await itemsOf(tenant, job);
    expect(items.map(({ result_json }) => result_json.tries.length)).toEqual([1, 1]);
    const passed = await evaluate(tenant, { task_names: ["write"] });
    await ended(tenant, passed);
    expect(await post(tenant, passed, "/retry-failed")).toMatchObject({ queued: 0, status: "completed" });
  });

  test("is cancelled with everything that it has begun", async () => {
    const tenant = await tenantWith("write");
    const command = "while true; do sleep 0.1; done";
    const job = await evaluate(tenant, {
      task_names: ["write"],
      attempts: 3,
      concurrency: 1,
      agent: { inside: true, command, timeout_sec: 600 },
    });
    await expect
      .poll(async () => (await itemsOf(tenant, job))[0]?.item_status, { timeout: 15_000 })
      .toBe("agent_running");
    const began = Date.now();
    await post(tenant, job, "/cancel");
    const detail = await ended(tenant, job);
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(detail).toMatchObject({ status: "cancelled", stop_reason: "user", cancelled_count: 3, pass_rate: null });
    const [item] = await itemsOf(tenant, job);
    expect(item).toMatchObject({ item_status: "cancelled", end_reason: "user" });
    const environment = await tenant.api((item?.links.environment ?? "").replace("/api/v1", ""));
    expect(await environment.json()).toMatchObject({ state: "torn_down" });
    expect(await post(tenant, job, "/cancel")).toMatchObject({ status: "cancelled" });
  });

  test("begins no item beyond its budget", async () => {
    const tenant = await tenantWith("write");
    const command = `echo '{"jsonrpc":"2.0","method":"_posthog/usage_update","params":{"sessionId":"s","cost":2}}'; echo done > /tmp/answer`;
    const job = await evaluate(tenant, {
      task_names: ["write"],
      attempts: 4,
      agent: { inside: true, command },
      max_cost_usd: 3,
    });
    const detail = await ended(tenant, job);
    expect(detail).toMatchObject({ status: "cancelled", stop_reason: "budget", passed_count: 2, cancelled_count: 2 });
    const reasons = (await itemsOf(tenant, job)).map(({ end_reason }) => end_reason);
    expect(reasons).toEqual(["reward_reached", "reward_reached", "budget", "budget"]);
    expect(detail.analytics.usage.cost_usd).toMatchObject({ sum: 4, known: 2 });
  });

  test("takes rows of a dataset, and fixes versions when it is made", async () => {
    const tenant = await createTenant();
    await publishSolvable(tenant, "named", { instruction: "Write {{word}} to /tmp/answer." });
    const rows = [
      { task_name: "named", word: "done" },
      { task_name: "named@latest", word: "other" },
    ];
    const job = await evaluate(tenant, { dataset: { rows } });
    await ended(tenant, job);
    const items = await itemsOf(tenant, job);
    expect(items.map(({ metadata_json, task_ref }) => [metadata_json, task_ref])).toEqual([
      [{ word: "done" }, `${tenant.org}/named@1.0.0`],
      [{ word: "other" }, `${tenant.org}/named@1.0.0`],
    ]);
  });

  test("keeps environments of what did not pass, where it is asked to", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], agent: "nop", cleanup_policy: "on_success" });
    await ended(tenant, job);
    const [item] = await itemsOf(tenant, job);
    const path = (item?.links.environment ?? "").replace("/api/v1", "");
    expect(await (await tenant.api(path)).json()).toMatchObject({ state: "ready" });
    await tenant.api(path, { method: "DELETE" });
  });

  test("is made once for an idempotency key", async () => {
    const tenant = await tenantWith("write");
    const init = { headers: { "Idempotency-Key": "nightly" } };
    const [first, second] = [
      await evaluate(tenant, { task_names: ["write"] }, init),
      await evaluate(tenant, { task_names: ["write"] }, init),
    ];
    expect(second.id).toBe(first.id);
    const list = await tenant.api(evaluationsPath(tenant));
    expect(await list.json()).toMatchObject({ total: 1 });
  });
});

/** What a request for an evaluation is refused with; nothing of it is left. */
async function refused(json: object) {
  const tenant = await tenantWith("write");
  const { id } = await publishSolvable(tenant, "unverified");
  // No archive without a verification is published; what was published before that was so is there all the same.
  await connect(env.DB).update(registryVersions).set({ verification: null }).where(eq(registryVersions.id, id));
  await publishSolvable(tenant, "judged", {
    verification: { method: "outcome_judge", judge: { model: "m", rubric: "r" } },
  });
  await publishSolvable(tenant, "unsolved", { solution: undefined });
  const answer = await tenant.api(evaluationsPath(tenant), {
    method: "POST",
    json: { name: "test", model: "none", agent: "oracle", ...json },
  });
  const { errors = [], detail } = await answer.json<ErrorBody>();
  const list = await tenant.api(evaluationsPath(tenant));
  expect(await list.json()).toMatchObject({ total: 0 });
  return { status: answer.status, detail, types: (errors ?? []).map(({ type }) => type), errors };
}

describe("a request that is refused", () => {
  test("names every task that cannot be evaluated", async () => {
    const { status, types, errors } = await refused({
      task_names: ["write", "unverified", "judged", "unsolved", "nowhere"],
    });
    expect([status, types]).toEqual([422, ["no_verification", "not_verifiable", "no_solution", "task_not_found"]]);
    expect(errors?.[0]?.loc).toEqual(["body", "task_names", 1]);
  });

  test.each([
    ["no tasks", {}, "tasks_missing"],
    ["tasks by two ways", { task_names: ["write"], dataset: [{ task_name: "write" }] }, "tasks_missing"],
    ["a provider that is not offered", { task_names: ["write"], sandbox_provider: "container" }, "not_offered"],
    [
      "a foreign project",
      { task_names: ["write"], project_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003" },
      "project_not_found",
    ],
    [
      "too many items",
      { dataset: Array.from({ length: 101 }, () => ({ task_name: "write" })), attempts: 100 },
      "too_many_items",
    ],
  ])("%s", async (_, json, type) => {
    expect(await refused(json)).toMatchObject({ status: 422, types: [type] });
  });

  test.each([
    ["concurrency", { concurrency: 101 }],
    ["attempts", { attempts: 0 }],
    ["max_retries", { max_retries: 11 }],
    ["name", { name: "" }],
    ["agent", { agent: "magic" }],
    ["agent.command", { agent: { inside: true } }],
    ["task_names", { task_names: ["Not A Name"] }],
    ["cleanup_policy", { cleanup_policy: "never" }],
    ["kind", { kind: "other" }],
    ["max_cost_usd", { max_cost_usd: 0 }],
  ])("%s out of its range", async (_, json) => {
    expect((await refused({ task_names: ["write"], ...json })).status).toBe(422);
  });

  test.each([
    ["agent", "orcale", 'body.agent: must be "oracle", "nop", or an object with a command'],
    ["agent", 7, 'body.agent: must be "oracle", "nop", or an object'],
    ["agent", { inside: true }, "body.agent.command: is missing"],
    ["agent", { command: "x", timeout_sec: 0 }, "body.agent.timeout_sec: Too small"],
    ["dataset", "rows", "body.dataset: must be a list of rows with a task_name each"],
    ["dataset", [{ word: "x" }], "body.dataset.0.task_name: Invalid input"],
    ["dataset", { rows: [] }, "body.dataset.rows: Too small"],
    ["task_set", 7, "body.task_set: Invalid input: expected string"],
  ])("%s %j is told what it may be", async (field, value, said) => {
    const { status, detail } = await refused({ [field]: value });
    expect([status, detail]).toEqual([422, expect.stringContaining(said)]);
  });

  test("ignored fields are told", async () => {
    const tenant = await tenantWith("write");
    const { warnings } = await evaluate(tenant, { task_names: ["write"], concurency: 3 });
    expect(warnings).toEqual(["Ignored: unknown field concurency; did you mean concurrency?"]);
  });
});

describe("an export", () => {
  test("has a line for each item, or Harbor's folder of all of them", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], attempts: 2, name: "ours" });
    await ended(tenant, job);
    const fetchAs = async (format: string) => {
      const answer = await tenant.api(`${evaluationsPath(tenant)}/${job.id}/export?format=${format}`);
      expect(answer.status).toBe(200);
      return answer;
    };
    const lines = parseLines(await (await fetchAs("jsonl")).text());
    expect(lines).toMatchObject([
      { position: 0, item_status: "passed", reward: 1, attempt: 1, evaluation_id: job.id },
      { position: 1, item_status: "passed", attempt: 2 },
    ]);
    const csv = await fetchAs("csv");
    expect(csv.headers.get("content-disposition")).toContain(`evaluation-${job.id}.csv`);
    expect((await csv.text()).split("\r\n").map((line) => line.split(",")[7])).toEqual([
      "item_status",
      "passed",
      "passed",
      undefined,
    ]);
    const files = unzipSync(new Uint8Array(await (await fetchAs("harbor")).arrayBuffer()));
    const names = Object.keys(files).toSorted();
    expect(names).toEqual([
      "config.json",
      "result.json",
      "write__00000/config.json",
      "write__00000/result.json",
      "write__00000/verifier/output.txt",
      "write__00001/config.json",
      "write__00001/result.json",
      "write__00001/verifier/output.txt",
    ]);
    const result = JSON.parse(strFromU8(files["write__00000/result.json"] ?? new Uint8Array(0)));
    expect(result).toMatchObject({ verifier_result: { rewards: { reward: 1 } }, exception_info: null });
    expect(strFromU8(files["write__00000/verifier/output.txt"] ?? new Uint8Array(0))).toBe("looking\n");
    expect((await tenant.api(`${evaluationsPath(tenant)}/${job.id}/export?format=xml`)).status).toBe(422);
  });
});

describe("lists", () => {
  test("filter by status, name and task", async () => {
    const tenant = await tenantWith("write", "other");
    const one = await evaluate(tenant, { name: "Nightly One", task_names: ["write", "other"] });
    const two = await evaluate(tenant, { name: "second", task_names: ["write"], agent: "nop" });
    await ended(tenant, one);
    await ended(tenant, two);
    const list = async (query: string) => {
      const answer = await tenant.api(`${evaluationsPath(tenant)}${query}`);
      return (await answer.json<{ evaluations: Job[] }>()).evaluations.map(({ name }) => name);
    };
    await expect.poll(() => list("?status[]=completed&status[]=failed")).toEqual(["second", "Nightly One"]);
    expect(await list("?search=nightly")).toEqual(["Nightly One"]);
    expect(await list("?status=running")).toEqual([]);
    expect(await list("?limit=1&page=2")).toEqual(["Nightly One"]);
    expect(await list(`?project_id=${tenant.projectId}`)).toEqual(["second", "Nightly One"]);
    expect((await itemsOf(tenant, one, "?task_name=other")).length).toBe(1);
    expect((await itemsOf(tenant, one, "?item_status=failed")).length).toBe(0);
    expect((await itemsOf(tenant, two, "?item_status[]=failed&item_status[]=passed")).length).toBe(1);
    expect((await itemsOf(tenant, one, "?limit=1&page=2"))[0]?.task_name_snapshot).toBe("other");
    const traces = await read<{ has_trace: boolean; trace_status: string }[]>(tenant, one, "/traces/items");
    expect(traces).toMatchObject([
      { has_trace: true, trace_status: "completed", trace_type: "run" },
      { has_trace: true, trace_status: "completed" },
    ]);
  });

  test("show nothing of another organization, nor of what is not there", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"] });
    const stranger = await createTenant();
    const own = `${evaluationsPath(stranger)}/${job.id}`;
    for (const path of ["", "/items", "/events", "/traces/items"])
      expect((await stranger.api(own + path)).status).toBe(404);
    for (const path of ["/cancel", "/retry-failed"])
      expect((await stranger.api(own + path, { method: "POST" })).status).toBe(404);
    const [item] = await itemsOf(tenant, job);
    expect((await stranger.api(`${own}/items/${item?.id}`)).status).toBe(404);
    const unknown = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003";
    expect((await tenant.api(`${evaluationsPath(tenant)}/${job.id}/items/${unknown}`)).status).toBe(404);
    await ended(tenant, job);
    expect(await post<Item>(tenant, job, "/retry-failed")).toBeDefined();
    const late = await tenant.api(`${evaluationsPath(tenant)}/${job.id}/cancel`, { method: "POST" });
    expect(late.status).toBe(409);
  });
});
