import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { callConfigured } from "../../configured.ts";
import { ODD_JSON } from "../../outside/agent-server.ts";
import { call } from "../../tenant.ts";
import { expectNotFound, expectRefused, read } from "../../tasks/client.ts";
import { agentServer, createRunSession, type RunSession } from "../log/session.ts";

const MESSAGE = { jsonrpc: "2.0", method: "user_message", params: { content: "Hello" }, id: 7 };

const send = (session: RunSession, json: unknown = MESSAGE, key?: string) =>
  session.send(`${session.runPath}/command/`, { json, ...(key !== undefined && { key }) });

const toServer = (url: string, state: object = {}) => createRunSession({ state: { sandbox_url: url, ...state } });

/** Expects one of the bare bodies (agent-tasks 1.3b). */
async function expectError(answer: Promise<Response>, status: number, error: string) {
  expect(await read<object>(answer, status)).toEqual({ error });
}

describe("a command", () => {
  test("reaches the agent's server with a token for it, and its JSON comes back byte for byte", async () => {
    const agent = agentServer("ok");
    const session = await toServer(agent.url, { sandbox_connect_token: "modal+/=token", mode: "background" });
    const response = await send(session);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe(ODD_JSON);

    const [request, ...others] = await agent.requests();
    expect(others).toEqual([]);
    expect(JSON.parse(request?.body ?? "")).toEqual(MESSAGE);
    expect(request?.headers["content-type"]).toBe("application/json");
    expect([...new URL(request?.url ?? "", agent.url).searchParams]).toEqual([
      ["_modal_connect_token", "modal+/=token"],
    ]);
    const [scheme, token = ""] = request?.headers["authorization"]?.split(" ") ?? [];
    expect(scheme).toBe("Bearer");
    const keys = createLocalJWKSet(await (await call("/.well-known/jwks.json")).json());
    const { payload } = await jwtVerify(token, keys, { audience: "posthog:sandbox_connection" });
    expect(payload).toMatchObject({ run_id: session.runId, task_id: session.taskId, distinct_id: session.userId });
  });

  test("is sent without what it does not have", async () => {
    const agent = agentServer("ok");
    const session = await toServer(`${agent.url}/`);
    await read(send(session, { jsonrpc: "2.0", method: "cancel", params: {}, id: null }));
    await read(send(session, { jsonrpc: "2.0", method: "close", id: "a" }));
    const [first, second] = await agent.requests();
    expect(first?.url).not.toContain("?");
    expect(JSON.parse(first?.body ?? "")).toEqual({ jsonrpc: "2.0", method: "cancel" });
    expect(JSON.parse(second?.body ?? "")).toEqual({ jsonrpc: "2.0", method: "close", id: "a" });
  });

  test("keeps parameters as they are", async () => {
    const agent = agentServer("ok");
    const session = await toServer(agent.url);
    const params = { content: "  spaces stay \n", artifact_ids: ["a"], steer: true };
    await read(send(session, { ...MESSAGE, params }));
    expect(JSON.parse((await agent.requests())[0]?.body ?? "")).toMatchObject({ params });
  });

  test.each([
    ["permission_response", { requestId: "r1", optionId: "allow", customInput: "x", answers: { a: 1 } }],
    ["set_config_option", { configId: "model", value: "large" }],
    ["set_config_option", { configId: "auto", value: false }],
  ])("can be %s", async (method, params) => {
    const agent = agentServer("ok");
    const session = await toServer(agent.url);
    await read(send(session, { jsonrpc: "2.0", method, params, id: 1 }));
    expect(JSON.parse((await agent.requests())[0]?.body ?? "")).toMatchObject({ method, params });
  });

  test("needs a key that may write, and a run of one's own", async () => {
    const [session, stranger] = [await createRunSession(), await createRunSession()];
    expect((await send(session, MESSAGE, await session.makeKey(["task:read"]))).status).toBe(403);
    await expectNotFound(stranger.send(`${session.runPath}/command/`, { json: MESSAGE }));
  });
});

describe("the agent's answer", () => {
  test("is a success with whatever error it holds", async () => {
    const session = await toServer(agentServer("rpc-error").url);
    expect(await read<object>(send(session))).toMatchObject({ error: { code: -32000, message: "no" } });
  });

  test.each([
    ["error-text", "The agent has no session"],
    ["error-object", "Bad params"],
    ["error-plain", "Agent server answered with status 503"],
    ["redirect", "Agent server answered with a redirect, which is not followed"],
    ["reset", "Agent server is not reachable"],
    ["reset-in-body", "Agent server broke off its answer"],
    ["text", "Agent server did not answer with JSON"],
    ["empty", "Agent server did not answer with JSON"],
    ["huge", "Agent server answered with more than is allowed"],
  ])("%s is 502", async (behaviour, error) => {
    const session = await toServer(agentServer(behaviour).url);
    await expectError(send(session), 502, error);
  });

  test("that does not come because nobody listens is 502", async () => {
    const session = await toServer("http://127.0.0.1:1");
    await expectError(send(session), 502, "Agent server is not reachable");
  });

  test.each(["hang", "hang-in-body"])("that does not come in time is 504: %s", async (behaviour) => {
    const session = await toServer(agentServer(behaviour).url);
    const path = `/api/projects/@current/tasks${session.runPath}/command`;
    const headers = { Authorization: `Bearer ${session.adminKey}`, "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(MESSAGE) };
    const answer = callConfigured({ AGENT_COMMAND_TIMEOUT_SECONDS: "1" }, path, init);
    await expectError(answer, 504, "Agent server request timed out");
  });

  test("never leads elsewhere", async () => {
    const session = await toServer(agentServer("redirect").url);
    await read(send(session), 502);
    const target = agentServer("ok");
    const redirected = `${new URL(target.url).origin}/agents/ok/redirected/command`;
    expect(await target.requests(redirected)).toEqual([]);
  });

  test("does not bring back the secrets that were sent", async () => {
    const session = await toServer(agentServer("error-echo").url, { sandbox_connect_token: "modal-secret" });
    const { error } = await read<{ error: string }>(send(session), 502);
    expect(error).toMatch(/^Refused Bearer \[secret\] at .*_modal_connect_token=\[secret\]$/);
  });
});

describe("a command that cannot be sent", () => {
  test("finds no agent where the run has none", async () => {
    const session = await createRunSession();
    await expectError(send(session), 400, "No active sandbox for this task run");
    for (const sandbox_url of ["", 5, null]) {
      const odd = await createRunSession({ state: { sandbox_url } });
      await expectError(send(odd), 400, "No active sandbox for this task run");
    }
  });

  test.each(["https://127.0.0.1", "http://localhost:8080", "https://[::1]", "https://169.254.169.254", "nonsense"])(
    "does not go to %s",
    async (url) => {
      await expectError(send(await toServer(url)), 400, "Invalid sandbox URL");
    },
  );

  test.each(["completed", "failed", "cancelled"])("comes too late for a run that is %s", async (status) => {
    const agent = agentServer("ok");
    const session = await createRunSession({ status, state: { sandbox_url: agent.url } });
    await expectError(send(session), 409, "Task run workflow has ended");
    expect(await agent.requests()).toEqual([]);
  });

  test.each<[string, object, string, string, RegExp]>([
    ["no version", { jsonrpc: undefined }, "required", "jsonrpc", /required/],
    ["another version", { jsonrpc: "1.0" }, "invalid_choice", "jsonrpc", /"1.0" is not a valid choice/],
    ["no method", { method: undefined }, "required", "method", /required/],
    ["an unknown method", { method: "shutdown" }, "invalid_choice", "method", /"shutdown" is not a valid choice/],
    ["a later method", { method: "mcp_response" }, "invalid_choice", "method", /not a valid choice/],
    ["a list of parameters", { params: [] }, "not_a_dict", "params", /list/],
    ["an id that is true", { id: true }, "invalid_input", "id", /^id must be a string or number$/],
    ["an id that is an object", { id: {} }, "invalid_input", "id", /^id must be a string or number$/],
    ["no content", { params: {} }, "invalid_input", "params", /^content is required and must be a non-empty string$/],
    ["no parameters", { params: undefined }, "invalid_input", "params", /^content is required/],
    ["blank content", { params: { content: " \n" } }, "invalid_input", "params", /^content is required/],
    ["content that is a number", { params: { content: 5 } }, "invalid_input", "params", /^content is required/],
    [
      "a permission without an option",
      { method: "permission_response", params: { requestId: "r" } },
      "invalid_input",
      "params",
      /^optionId is required/,
    ],
    [
      "an option without a value",
      { method: "set_config_option", params: { configId: "model", value: null } },
      "invalid_input",
      "params",
      /^value is required/,
    ],
  ])("is refused with %s, even on an unknown run", async (_what, change, code, attr, detail) => {
    const session = await createRunSession();
    const json = { ...MESSAGE, ...change };
    await expectRefused(session.send(`${session.runPath}/command/`, { json }), code, attr, detail);
    await expectRefused(session.send(`/x/runs/y/command/`, { json }), code, attr, detail);
  });

  test("is refused when it is no object", async () => {
    const session = await createRunSession();
    expect((await send(session, [MESSAGE])).status).toBe(400);
    const broken = call(`/api/projects/@current/tasks${session.runPath}/command`, {
      method: "POST",
      headers: { Authorization: `Bearer ${session.adminKey}`, "Content-Type": "application/json" },
      body: "{",
    });
    expect(await read<object>(broken, 400)).toMatchObject({ type: "invalid_request", code: "parse_error" });
  });
});
