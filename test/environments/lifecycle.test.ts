import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sweepEnvironments } from "../../src/environments/object/environment-projection.ts";
import { connect as connectDatabase } from "../../src/db/client.ts";
import type { EnvironmentResponse } from "../../src/environments/environment-schemas.ts";
import { callConfigured } from "../configured.ts";
import { loseArchives, makePublic, publishFields } from "../registry/published.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import {
  basePath,
  connect,
  createEnvironmentClient,
  type EnvironmentClient,
  loseObject,
  objectOf,
  provision,
  publishTask,
  expectRefusal,
} from "./client.ts";
import { eventually } from "../eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const read = async ({ onEnvironment }: EnvironmentClient, path = "") =>
  (await onEnvironment(path)).json<EnvironmentResponse>();

interface Listed {
  environments: EnvironmentResponse[];
  total: number;
  has_next: boolean;
}

const listed = async (tenant: Tenant, query = "") => (await tenant.api(`${basePath(tenant)}${query}`)).json<Listed>();

const countFiles = ({ environment }: EnvironmentClient) =>
  runInDurableObject(objectOf(environment), (_, { storage }) =>
    storage.sql.exec("SELECT count(*) AS count FROM embedded_inodes WHERE id <> 1").one(),
  );

/** Lets time pass for the object alone. */
function passTime(milliseconds: number): void {
  const later = Date.now() + milliseconds;
  vi.spyOn(Date, "now").mockReturnValue(later);
}

describe("an environment", () => {
  test("shows its token once, and what its sandbox is", async () => {
    const client = await createEnvironmentClient({ timeout_sec: 60 });
    const { environment, tenant } = client;
    expect(environment).toMatchObject({
      state: "ready",
      task_ref: "sample",
      execute_token: expect.stringMatching(/^tye_[\da-f]{64}$/),
      service_urls: {},
      instruction: "Write the answer to /tmp/answer.",
      error: null,
      task_verification: { method: "script", script: "verify.sh", timeout: 30 },
      task: { org_key: tenant.org, name: "sample", version: "1.0.0" },
      sandbox_state: "running",
      sandbox_provider: { kind: "embedded", linux: false, network: false },
      warnings: [],
    });
    const { created_at: created, expires_at: expires } = environment;
    expect(Date.parse(expires ?? "") - Date.parse(created)).toBe(60_000);
    const again = { ...environment, execute_token: null };
    expect(await read(client)).toEqual(again);
    expect((await listed(tenant)).environments).toEqual([again]);
    expect(await read(client, "/status")).toEqual({
      id: environment.id,
      state: "ready",
      expires_at: expires,
      error: null,
      service_urls: {},
      instruction: environment.instruction,
      task_verification: environment.task_verification,
      execute_token: null,
      waiting_for: null,
    });
    const stored = await runInDurableObject(objectOf(environment), (_, { storage }) =>
      JSON.stringify(storage.kv.get("environment")),
    );
    expect(stored).not.toContain(environment.execute_token);
  });

  test("answers with Location, and is kept by nobody", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    const response = await tenant.api(basePath(tenant), { method: "POST", json: { task_ref: "sample" } });
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { id } = await response.json<EnvironmentResponse>();
    expect(response.headers.get("location")).toBe(`/api/v1${basePath(tenant)}/${id}`);
  });

  test("lives no longer than the organization allows", async () => {
    const { environment } = await createEnvironmentClient({ timeout_sec: 10_000_000 });
    const { created_at: created, expires_at: expires } = environment;
    expect(Date.parse(expires ?? "") - Date.parse(created)).toBe(86_400_000);
  });

  test("fills placeholders: inputs win, and what nobody knows is left", async () => {
    const client = await createEnvironmentClient({
      yaml: {
        instruction: "Open {{web_url}} and {{ other }}, not {{unknown}}; {{n}}.",
        ports: { web: [80] },
      },
      files: { "docker-compose.yaml": 'services: { web: { image: web, ports: ["80:80"] } }' },
      inputs: { other: "{{web_url}}", n: 3 },
    });
    expect(client.environment).toMatchObject({
      instruction: "Open {{web_url}} and {{web_url}}, not {{unknown}}; 3.",
      warnings: [expect.stringMatching(/web.*web_url/)],
    });
    expect((await read(client, "/logs")) as unknown).toMatchObject({
      logs: expect.stringMatching(/starts no services/),
    });
    const { tenant } = client;
    const other = await provision(tenant, { inputs: { web_url: "https://w" } });
    expect(other).toMatchObject({
      instruction: "Open https://w and {{ other }}, not {{unknown}}; {{n}}.",
      warnings: [],
    });
    const instruction = await tenant.api(`/org/${tenant.org}/tasks/sample/instruction?sandbox_id=${other.id}`);
    expect(await instruction.json()).toEqual({ instruction: other.instruction, resolved: true });
    const plain = await tenant.api(`/org/${tenant.org}/tasks/sample/instruction`);
    expect(await plain.json()).toMatchObject({ resolved: false });
    const strange = await tenant.api(`/org/${tenant.org}/tasks/sample/instruction?sandbox_id=${uuid()}`);
    expect(strange.status).toBe(404);
  });

  test("has no solution in it, and shows the flag to whom the task shows it", async () => {
    const client = await createEnvironmentClient({
      yaml: { verification: { method: "flag", path: "/tmp/flag", value: "FLAG{1}" } },
      files: { "solution/steps.txt": "secret" },
    });
    const { output } = await client.execute("ls /task; cat solution.sh solution/steps.txt task.yaml");
    expect(output).toContain("verify.sh");
    expect(output).not.toMatch(/42|secret|FLAG/);
    expect(client.environment.task_verification).toMatchObject({ value: "FLAG{1}" });
    const key = await client.tenant.makeKey(["environment:write"]);
    const response = await client.onEnvironment("", { key });
    expect((await response.json<EnvironmentResponse>()).task_verification).toEqual({
      method: "flag",
      path: "/tmp/flag",
      timeout: 30,
    });
  });

  test("lives longer when it is asked to, within its limit", async () => {
    const client = await createEnvironmentClient({ timeout_sec: 60 });
    const extend = (json: object) => client.onEnvironment("/extend", { method: "POST", json });
    const shorter = await (await extend({ extend_seconds: 1 })).json<EnvironmentResponse>();
    expect(shorter.expires_at).toBe(client.environment.expires_at);
    const longer = await (await extend({})).json<EnvironmentResponse>();
    expect(Date.parse(longer.expires_at ?? "")).toBeGreaterThan(Date.now() + 295_000);
    expect(await read(client)).toEqual(longer);
    expect((await extend({ extend_seconds: 86_400 })).status).toBe(200);
    const { expires_at: last, created_at: created } = await read(client);
    expect(Date.parse(last ?? "") - Date.parse(created)).toBe(86_400_000);
  });
});

describe("provisioning", () => {
  test("runs the task's script, and teardown its own", async () => {
    const client = await createEnvironmentClient({
      yaml: { provision: { script: "setup/provision.sh" }, teardown: { script: "down.sh" } },
      files: {
        "setup/provision.sh": "echo setting up; echo made > /tmp/made",
        "down.sh": "echo tearing down; cat /tmp/made; seq 1 3",
      },
    });
    expect(client.environment.state).toBe("ready");
    expect(await client.execute("cat /tmp/made")).toMatchObject({ output: "made\n" });
    expect((await client.onEnvironment("", { method: "DELETE" })).status).toBe(200);
    await eventually(async () => {
      const { logs } = await (await client.onEnvironment("/logs")).json<{ logs: string }>();
      expect(logs).toMatch(
        /setting up\n[^]*is ready[^]*tearing down\n\S+Z made\n\S+Z 1\n\S+Z 2\n[^]*The sandbox is gone/,
      );
    });
  });

  test("ends with the environment, and leaves no file", async () => {
    const client = await createEnvironmentClient({
      yaml: { provision: { script: "provision.sh", timeout: 30 } },
      files: { "provision.sh": "sleep 4; echo > /tmp/late" },
    });
    expect(client.environment.state).toBe("provisioning");
    await client.onEnvironment("", { method: "DELETE" });
    await eventually(async () => {
      const { logs } = await (await client.onEnvironment("/logs")).json<{ logs: string }>();
      expect(logs).toMatch(/provision script was stopped[^]*sandbox is gone/);
    });
    expect(await countFiles(client)).toEqual({ count: 0 });
  });

  test("that fails says why, and gives the place back", async () => {
    const client = await createEnvironmentClient({
      yaml: { provision: { script: "provision.sh", timeout: 5 } },
      files: { "provision.sh": "echo broken >&2; exit 3" },
    });
    expect(client.environment).toMatchObject({
      state: "failed",
      sandbox_state: "killed",
      service_urls: null,
      error: expect.stringMatching(/provision\.sh.*exit code 3/),
    });
    expect(await read(client, "/status")).toMatchObject({ state: "failed", error: client.environment.error });
    const response = await client.onEnvironment("/execute", { method: "POST", json: { command: "true" } });
    expect(await expectRefusal(response, 409)).toMatchObject({
      type: "conflict_error",
      detail: expect.stringMatching(/failed/),
    });
  });

  test("that takes long is polled, and executing waits for it: 409", async () => {
    const client = await createEnvironmentClient({
      yaml: { provision: { script: "provision.sh", timeout: 30 } },
      // Long enough to be asked meanwhile, on a machine that does other things too.
      files: { "provision.sh": "sleep 10" },
    });
    expect(client.environment).toMatchObject({ state: "provisioning", service_urls: null });
    const response = await client.onEnvironment("/execute", { method: "POST", json: { command: "true" } });
    expect((await expectRefusal(response, 409)).detail).toMatch(/provisioning/);
    await expect
      .poll(() => read(client, "/status"), { interval: 200, timeout: 20_000 })
      .toMatchObject({
        state: "ready",
      });
  });

  test("begins anew when the object was lost during it", async () => {
    const client = await createEnvironmentClient({
      yaml: { provision: { script: "provision.sh", timeout: 30 } },
      files: { "provision.sh": "if [ -f /tmp/once ]; then exit 0; fi; echo > /tmp/once; sleep 20" },
    });
    expect(client.environment.state).toBe("provisioning");
    await loseObject(client.environment);
    expect(await read(client)).toMatchObject({ state: "provisioning" });
    expect(await runDurableObjectAlarm(objectOf(client.environment))).toBe(true);
    await eventually(async () => expect(await read(client)).toMatchObject({ state: "ready" }));
  });

  test("of an archive that is gone fails", async () => {
    const tenant = await createTenant();
    // Of its own kind: the cache knows the directories of archives that others have published too.
    await publishTask(tenant, { files: { "unique.txt": tenant.id } });
    await loseArchives(tenant);
    const errors = vi.spyOn(console, "error").mockReturnValue();
    expect(await provision(tenant)).toMatchObject({ state: "failed", error: expect.stringMatching(/cannot be read/) });
    expect(errors).toHaveBeenCalled();
  });

  test("needs the archive for as long as its files are read", async () => {
    const client = await createEnvironmentClient({ files: { "a.txt": "1", "b.txt": "2" } });
    await client.execute("echo 3 > a.txt");
    await loseArchives(client.tenant);
    vi.spyOn(console, "error").mockReturnValue();
    expect(await client.execute("cat a.txt b.txt")).toMatchObject({ stdout: "3\n", exit_code: 1 });
    const read = await client.onEnvironment("/files/task/b.txt");
    expect((await expectRefusal(read, 502)).type).toBe("bad_gateway_error");
    const { logs } = await (await client.onEnvironment("/logs")).json<{ logs: string }>();
    expect(logs).toMatch(/'b\.txt' cannot be read/);
  });

  test("of more files than it holds fails", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    await env.DB.prepare(
      `UPDATE registry_versions SET entry_count = 20001 WHERE task_id IN (SELECT id FROM registry_tasks WHERE organization_id = ?)`,
    )
      .bind(tenant.id)
      .run();
    expect(await provision(tenant)).toMatchObject({ state: "failed", error: expect.stringMatching(/20001.*20000/) });
  });
});

describe("the end", () => {
  test("by DELETE is final and safe to repeat", async () => {
    const client = await createEnvironmentClient();
    const ended = await (await client.onEnvironment("", { method: "DELETE" })).json<EnvironmentResponse>();
    expect(ended).toMatchObject({
      state: "torn_down",
      sandbox_state: "killed",
      end_reason: "deleted",
      service_urls: null,
      error: null,
      execute_token: null,
      ended_at: expect.any(String),
    });
    expect(await (await client.onEnvironment("", { method: "DELETE" })).json()).toEqual(ended);
    for (const [path, init] of [
      ["/execute", { method: "POST", json: { command: "true" } }],
      ["/commands", { method: "POST", json: { command: "true" } }],
      ["/extend", { method: "POST", json: {} }],
      ["/files", {}],
    ] as const) {
      expect((await expectRefusal(await client.onEnvironment(path, init), 409)).detail).toMatch(/torn_down/);
    }
    await eventually(async () => expect(await countFiles(client)).toEqual({ count: 0 }));
  });

  test("comes by the alarm when its time is up, and kills what runs", async () => {
    const client = await createEnvironmentClient({ timeout_sec: 60 });
    const running = client.execute("sleep 50", { timeout_sec: 600 });
    const command = await client.start("sleep 50", { timeout_sec: 600 });
    passTime(61_000);
    expect(await runDurableObjectAlarm(objectOf(client.environment))).toBe(true);
    expect(await running).toMatchObject({ exit_code: 137, status: "killed", reason: "The environment's time was up." });
    expect(await client.getCommand(command.command_id)).toMatchObject({ status: "killed", exit_code: 137 });
    expect(await read(client)).toMatchObject({ state: "torn_down", end_reason: "expired", sandbox_state: "killed" });
    expect(await listed(client.tenant, "?state=running")).toMatchObject({ total: 0 });
  });

  test("does not come when it was put off while the alarm rang", async () => {
    const client = await createEnvironmentClient({ timeout_sec: 60 });
    const { tenant, environment } = client;
    const errors = vi.spyOn(console, "error").mockReturnValue();
    await env.DB.exec("ALTER TABLE environments RENAME TO environments_away");
    // Now the alarm has the row to write before it comes to the end.
    await client.onEnvironment("/extend", { method: "POST", json: { extend_seconds: 70 } });
    await env.DB.exec("ALTER TABLE environments_away RENAME TO environments");
    expect(errors).toHaveBeenCalled();
    passTime(71_000);
    const scope = { organizationId: tenant.id, workspace: tenant.workspace, projectId: null };
    await runInDurableObject(objectOf(environment), async (instance) => {
      const ringing = instance.alarm();
      expect(await instance.extend(scope, 300)).toMatchObject({ ok: true });
      await ringing;
    });
    expect(await read(client)).toMatchObject({ state: "ready" });
  });

  test("does not come before its time, though an alarm rings", async () => {
    const client = await createEnvironmentClient({ timeout_sec: 60 });
    expect(await runDurableObjectAlarm(objectOf(client.environment))).toBe(true);
    expect(await read(client)).toMatchObject({ state: "ready" });
    expect(await client.execute("echo here")).toMatchObject({ output: "here\n" });
    expect(await runInDurableObject(objectOf(client.environment), (_, { storage }) => storage.getAlarm())).toBe(
      Date.parse(client.environment.expires_at ?? ""),
    );
  });

  test("is kept for a day with its commands, then they are forgotten", async () => {
    const client = await createEnvironmentClient();
    const { command_id: id } = await client.execute("echo hi");
    await client.onEnvironment("", { method: "DELETE" });
    expect(await client.getCommand(id)).toMatchObject({ exit_code: 0 });
    await eventually(async () => {
      expect((await (await client.onEnvironment("/logs")).json<{ logs: string }>()).logs).toMatch(/sandbox is gone/);
    });
    passTime(25 * 3_600_000);
    await runDurableObjectAlarm(objectOf(client.environment));
    expect((await client.onEnvironment(`/commands/${id}`)).status).toBe(404);
    expect(await runDurableObjectAlarm(objectOf(client.environment))).toBe(false);
  });
});

describe("the row in D1", () => {
  test("catches up by the alarm after D1 failed", async () => {
    const client = await createEnvironmentClient();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    await env.DB.exec("ALTER TABLE environments RENAME TO environments_away");
    try {
      expect((await client.onEnvironment("", { method: "DELETE" })).status).toBe(200);
    } finally {
      await env.DB.exec("ALTER TABLE environments_away RENAME TO environments");
    }
    expect(errors).toHaveBeenCalled();
    expect((await listed(client.tenant)).environments).toMatchObject([{ state: "ready" }]);
    await eventually(async () => {
      await runDurableObjectAlarm(objectOf(client.environment));
      expect((await listed(client.tenant)).environments).toMatchObject([{ state: "torn_down" }]);
    });
  });

  test("of an environment that was never made is swept", async () => {
    const { environment, tenant } = await createEnvironmentClient();
    const database = connectDatabase(env.DB);
    const orphan = uuid();
    const columns =
      (await env.DB.prepare("SELECT * FROM environments WHERE id = ?").bind(environment.id).first()) ?? {};
    const row = { ...columns, id: orphan, revision: 0, expires_at: 1, state: "provisioning" };
    await env.DB.prepare(
      `INSERT INTO environments (${Object.keys(row).join(", ")}) VALUES (${Object.keys(row)
        .map(() => "?")
        .join(", ")})`,
    )
      .bind(...Object.values(row))
      .run();
    await sweepEnvironments(database, new Date());
    const { environments } = await listed(tenant, "?state=killed");
    expect(environments).toMatchObject([{ id: orphan, state: "failed", error: expect.any(String) }]);
  });
});

describe("a list", () => {
  test("is of the workspace, newest first, by page and by sandbox state", async () => {
    const { tenant, environment: first } = await createEnvironmentClient();
    const second = await provision(tenant);
    const third = await provision(tenant, { project_id: tenant.projectId });
    await tenant.api(`${basePath(tenant)}/${second.id}`, { method: "DELETE" });
    const ids = async (query: string) => (await listed(tenant, query)).environments.map(({ id }) => id);
    expect(await ids("")).toEqual([third.id, second.id, first.id]);
    expect(await ids("?state=running")).toEqual([third.id, first.id]);
    expect(await ids("?state=killed")).toEqual([second.id]);
    expect(await ids("?state=killed&state=running")).toEqual([third.id, second.id, first.id]);
    expect(await ids("?state[]=killed&state[]=paused")).toEqual([second.id]);
    expect(await listed(tenant, "?limit=2&page=2")).toMatchObject({
      page: 2,
      limit: 2,
      total: 3,
      total_pages: 2,
      has_next: false,
      has_previous: true,
      environments: [{ id: first.id }],
    });
    expect((await expectRefusal(await tenant.api(`${basePath(tenant)}?state=ready`), 422)).detail).toMatch(/paused/);
    for (const query of ["?limit=201", "?limit=0", "?page=0"]) {
      expect((await tenant.api(`${basePath(tenant)}${query}`)).status).toBe(422);
    }
    // As a deployment without containers shows what one with them has made in the same database.
    await env.DB.prepare("UPDATE environments SET provider = 'container' WHERE id = ?").bind(third.id).run();
    expect((await listed(tenant)).environments[0]).toMatchObject({ sandbox_provider: { kind: "container" } });
    const key = await tenant.makeKey(["environment:read"], { projectId: tenant.projectId });
    const seen = await (await tenant.api(basePath(tenant), { key })).json<Listed>();
    expect(seen.environments.map(({ id }) => id)).toEqual([third.id]);
    expect((await tenant.api(`${basePath(tenant)}/${first.id}`, { key })).status).toBe(404);
    expect((await tenant.api(`/org/${tenant.org}/ws/none/environments`)).status).toBe(404);
  });
});

const ask = (tenant: Tenant, json: object, init: object = {}) =>
  tenant.api(basePath(tenant), { method: "POST", json: { task_ref: "sample", ...json }, ...init });

describe("what is asked for", () => {
  test("names a task by organization, name and version", async () => {
    const [tenant, other] = [await createTenant(), await createTenant()];
    await publishTask(tenant);
    for (const [reference, version] of [
      ["sample", "1.0.0"],
      ["sample@1.0.0", "1.0.0"],
      ["sample@latest", "1.0.0"],
      [`${tenant.org}/sample@1.0.0`, "1.0.0"],
    ]) {
      expect(await provision(tenant, { task_ref: reference })).toMatchObject({
        task_ref: reference,
        task: { version },
      });
    }
    for (const reference of ["none", "sample@2.0.0", `${other.org}/sample`]) {
      expect((await ask(tenant, { task_ref: reference })).status).toBe(404);
    }
    for (const reference of ["", "a/b/c", "sample@1", "sample@", "Sample", "@1.0.0"]) {
      expect((await ask(tenant, { task_ref: reference })).status).toBe(422);
    }
    const name = `unique-${uuid()}`;
    await publishFields(other, name, "1.0.0");
    expect((await ask(tenant, { task_ref: name })).status).toBe(404);
    await makePublic(other, name);
    expect(await provision(tenant, { task_ref: name })).toMatchObject({ task: { org_key: other.org } });
    const third = await createTenant();
    await publishFields(third, name, "1.0.0");
    await makePublic(third, name);
    expect((await expectRefusal(await ask(tenant, { task_ref: name }), 400)).detail).toContain(`${other.org}/${name}`);
  });

  test("is refused when it refers to what is not there", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    expect((await expectRefusal(await ask(tenant, { project_id: uuid() }), 400)).type).toBe("invalid_error");
    expect((await expectRefusal(await ask(tenant, { secret_ids: ["s"] }), 400)).detail).toMatch(/no secret 's'/);
    expect((await expectRefusal(await ask(tenant, { sandbox_provider: "container" }), 400)).detail).toMatch(/embedded/);
    expect((await ask(tenant, { secret_ids: [], inputs: null, model_overrides: { judge: "m" } })).status).toBe(201);
    expect(
      (await tenant.api(`/org/${tenant.org}/ws/none/environments`, { method: "POST", json: { task_ref: "sample" } }))
        .status,
    ).toBe(404);
  });

  test("with an idempotency key makes one environment, also at the same time", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    const headers = { "Idempotency-Key": "attempt-1" };
    const responses = await Promise.all(Array.from({ length: 5 }, () => ask(tenant, {}, { headers })));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 201));
    const later = await ask(tenant, {}, { headers });
    expect(later.headers.get("idempotency-replayed")).toBe("true");
    const environments = await Promise.all(
      [...responses, later].map((response) => response.json<EnvironmentResponse>()),
    );
    expect(new Set(environments.map(({ id }) => id)).size).toBe(1);
    const tokens = environments.map(({ execute_token: token }) => token ?? "");
    expect(new Set(tokens).size).toBe(environments.length);
    for (const token of tokens) {
      const response = await tenant.api(`${basePath(tenant)}/${environments[0]?.id}/execute`, {
        method: "POST",
        headers: { "X-Environment-Token": token },
        json: { command: "true" },
      });
      expect(response.status).toBe(200);
    }
    expect(await listed(tenant)).toMatchObject({ total: 1 });
    expect((await expectRefusal(await ask(tenant, { timeout_sec: 1 }, { headers }), 409)).type).toBe("conflict_error");
  });

  test("with an idempotency key goes on with what a lost request has left", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    const headers = { "Idempotency-Key": "attempt-1" };
    const { id } = await provision(tenant, {}, { headers });
    const orphan = uuid();
    await env.DB.prepare("UPDATE environments SET id = ?, revision = 0, state = 'provisioning' WHERE id = ?")
      .bind(orphan, id)
      .run();
    const environment = await provision(tenant, {}, { headers });
    expect(environment).toMatchObject({ id: orphan, state: "ready" });
    expect(await connect(tenant, environment).execute("echo here")).toMatchObject({ output: "here\n" });
    expect((await listed(tenant)).environments).toMatchObject([{ id: orphan, state: "ready" }]);
  });

  test("is made though its object is lost meanwhile", async () => {
    const tenant = await createTenant();
    await publishTask(tenant, {
      yaml: { provision: { script: "provision.sh", timeout: 30 } },
      files: { "provision.sh": "sleep 20" },
    });
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const asked = provision(tenant);
    const id = await eventually(async () => {
      const { environments } = await listed(tenant);
      const [made] = environments;
      expect(
        made && (await runInDurableObject(objectOf(made), (_, { storage }) => storage.kv.get("environment"))),
      ).toBeDefined();
      return made?.id ?? "";
    });
    await loseObject({ id });
    const environment = await asked;
    expect(environment).toMatchObject({ id, state: "provisioning" });
    expect(errors).toHaveBeenCalled();
    const response = await connect(tenant, environment).onEnvironment("/commands");
    expect(response.status).toBe(200);
  });

  test("is refused when its inputs make more of the instruction than can be kept", async () => {
    const tenant = await createTenant();
    await publishTask(tenant, { yaml: { instruction: "{{x}}".repeat(50) } });
    const response = await ask(tenant, { inputs: { x: "y".repeat(50_000) } });
    expect((await expectRefusal(response, 400)).detail).toMatch(/2500000 characters/);
  });

  test("is 429 when the organization has as many as it may, however many ask at once", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    const create = () =>
      callConfigured({ SANDBOX_CAPACITY: "3" }, `/api/v1${basePath(tenant)}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${tenant.adminKey}`, "Content-Type": "application/json" },
        body: JSON.stringify({ task_ref: "sample" }),
      });
    const responses = await Promise.all(Array.from({ length: 8 }, create));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(3);
    const refused = responses.filter(({ status }) => status !== 201);
    for (const response of refused) {
      expect(await expectRefusal(response, 429)).toMatchObject({ type: "org_sandbox_capacity_exceeded_error" });
    }
    const { environments } = await listed(tenant);
    await tenant.api(`${basePath(tenant)}/${environments[0]?.id}`, { method: "DELETE" });
    expect((await create()).status).toBe(201);
  });
});

test("a list leaves out long instructions, which the environment itself has", async () => {
  const long = "x".repeat(20_001);
  const { tenant, environment } = await createEnvironmentClient({ yaml: { instruction: long } });
  expect(environment.instruction).toBe(long);
  const { environments } = await (
    await tenant.api(basePath(tenant))
  ).json<{ environments: { instruction: unknown }[] }>();
  expect(environments).toMatchObject([{ id: environment.id, instruction: null }]);
  const read = await (await tenant.api(`${basePath(tenant)}/${environment.id}`)).json();
  expect(read).toMatchObject({ instruction: long });
});
