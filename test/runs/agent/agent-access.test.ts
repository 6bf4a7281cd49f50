import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { signConnectionToken, signIngestToken, signStreamToken, type TokenRun } from "../../../src/auth/run-tokens.ts";
import { readConfig } from "../../../src/config.ts";
import { expectNotFound } from "../../tasks/client.ts";
import { call } from "../../tenant.ts";
import { agentPath, AgentPlayer } from "./agent-client.ts";
import { createRunClient, expectRefused, read, type RunClient } from "../run-client.ts";
import { SocketClient } from "../socket-client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const secrets = readConfig(env).RUN_TOKEN_PRIVATE_KEY;
const viewerPath = (client: RunClient, query = "") => agentPath(client, query).replace("role=agent", "role=viewer");

async function tokenRunOf({ send, runId, taskId }: RunClient): Promise<TokenRun> {
  const { id: projectNumber } = await read<{ id: number }>(send("/api/projects/@current/"));
  return { runId, taskId, projectNumber };
}

const upgrade = (path: string, headers: Record<string, string> = {}) =>
  call(path, { headers: { Upgrade: "websocket", ...headers } });
const withBearer = (path: string, token: string) => upgrade(path, { Authorization: `Bearer ${token}` });
const withProtocols = (path: string, protocols: string) => upgrade(path, { "Sec-WebSocket-Protocol": protocols });

async function streamToken({ onRun }: RunClient, role: string, key?: string): Promise<string> {
  const { token } = await read<{ token: string }>(
    onRun(`/stream_token?role=${role}`, { ...(key !== undefined && { key }) }),
  );
  return token;
}

async function expectAgent(answer: Promise<Response>): Promise<void> {
  expect((await new AgentPlayer(await answer).greeted()).ready).toMatchObject({ last_accepted_seq: 0 });
}

async function expectViewer(answer: Promise<Response>): Promise<void> {
  expect((await new SocketClient(await answer).take(1))[0]).toMatchObject({ type: "task_run_state" });
}

describe("the agent's role", () => {
  test("takes a key that may write", async () => {
    const [client, other] = [await createRunClient(), await createRunClient()];
    await expectAgent(withBearer(agentPath(client), await client.makeKey(["task:write"])));
    const reading = await client.makeKey(["task:read"]);
    const refused = await withBearer(agentPath(client), reading);
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: "permission_denied" }]);
    await expectViewer(withBearer(viewerPath(client), reading));
    await expectNotFound(withBearer(agentPath(client), other.adminKey));
    expect((await upgrade(agentPath(client))).status).toBe(401);
  });

  test("is given by an agent's stream token, in the header, the query or a subprotocol; it reads as well", async () => {
    const client = await createRunClient();
    const token = await streamToken(client, "agent", await client.makeKey(["task:write"]));
    await expectAgent(withBearer(agentPath(client), token));
    await expectAgent(upgrade(agentPath(client, `&stream_token=${token}`)));
    await expectAgent(withProtocols(agentPath(client), `taskyard.v1, bearer.${token}`));
    await expectViewer(withBearer(viewerPath(client), token));
    await expectViewer(upgrade(viewerPath(client, `&stream_token=${token}`)));
  });

  test("is not given by a viewer's, whose subprotocol opens the stream", async () => {
    const client = await createRunClient();
    const token = await streamToken(client, "viewer", await client.makeKey(["task:read"]));
    for (const answer of [
      withBearer(agentPath(client), token),
      upgrade(agentPath(client, `&stream_token=${token}`)),
      withProtocols(agentPath(client), `taskyard.v1, bearer.${token}`),
    ]) {
      expect((await answer).status).toBe(401);
    }
    await expectViewer(withProtocols(viewerPath(client), `bearer.${token},taskyard.v1`));
  });

  test("is named by the answer's subprotocol only where it was offered", async () => {
    const client = await createRunClient();
    const token = await streamToken(client, "agent");
    const named = async (protocols: string) =>
      (await withProtocols(agentPath(client), protocols)).headers.get("sec-websocket-protocol");
    expect(await named(`taskyard.v1, bearer.${token}`)).toBe("taskyard.v1");
    expect(await named(`other, bearer.${token},taskyard.v1`)).toBe("taskyard.v1");
    expect(await named(`bearer.${token}`)).toBeNull();
  });

  test("is given by the token of the run's events, in the header alone; it does not read", async () => {
    const client = await createRunClient();
    const token = await signIngestToken(secrets, await tokenRunOf(client));
    await expectAgent(withBearer(agentPath(client), token));
    expect((await upgrade(agentPath(client, `&stream_token=${token}`))).status).toBe(401);
    expect((await withProtocols(agentPath(client), `taskyard.v1, bearer.${token}`)).status).toBe(401);
    expect((await withBearer(viewerPath(client), token)).status).toBe(401);
  });

  test("is given by no token that is another run's, expired, or for something else", async () => {
    const [client, other] = [await createRunClient(), await createRunClient()];
    const [run, otherRun] = [await tokenRunOf(client), await tokenRunOf(other)];
    vi.spyOn(Date, "now").mockReturnValue(Date.now() - 8 * 3_600_000);
    const expired = [await signStreamToken(secrets, run, "agent"), await signIngestToken(secrets, run)];
    vi.restoreAllMocks();
    const refused = [
      ...expired,
      await signStreamToken(secrets, otherRun, "agent"),
      await signIngestToken(secrets, otherRun),
      await signConnectionToken(secrets, run, { userId: client.userId, userNumber: 1 }, undefined),
      `${await signStreamToken(secrets, run, "agent")}x`,
    ];
    for (const token of refused) {
      expect((await withBearer(agentPath(client), token)).status).toBe(401);
      expect((await upgrade(agentPath(client, `&stream_token=${token}`))).status).toBe(401);
    }
  });

  test("is asked for with an upgrade, and by its name", async () => {
    const client = await createRunClient();
    const headers = { Authorization: `Bearer ${client.adminKey}` };
    for (const method of ["GET", "HEAD"]) {
      expect((await call(agentPath(client), { method, headers })).status).toBe(400);
    }
    expect(await (await call(agentPath(client), { headers })).json()).toEqual({
      error: "An agent connects by WebSocket: send Upgrade: websocket.",
    });
    await expectRefused(client.onRun("/stream?role=admin"), "invalid_input", "role", /./);
    await expectRefused(client.onRun("/stream_token?role=admin"), "invalid_input", "role", /./);
  });

  test("is of a run that is there", async () => {
    const client = await createRunClient();
    await expectNotFound(withBearer(agentPath({ ...client, runId: crypto.randomUUID() }), client.adminKey));
  });
});

interface Parameter {
  name: string;
  schema: { enum?: string[]; default?: string };
}

describe("the OpenAPI document", () => {
  test.each(["stream", "stream_token"])("names the roles of %s", async (operation) => {
    const document = await read<{ paths: Record<string, { get: { parameters: Parameter[] } }> }>(call("/openapi.json"));
    const path = `/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/${operation}`;
    const role = document.paths[path]?.get.parameters.find(({ name }) => name === "role");
    expect(role?.schema).toMatchObject({ enum: ["viewer", "agent"], default: "viewer" });
  });
});

describe("a token for the agent's role", () => {
  test("takes a key that may write", async () => {
    const client = await createRunClient();
    const reading = await client.makeKey(["task:read"]);
    expect((await client.onRun("/stream_token?role=agent", { key: reading })).status).toBe(403);
    expect((await client.onRun("/stream_token", { key: reading })).status).toBe(200);
  });
});
