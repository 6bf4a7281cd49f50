/** What lasts ends within ten seconds of the end of its key (streams of runs: test/runs/live/ended-access.test.ts). */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { v7 as uuid } from "uuid";
import { lookupOf } from "../../src/auth/api-keys.ts";
import { signAgentToken } from "../../src/auth/run-tokens.ts";
import { readConfig } from "../../src/config.ts";
import { createEnvironmentClient, type EnvironmentClient } from "../environments/client.ts";
import { connect } from "../pool/runner-client.ts";
import { createRunClient } from "../runs/run-client.ts";
import { inTime } from "../stream/event-client.ts";
import { call, createTenant } from "../tenant.ts";

async function revoke(key: string): Promise<void> {
  await env.DB.prepare("UPDATE api_keys SET revoked_at = ? WHERE lookup = ?").bind(Date.now(), lookupOf(key)).run();
}

type Asking = { method?: string; body?: string; headers?: Record<string, string> };

/** Asks below an environment with a key of its own; the request is on its way when this returns. */
async function ask({ tenant, base, environment, token }: EnvironmentClient, path: string, init: Asking = {}) {
  const key = await tenant.makeKey(["environment:write"]);
  const response = call(`/api/v1${base}/${environment.id}${path}`, {
    ...init,
    headers: {
      Authorization: `Bearer ${key}`,
      "Content-Type": "application/json",
      "X-Environment-Token": token,
      ...init.headers,
    },
  });
  return { key, response };
}

const LONG = JSON.stringify({ command: "sleep 20; echo done", timeout_sec: 60 });

async function expectRefused(response: Response): Promise<void> {
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ code: 401, detail: expect.stringContaining("good no more") });
}

describe("within 10 seconds of a key's revocation", () => {
  test.concurrent("the events of a command end with an error, and the command goes on", async () => {
    const client = await createEnvironmentClient();
    const asked = await ask(client, "/execute", {
      method: "POST",
      body: LONG,
      headers: { Accept: "text/event-stream" },
    });
    const response = await asked.response;
    await revoke(asked.key);
    const text = await inTime(response.text(), "the end of the events");
    expect(text).toMatch(/event: error\ndata: .*"code":401.*good no more/);
    expect(await client.getCommand(response.headers.get("X-Command-Id") ?? "")).toMatchObject({ status: "running" });
  });

  test.concurrent("whoever waits for a command's result, or for its output, is refused", async () => {
    const client = await createEnvironmentClient();
    const { command_id: id } = await client.start("sleep 30");
    const asked = await Promise.all([
      ask(client, "/execute", { method: "POST", body: LONG }),
      ask(client, `/commands/${id}/output?wait_seconds=25`),
    ]);
    // Both have been let in: what is asked later has been answered.
    await client.getCommand(id);
    for (const { key } of asked) await revoke(key);
    for (const { response } of asked) await expectRefused(await inTime(response, "a refusal"));
  });

  test.concurrent("a request that sends events ends, and what has come of it is stored", async () => {
    const client = await createRunClient({ run: { status: "in_progress" } });
    const key = await client.makeKey(["task:write"]);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const response = call(`/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/event_stream`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/x-ndjson" },
      body: readable,
    });
    await writable.getWriter().write(new TextEncoder().encode('{"seq":1,"event":{"n":1}}\n'));
    await expect.poll(() => client.logs()).toBe('{"n":1}\n');
    await revoke(key);
    const refused = await inTime(response, "the end of the request");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ last_accepted_seq: 1 });
  });

  test.concurrent("a runner's connection ends", async () => {
    const tenant = await createTenant();
    const key = await tenant.makeKey(["runner"]);
    const { webSocket } = await connect(tenant, key);
    if (!webSocket) throw new Error("No WebSocket");
    webSocket.accept();
    const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
    await revoke(key);
    expect(await inTime(closed, "the close of the runner")).toBe(4004);
  });
});

test("who comes by a token and no key follows a command by its events as well", async () => {
  const { tenant, base, environment, token } = await createEnvironmentClient();
  const run = { runId: uuid(), taskId: uuid(), projectNumber: 1 };
  const place = { organizationId: tenant.id, organizationKey: tenant.org, workspaceKey: tenant.workspace };
  const secrets = readConfig(env).RUN_TOKEN_PRIVATE_KEY;
  const response = await call(`/api/v1${base}/${environment.id}/execute`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${await signAgentToken(secrets, run, { id: environment.id, ...place })}`,
      "Content-Type": "application/json",
      "X-Environment-Token": token,
      Accept: "text/event-stream",
    },
    body: JSON.stringify({ command: "echo done" }),
  });
  expect(await response.text()).toMatch(/event: exit\ndata: .*"exit_code":0/);
});
