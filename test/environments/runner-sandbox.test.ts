import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { type MachineMessage, WORK_TOKEN_HEADER } from "../../src/sandbox/runner-protocol.ts";
import { letKeysBeLookedAt, letLeasesEnd, startRunner } from "../pool/runner-client.ts";
import { manifest } from "../registry/archives.ts";
import { pack } from "../registry/pack.ts";
import { inTime } from "../stream/event-client.ts";
import { call, createTenant } from "../tenant.ts";
import { basePath, connect, provision, publishTask } from "./client.ts";
import { begin, breakOff, claim, dial, MachineClient, setUp } from "./machine-client.ts";

/** The environment and the token of the work that is claimed next. */
async function claimed(runner: Parameters<typeof claim>[0]): Promise<[id: string, token: string]> {
  const { environment_id, work_token } = await claim(runner);
  return [environment_id, work_token];
}

test("fails, and ends its machine's connection, when the key of its runner is revoked", async () => {
  const { tenant, runner, machine, read } = await setUp();
  await env.DB.prepare(
    "UPDATE api_keys SET revoked_at = ? WHERE organization_id = ? AND scopes LIKE '%runner%' AND scopes NOT LIKE '%admin%'",
  )
    .bind(Date.now(), tenant.id)
    .run();
  await letKeysBeLookedAt(tenant);
  expect(await inTime(runner.closed, "the close of the runner")).toBe(4004);
  expect(await inTime(machine.closed, "the close of the machine")).toBe(4000);
  expect(await read()).toMatchObject({ state: "failed", error: "The key of its runner was revoked" });
});

test("gives secrets to a machine that masks them, and to no other; none of them is stored in plain", async () => {
  const tenant = await createTenant();
  await publishTask(tenant);
  const secret = { name: "API_TOKEN", value: "a secret of the machine" };
  await tenant.api(`/org/${tenant.org}/secrets`, { method: "POST", json: secret });
  const runner = await startRunner(tenant, { slots: 2 });
  const asked = { sandbox_provider: "runner", secret_ids: ["API_TOKEN"] };
  const old = await provision(tenant, asked);
  const read = async ({ id }: { id: string }) => (await tenant.api(`${basePath(tenant)}/${id}`)).json();
  const first = new MachineClient(await dial(tenant, old.id, (await claim(runner)).work_token));
  first.send({ type: "hello", protocol: 1, state: "new" });
  await expect.poll(() => read(old)).toMatchObject({ state: "failed", error: expect.stringContaining("too old") });
  await runner.take("revoke");
  const limits = { scope: "environment" as const, memory_bytes: 2 ** 30, processes: 576, cpus: 1.5 };
  const environment = await provision(tenant, asked);
  const second = new MachineClient(await dial(tenant, environment.id, (await claim(runner)).work_token));
  second.send({ type: "hello", protocol: 1, state: "new", masks_secrets: true });
  expect(await second.take("open")).toMatchObject({ secrets: { API_TOKEN: secret.value } });
  second.send({ type: "ready", limits });
  await expect.poll(() => read(environment)).toMatchObject({ state: "ready", limits });
  expect(await read(old)).toMatchObject({ limits: null });
  const client = connect(tenant, environment);
  await client.start("echo $API_TOKEN");
  expect(await second.take("start")).toMatchObject({ has_secrets: true, env: {} });
  const stored = await runInDurableObject(env.ENVIRONMENT.getByName(environment.id), (_, { storage }) =>
    JSON.stringify([[...storage.kv.list()], storage.sql.exec("SELECT * FROM runner_commands").toArray()]),
  );
  expect(stored).toContain("echo $API_TOKEN");
  expect(stored).not.toContain(secret.value);
});

test("provisions on the machine of the runner that claims it", async () => {
  const { tenant, runner, environment } = await begin();
  expect(environment).toMatchObject({ state: "provisioning", sandbox_provider: { kind: "runner", linux: true } });
  const { environment_id, work_token } = await claim(runner);
  expect(environment_id).toBe(environment.id);
  const machine = new MachineClient(await dial(tenant, environment.id, work_token));
  machine.send({ type: "hello", protocol: 1, state: "new" });
  const { archive, provision, withheld_paths } = await machine.take("open");
  expect({ provision, withheld_paths }).toEqual({
    provision: { script: "provision.sh", timeout: 7 },
    withheld_paths: ["solution.sh"],
  });
  const download = await dial(tenant, environment.id, work_token, "archive");
  const bytes = await download.arrayBuffer();
  expect(bytes.byteLength).toBe(archive.size);
  expect(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()).toBe(archive.sha256);
});

const WEB = {
  yaml: { ports: { web: [8080] }, instruction: "Open {{web_url}} at {{web_url_8080}}." },
  files: { "docker-compose.yaml": 'services: { web: { image: web, ports: ["8080:80"] } }' },
};

test("has a machine start the services of a task, and says where they are", async () => {
  const tenant = await createTenant();
  await publishTask(tenant, WEB);
  const runner = await startRunner(tenant, { slots: 3, capabilities: ["container", "compose"] });
  const environment = await provision(tenant, { sandbox_provider: "runner" });
  expect(environment).toMatchObject({ warnings: [], service_urls: null, sandbox_provider: { services: true } });
  const { work_token } = await claim(runner);
  const machine = new MachineClient(await dial(tenant, environment.id, work_token));
  machine.send({ type: "hello", protocol: 1, state: "new" });
  expect(await machine.take("open")).toMatchObject({ services: { ports: { web: [8080] }, by: "compose" } });
  const services = { web: { url: "http://web:80", port: 80, urls: { "8080": "http://web:80" } } };
  // What it says is lost, and said again when it comes back.
  await breakOff(environment.id, machine);
  const again = new MachineClient(await dial(tenant, environment.id, work_token));
  const limits = { scope: "process" as const, memory_bytes: 2 ** 31, processes: null, cpus: null };
  again.send({ type: "hello", protocol: 1, state: "ready", services, limits });
  await again.take("resume");
  const ready = await (await tenant.api(`${basePath(tenant)}/${environment.id}`)).json();
  const instruction = "Open http://web:80 at http://web:80.";
  expect(ready).toMatchObject({ state: "ready", service_urls: services, instruction, limits });
  // Whoever knows an address of each needs none of them started.
  await provision(tenant, { sandbox_provider: "runner", inputs: { web_url: "https://web.example.com" } });
  const other = new MachineClient(await dial(tenant, ...(await claimed(runner))));
  other.send({ type: "hello", protocol: 1, state: "new" });
  expect(await other.take("open")).toMatchObject({ services: null });
});

test("asks no engine of the runner for services that the provision script starts", async () => {
  const tenant = await createTenant();
  const provisionBlock = { script: "serve.sh", starts_services: true };
  const yaml = { ports: { web: [8080] }, provision: provisionBlock };
  await publishTask(tenant, { yaml, files: { "serve.sh": "" } });
  const task = await (await tenant.api(`/org/${tenant.org}/tasks/sample`)).json();
  expect(task).toMatchObject({ provision: { ...provisionBlock, timeout: 120 }, ports: { web: [8080] } });
  const runner = await startRunner(tenant, { slots: 2 });
  await provision(tenant, { sandbox_provider: "runner" });
  const machine = new MachineClient(await dial(tenant, ...(await claimed(runner))));
  machine.send({ type: "hello", protocol: 1, state: "new" });
  expect(await machine.take("open")).toMatchObject({ services: { ports: { web: [8080] }, by: "script" } });
});

test("waits for a runner with an engine where services are containers", async () => {
  const tenant = await createTenant();
  await publishTask(tenant, WEB);
  await startRunner(tenant, { slots: 2 });
  const { waiting_for: wait } = await provision(tenant, { sandbox_provider: "runner" });
  expect(wait).toMatchObject({ reason: "no_runner_with_capabilities", capabilities: ["container", "compose"] });
});

test("tells the machine which folder of the archive is taken away", async () => {
  const { tenant, runner, environment } = await begin(
    pack({ "my-task/task.yaml": manifest(), "my-task/verify.sh": "", "my-task/solution.sh": "" }),
  );
  const { work_token } = await claim(runner);
  const machine = new MachineClient(await dial(tenant, environment.id, work_token));
  machine.send({ type: "hello", protocol: 1, state: "new" });
  expect((await machine.take("open")).archive.root).toBe("my-task/");
});

test("lets in nobody but the machine that has the work", async () => {
  const { tenant, runner, environment } = await begin();
  expect((await dial(tenant, environment.id, "")).status).toBe(404);
  const { work_token } = await claim(runner);
  expect((await dial(tenant, environment.id, "0".repeat(64))).status).toBe(404);
  expect((await dial(tenant, environment.id, "0".repeat(64), "archive")).status).toBe(404);
  expect((await dial(await createTenant(), environment.id, work_token)).status).toBe(404);
  const reader = await call(`/api/v1/org/${tenant.org}/runners/environments/${environment.id}/archive`, {
    headers: { Authorization: `Bearer ${await tenant.makeKey(["task:write"])}`, [WORK_TOKEN_HEADER]: work_token },
  });
  expect(reader.status).toBe(403);
});

test("shows why a machine could not set it up", async () => {
  const { tenant, runner, environment } = await begin();
  const { work_token } = await claim(runner);
  const machine = new MachineClient(await dial(tenant, environment.id, work_token));
  machine.send({ type: "hello", protocol: 1, state: "new" });
  machine.send({ type: "log", line: "provision: no such host" });
  machine.send({ type: "failed", reason: "The provision script ended with exit code 3" });
  const place = `${basePath(tenant)}/${environment.id}`;
  await expect
    .poll(async () => (await tenant.api(place)).json())
    .toMatchObject({ state: "failed", error: "The provision script ended with exit code 3" });
  expect(await (await tenant.api(`${place}/logs`)).text()).toContain("provision: no such host");
});

test("stores output once, and passes the exit code on", async () => {
  const { machine, execute } = await setUp();
  const answer = execute("make");
  const { id, command, output_bytes } = await machine.take("start");
  expect([command, output_bytes > 0]).toEqual(["make", true]);
  machine.send({ type: "taken", id });
  machine.output(id, 0, "hello ");
  expect(await machine.take("stored")).toMatchObject({ id, bytes: 6 });
  machine.output(id, 3, "lo wor");
  machine.output(id, 9, "ld");
  machine.end(id, 3, 11);
  expect(await answer).toMatchObject({ exit_code: 3, output: "hello world" });
  expect(await machine.take("stored")).toMatchObject({ bytes: 9 });
  expect(await machine.take("stored")).toMatchObject({ bytes: 11 });
  expect(await machine.take("noted")).toEqual({ type: "noted", id });
});

test("asks the machine to tell the outputs apart where the request does", async () => {
  const { machine, start, onEnvironment } = await setUp();
  await start("one");
  expect(await machine.take("start")).toMatchObject({ command: "one", separate_output: false });
  await start("two", { separate_output: true });
  expect(await machine.take("start")).toMatchObject({ command: "two", separate_output: true });
  const listed = onEnvironment("/files");
  const { id, separate_output } = await machine.take("start");
  expect(separate_output).toBe(true);
  machine.end(id, 0, 0);
  expect((await listed).status).toBe(200);
});

test("goes on after a broken connection, and after the object was put together anew", async () => {
  const { environment, machine, dialAgain, start, getCommand } = await setUp();
  const { command_id: first } = await start("long");
  await machine.take("start");
  machine.send({ type: "taken", id: first });
  machine.output(first, 0, "one ");
  await machine.take("stored");
  await breakOff(environment.id, machine);
  const { command_id: second } = await start("later");
  await evictDurableObject(env.ENVIRONMENT.getByName(environment.id));
  const again = await dialAgain();
  again.send({ type: "hello", protocol: 1, state: "ready" });
  const { commands } = await again.take("resume");
  expect(commands).toContainEqual({ id: first, stdout: 4, stderr: 0 });
  expect(await again.take("start")).toMatchObject({ id: second, command: "later" });
  again.output(first, 4, "two");
  again.end(first, 0, 7);
  await again.take("stored");
  await again.take("noted");
  expect(await getCommand(first)).toMatchObject({ status: "exited", exit_code: 0 });
  expect(await getCommand(second)).toMatchObject({ status: "running" });
});

test("delivers a kill that was asked for while there was no connection", async () => {
  const { environment, machine, dialAgain, start, onEnvironment, getCommand } = await setUp();
  const { command_id: id } = await start("long");
  await machine.take("start");
  machine.send({ type: "taken", id });
  machine.output(id, 0, "x");
  await machine.take("stored");
  await breakOff(environment.id, machine);
  // Its answer comes with the end of the command.
  const killing = onEnvironment(`/commands/${id}/kill`, { method: "POST" });
  const stub = env.ENVIRONMENT.getByName(environment.id);
  await expect
    .poll(() =>
      runInDurableObject(
        stub,
        (_, { storage: { sql } }) => sql.exec("SELECT 1 FROM runner_commands WHERE is_killed = 1").toArray().length,
      ),
    )
    .toBe(1);
  const again = await dialAgain();
  again.send({ type: "hello", protocol: 1, state: "ready" });
  await again.take("resume");
  expect(await again.take("kill")).toEqual({ type: "kill", id });
  again.send({ type: "ended", id, ending: { status: "killed", produced: { stdout: 1, stderr: 0 } } });
  await again.take("noted");
  expect(await (await killing).json()).toMatchObject({ status: "killed" });
  expect(await getCommand(id)).toMatchObject({ status: "killed" });
});

test("says that commands are lost when the runner vanishes", async () => {
  const { tenant, runner, machine, start, getCommand, read } = await setUp();
  const { command_id: id } = await start("long");
  await machine.take("start");
  runner.leave();
  await letLeasesEnd(tenant);
  await expect.poll(async () => (await read()).state).toBe("failed");
  expect((await read()).error).toBe("The runner test has vanished");
  expect(await getCommand(id)).toMatchObject({ status: "lost", exit_code: null });
});

test("asks another runner when the first is lost before the environment was ready", async () => {
  const { tenant, runner, environment } = await begin();
  const { workId, work_token } = await claim(runner);
  runner.send({ type: "give_back", work_id: workId, reason: "The runner stops" });
  const second = await claim(runner);
  expect(second.workId).not.toBe(workId);
  expect((await dial(tenant, environment.id, work_token)).status).toBe(404);
  expect((await dial(tenant, environment.id, second.work_token)).status).toBe(101);
});

test("takes the work back when it is deleted", async () => {
  const { tenant, runner, machine, environment } = await setUp();
  await tenant.api(`${basePath(tenant)}/${environment.id}`, { method: "DELETE" });
  expect(await runner.take("revoke")).toMatchObject({ reason: "The environment is torn down" });
  expect(await machine.closed).toBe(4000);
});

test("ends a connection that speaks another protocol", async () => {
  const { dialAgain } = await setUp();
  const stranger = await dialAgain();
  stranger.send({ type: "hello", protocol: 1, state: "ready" });
  await stranger.take("resume");
  const closed = stranger.closed;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a newer machine might send
  stranger.send({ type: "surprise" } as unknown as MachineMessage);
  expect(await closed).toBe(4001);
});

test("refuses to touch files while its machine is not connected, instead of waiting", async () => {
  const { environment, machine, onEnvironment } = await setUp();
  await breakOff(environment.id, machine);
  for (const asked of [
    onEnvironment("/files/a.txt"),
    onEnvironment("/files"),
    onEnvironment("/files/a.txt", { method: "PUT", body: "x" }),
  ]) {
    const answer = await inTime(asked, "an answer about files");
    expect([answer.status, await answer.json()]).toMatchObject([
      502,
      { detail: "The machine of the sandbox cannot be reached now." },
    ]);
  }
});
