import { describe, expect, test } from "vitest";
import { readReward } from "../../src/environments/verification/verify-harbor.ts";
import { type ErrorBody } from "../registry/archives.ts";
import { pack } from "../registry/pack.ts";
import {
  composeTask,
  FOURTH_TIME,
  imageTask,
  plainTask,
  rewardsTask,
  type TaskFolder,
  withHealthcheck,
  withSettings,
} from "../registry/harbor-tasks.ts";
import { publishVersion } from "../registry/published.ts";
import { createTenant } from "../tenant.ts";
import { basePath, connect, type EnvironmentClient, provision } from "./client.ts";

async function open(task: TaskFolder): Promise<EnvironmentClient> {
  const tenant = await createTenant();
  await publishVersion(tenant, "words", "1.0.0", pack(task));
  return connect(tenant, await provision(tenant, { task_ref: "words" }));
}

async function verify(client: EnvironmentClient): Promise<Record<string, unknown>> {
  const answer = await client.onEnvironment("/verify", { method: "POST" });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return answer.json();
}

describe("an environment of a task in Harbor's format", () => {
  test("is ready when its healthcheck has passed, and failures in its start period do not count", async () => {
    const { execute, onEnvironment } = await open(
      withHealthcheck(plainTask, { command: FOURTH_TIME, start_period_sec: 60, retries: 1 }),
    );
    const state = async () => (await (await onEnvironment("")).json<{ state: string }>()).state;
    await expect.poll(state, { timeout: 15_000 }).toBe("ready");
    expect((await execute("cat /tmp/asked")).stdout).toBe("4\n");
    const { logs } = await (await onEnvironment("/logs")).json<{ logs: string }>();
    expect(logs).toMatch(/healthcheck: ended with exit code 1: asked 1\n[^]*asked 3\n[^]*The healthcheck has passed\./);
  });

  test.each<[string, Record<string, string | number>, RegExp]>([
    ["fails", { command: `${FOURTH_TIME}; false`, retries: 3 }, /3 times in a row: .* exit code 1: asked 3$/],
    ["fails once", { command: "cat /not/there", retries: 1 }, /at one try: .* exit code 1: .*\/not\/there/],
    ["takes too long", { command: "sleep 60", retries: 1, timeout_sec: 0.1 }, /its command took too long$/],
  ])("fails where its healthcheck %s, and says why", async (_, values, reason) => {
    const tenant = await createTenant();
    await publishVersion(tenant, "words", "1.0.0", pack(withHealthcheck(plainTask, values)));
    const { id } = await provision(tenant, { task_ref: "words" });
    await expect
      .poll(async () => (await tenant.api(`${basePath(tenant)}/${id}`)).json(), { timeout: 15_000 })
      .toMatchObject({ state: "failed", error: expect.stringMatching(reason) });
  });

  test("that is deleted while its healthcheck is asked ends at once", async () => {
    const tenant = await createTenant();
    const values = { command: "false", start_period_sec: 3_000, start_interval_sec: 100 };
    await publishVersion(tenant, "words", "1.0.0", pack(withHealthcheck(plainTask, values)));
    const { onEnvironment } = connect(tenant, await provision(tenant, { task_ref: "words" }));
    const logs = async () => (await (await onEnvironment("/logs")).json<{ logs: string }>()).logs;
    await expect.poll(logs).toContain("healthcheck: ended with exit code 1");
    expect((await onEnvironment("", { method: "DELETE" })).status).toBe(200);
    await expect.poll(logs).toContain("The sandbox is gone.");
  });

  test("has the task's files but neither tests, solution nor configuration", async () => {
    const { execute } = await open(plainTask);
    expect((await execute("find . -type f | sort")).stdout).toBe("./instruction.md\n./words.txt\n");
  });

  test("gives the reward that its tests write, whatever their exit code is", async () => {
    const client = await open(plainTask);
    expect(await verify(client)).toMatchObject({ passed: false, reward: 0, rewards: null, output: "wrong\n" });
    await client.execute("wc -w < words.txt | tr -d ' ' > answer");
    expect(await verify(client)).toMatchObject({
      passed: true,
      reward: 1,
      rewards: null,
      output: "right\n",
      method: "script",
    });
    expect((await client.execute("cat /logs/verifier/test-stdout.txt")).stdout).toBe("right\n");
  });

  test("runs the tests as they were published, and takes no reward that lay there before", async () => {
    const client = await open({ ...plainTask, "tests/test.sh": "cat /tests/mine /tests/expected.sh; true\n" });
    await client.execute(
      "mkdir -p /tests /logs/verifier; echo forged > /tests/mine; echo EXPECTED=9 > /tests/expected.sh; echo 1 > /logs/verifier/reward.txt",
    );
    const verdict = await verify(client);
    expect(verdict).toMatchObject({ passed: false, reward: null, rewards: null });
    expect(verdict["output"]).toContain("EXPECTED=3");
    expect(verdict["output"]).not.toContain("forged");
  });

  test("gives all numbers of a task that writes several, of which `reward` counts", async () => {
    const rewards = { reward: 0.5, speed: 2, size: 1000 };
    expect(await verify(await open(rewardsTask))).toMatchObject({ passed: false, reward: 0.5, rewards });
  });

  test("has the variables of its verification, and none of them before", async () => {
    const task = withSettings({ ...plainTask, "tests/test.sh": 'echo "$LEVEL" > /logs/verifier/reward.txt\n' }, "");
    task["task.toml"] = (task["task.toml"] ?? "").replace(
      "timeout_sec = 120.0",
      'timeout_sec = 120.0\nenv = { LEVEL = "1" }',
    );
    const client = await open(task);
    expect((await client.execute('echo "[$LEVEL]"')).stdout).toBe("[]\n");
    expect(await verify(client)).toMatchObject({ passed: true, reward: 1 });
  });

  test("says which variable of the machine's its verification needs", async () => {
    const task = { ...plainTask };
    task["task.toml"] = (task["task.toml"] ?? "").replace("timeout_sec = 120.0", 'env = { KEY = "${API_KEY}" }');
    const refused = await (await open(task)).onEnvironment("/verify", { method: "POST" });
    const body = await refused.json<ErrorBody>();
    expect([refused.status, body.detail]).toEqual([400, expect.stringContaining("${API_KEY}")]);
  });

  test.each<[string, TaskFolder, string]>([
    ["a Dockerfile", imageTask, "environment/Dockerfile"],
    ["an image", withSettings(plainTask, '[environment]\ndocker_image = "debian:bookworm"\n'), "docker_image"],
    ["services", composeTask, "docker-compose"],
    ["a folder of its image's", withSettings(plainTask, '[environment]\nworkdir = "/app"\n'), "workdir"],
    ["GPUs", withSettings(plainTask, "[environment]\ngpus = 1\n"), "gpus"],
  ])("is refused where the task needs %s and no sandbox has it", async (_, task, need) => {
    const tenant = await createTenant();
    await publishVersion(tenant, "words", "1.0.0", pack(task));
    const refused = await tenant.api(basePath(tenant), { method: "POST", json: { task_ref: "words" } });
    const body = await refused.json<ErrorBody>();
    expect([refused.status, body.detail]).toEqual([400, expect.stringContaining(need)]);
  });
});

test.each([
  ["reward.txt\n1\n", 1, null],
  ["reward.txt\n 0.25 \n", 0.25, null],
  ["reward.txt\n", null, null],
  ["reward.txt\nnone\n", null, null],
  ['reward.json\n{"reward": 1, "a": 2}', 1, { reward: 1, a: 2 }],
  ['reward.json\n{"a": 2}', null, { a: 2 }],
  ['reward.json\n{"reward": "1"}', null, null],
  ["reward.json\n[1]", null, null],
  ["reward.json\n{", null, null],
  ["", null, null],
])("reads a reward: %j", (text, reward, rewards) => {
  expect(readReward(text)).toEqual({ reward, rewards });
});
