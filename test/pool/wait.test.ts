import { expect, test } from "vitest";
import type { EnvironmentResponse } from "../../src/environments/environment-schemas.ts";
import type { WaitingFor } from "../../src/pool/wait.ts";
import { basePath, provision, publishTask } from "../environments/client.ts";
import { createAgentClient, read, type WireTask } from "../tasks/client.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import { composeTask, imageTask } from "../registry/harbor-tasks.ts";
import { pack } from "../registry/pack.ts";
import { publishVersion } from "../registry/published.ts";
import { startRunner } from "./runner-client.ts";

interface Waiting {
  waiting_for: WaitingFor | null;
}

async function begin(labels: string[] = []) {
  const tenant = await createTenant();
  await publishTask(tenant);
  const before = Date.now();
  const environment = await provision(tenant, { sandbox_provider: "runner", runner_labels: labels });
  const path = `${basePath(tenant)}/${environment.id}`;
  const ask = async (below = "") => (await tenant.api(`${path}${below}`)).json<EnvironmentResponse>();
  const reason = async () => (await ask()).waiting_for?.reason;
  return { tenant, environment, before, path, ask, reason };
}

async function logsOf(tenant: Tenant, path: string): Promise<string> {
  return (await (await tenant.api(`${path}/logs`)).json<{ logs: string }>()).logs;
}

test("an environment says that no runner was ever there, since when it waits, and how to start one", async () => {
  const { tenant, environment, before, path, ask } = await begin(["gpu"]);
  const { waiting_for: wait } = await ask();
  expect(wait).toMatchObject({ reason: "no_runner_ever", labels: ["gpu"] });
  expect(wait?.detail).toContain("npm run runner -- --url URL --org ORG --labels gpu");
  const since = Date.parse(wait?.since ?? "");
  expect(since).toBeGreaterThanOrEqual(before);
  expect(since).toBeLessThanOrEqual(Date.now());
  expect(environment.waiting_for).toEqual(wait);
  expect((await ask("/status")).waiting_for).toEqual(wait);
  const listed = await (await tenant.api(basePath(tenant))).json<{ environments: Waiting[] }>();
  expect(listed.environments[0]?.waiting_for).toEqual(wait);
  await expect.poll(() => logsOf(tenant, path)).toMatch(/It waits for a runner: No runner has ever connected/);
});

test("an environment tells a runner that left from one without its labels, and from one that is busy", async () => {
  const { tenant, environment, reason, ask } = await begin(["gpu"]);
  const other = await startRunner(tenant, { labels: ["cpu"] });
  expect(await reason()).toBe("no_runner_with_labels");
  other.leave();
  await expect.poll(reason).toBe("no_runner_connected");
  const runner = await startRunner(tenant, { labels: ["gpu"], slots: 1 });
  await runner.take("offer");
  expect(await reason()).toBe("offered");
  const second = await provision(tenant, { sandbox_provider: "runner", runner_labels: ["gpu"] });
  runner.send({ type: "claim", work_id: `${environment.id}.1` });
  await expect.poll(async () => (await ask()).waiting_for).toBeNull();
  const busy = await (await tenant.api(`${basePath(tenant)}/${second.id}`)).json<Waiting>();
  expect(busy.waiting_for).toMatchObject({ reason: "runners_busy" });
});

test.each([
  ["container", imageTask, "Docker or Podman on its machine"],
  ["compose", composeTask, "with compose"],
])("an environment of a task that needs %s is for runners that have it, and says so", async (_, task, detail) => {
  const tenant = await createTenant();
  await publishVersion(tenant, "imaged", "1.0.0", pack(task));
  const plain = await startRunner(tenant);
  const asked = { task_ref: "imaged", sandbox_provider: "runner" };
  const { id, waiting_for: wait } = await provision(tenant, asked);
  expect(wait).toMatchObject({ reason: "no_runner_with_capabilities", detail: expect.stringContaining(detail) });
  // One that is not able to is given nothing, even where it asks.
  plain.send({ type: "claim", work_id: `${id}.1` });
  await plain.take("taken");
  const able = await startRunner(tenant, { capabilities: ["container", "compose"] });
  expect((await able.take("offer")).work_id).toBe(`${id}.1`);
});

test("an environment that needs no runner waits for nothing", async () => {
  const tenant = await createTenant();
  await publishTask(tenant);
  expect((await provision(tenant)).waiting_for).toBeNull();
});

test("a queued run says what it waits for until a runner has it", async () => {
  const client = await createAgentClient();
  const { id: taskId } = await client.createTask({ description: "Fix it" });
  const task = await read<WireTask>(client.send(`/${taskId}/run/`, { json: {} }));
  const runId = task.latest_run?.id ?? "";
  const ask = () => read<Partial<Waiting>>(client.send(`/${taskId}/runs/${runId}/`));
  await expect.poll(async () => (await ask()).waiting_for?.reason).toBe("no_runner_ever");
  expect((await ask()).waiting_for?.detail).toContain("--agent");
  const runs = await read<{ results: Partial<Waiting>[] }>(client.send(`/${taskId}/runs/`));
  expect(runs.results[0]?.waiting_for).toMatchObject({ reason: "no_runner_ever", labels: [] });
  const runner = await startRunner(client);
  await runner.work();
  await expect.poll(async () => (await ask()).waiting_for).toBeUndefined();
});
