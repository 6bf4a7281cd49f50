import { describe, expect, test, vi } from "vitest";
import { callConfigured } from "../../configured.ts";
import { ODD_JSON } from "../../outside/agent-server.ts";
import { type AgentPlayer, connectAgent } from "./agent-client.ts";
import { hibernate, loseObject, read } from "../run-client.ts";
import { agentServer, createRunSession, type RunSession } from "../log/session.ts";

const MESSAGE = { jsonrpc: "2.0", method: "user_message", params: { content: "Hello" }, id: 7 };
const NOT_REACHABLE = "Agent server is not reachable";

function send({ taskId, runId, adminKey }: RunSession, message: object = MESSAGE, settings = {}): Promise<Response> {
  return callConfigured(settings, `/api/projects/@current/tasks/${taskId}/runs/${runId}/command`, {
    method: "POST",
    headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" },
    body: JSON.stringify(message),
  });
}

async function expectError(answer: Promise<Response>, status: number, error: string): Promise<void> {
  expect(await read<object>(answer, status)).toEqual({ error });
}

/** A run in progress and its agent, which has been greeted. */
async function startAgent(fields: object = {}): Promise<{ session: RunSession; agent: AgentPlayer }> {
  const session = await createRunSession(fields);
  const agent = await connectAgent(session);
  await agent.greeted();
  return { session, agent };
}

describe("a command to an agent that is connected", () => {
  test("reaches it and not its server, and its answer comes back byte for byte", async () => {
    const server = agentServer("ok");
    const { session, agent } = await startAgent({ state: { sandbox_url: server.url } });
    const answer = send(session);
    const { id, message } = await agent.next("command");
    expect(message).toEqual(MESSAGE);
    agent.sayText(`{"type":"answer","id":"${id}","message": ${ODD_JSON} }`);
    const response = await answer;
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.text()).toBe(ODD_JSON);
    expect(await server.requests()).toEqual([]);
  });

  test("is sent without what it does not have", async () => {
    const { session, agent } = await startAgent();
    const answer = send(session, { jsonrpc: "2.0", method: "cancel", params: {}, id: null });
    const { id, message } = await agent.next("command");
    expect(message).toEqual({ jsonrpc: "2.0", method: "cancel" });
    agent.say({ type: "answer", id, message: { jsonrpc: "2.0", error: { code: 1 } } });
    expect(await read<object>(answer)).toEqual({ jsonrpc: "2.0", error: { code: 1 } });
  });

  test("has its own answer, in whatever order they come, also after the object slept before", async () => {
    const { session, agent } = await startAgent();
    await hibernate(session.runId);
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const answers = numbers.map((id) => send(session, { ...MESSAGE, id }));
    const commands = [];
    for (const _ of numbers) commands.push(await agent.next("command"));
    expect(new Set(commands.map(({ id }) => id)).size).toBe(20);
    for (const { id, message } of commands.toReversed()) {
      agent.say({ type: "answer", id, message: { jsonrpc: "2.0", id: message.id, result: message.id } });
      agent.say({ type: "answer", id, message: { again: true } });
    }
    for (const [id, answer] of answers.entries()) {
      expect(await read<object>(answer)).toEqual({ jsonrpc: "2.0", id, result: id });
    }
  });

  test("goes between the agent's events", async () => {
    const { session, agent } = await startAgent();
    const answer = send(session);
    const { id } = await agent.next("command");
    agent.say({ type: "events", seq: 1, events: [{ heard: true }] });
    await agent.next("accepted");
    agent.say({ type: "answer", id, message: { jsonrpc: "2.0", id: 7, result: {} } });
    expect((await answer).status).toBe(200);
  });

  test("that it does not answer in time is 504, and its late answer nobody's", async () => {
    const { session, agent } = await startAgent();
    const answer = send(session, MESSAGE, { AGENT_COMMAND_TIMEOUT_SECONDS: "1" });
    const { id } = await agent.next("command");
    await expectError(answer, 504, "Agent server request timed out");
    agent.say({ type: "answer", id, message: { late: true } });
    const next = send(session);
    const { id: nextId } = await agent.next("command");
    agent.say({ type: "answer", id: nextId, message: { jsonrpc: "2.0", result: "in time" } });
    expect(await read<object>(next)).toMatchObject({ result: "in time" });
  });

  test("is 502 when the agent leaves before it answers", async () => {
    const { session, agent } = await startAgent();
    const answer = send(session);
    await agent.next("command");
    agent.leave();
    await expectError(answer, 502, NOT_REACHABLE);
    await expectError(send(session), 400, "No active sandbox for this task run");
  });

  test("is 502 when a newer connection takes the place of the one that had it; the newer gets the next", async () => {
    const { session, agent } = await startAgent();
    const answer = send(session);
    const { id } = await agent.next("command");
    const newer = await connectAgent(session);
    await expectError(answer, 502, NOT_REACHABLE);
    await newer.greeted();
    newer.say({ type: "answer", id, message: { stolen: true } });
    const next = send(session);
    const { id: nextId } = await newer.next("command");
    expect(await agent.closed).toBe(4003);
    newer.say({ type: "answer", id: nextId, message: { jsonrpc: "2.0", result: "newer" } });
    expect(await read<object>(next)).toMatchObject({ result: "newer" });
  });

  test("is 500 when the server is lost meanwhile, and then there is no agent until it connects again", async () => {
    const { session, agent } = await startAgent();
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const answer = send(session);
    await agent.next("command");
    await loseObject(session.runId);
    expect((await answer).status).toBe(500);
    expect(errors).toHaveBeenCalled();
    vi.restoreAllMocks();
    await expectError(send(session), 400, "No active sandbox for this task run");
    const again = await connectAgent(session);
    await again.greeted();
    const next = send(session);
    const { id } = await again.next("command");
    again.say({ type: "answer", id, message: { jsonrpc: "2.0", result: "again" } });
    expect(await read<object>(next)).toMatchObject({ result: "again" });
  });

  test("is 502 when the agent says something else", async () => {
    const { session, agent } = await startAgent();
    const answer = send(session);
    await agent.next("command");
    agent.sayText("what?");
    await expectError(answer, 502, NOT_REACHABLE);
  });

  test.each([
    ["than a message may have", 1024 * 1024, {}],
    ["than is configured", 2000, { AGENT_ANSWER_MAX_BYTES: "2000" }],
  ])("is 502 when its answer is larger %s, and the connection goes on", async (_, length, settings) => {
    const { session, agent } = await startAgent();
    const answer = send(session, MESSAGE, settings);
    const { id } = await agent.next("command");
    agent.say({ type: "answer", id, message: { result: "x".repeat(length) } });
    await expectError(answer, 502, "Agent server answered with more than is allowed");
    agent.sayText("ping");
    expect(await agent.text()).toBe("pong");
  });

  test("is refused while 32 others wait", async () => {
    const { session, agent } = await startAgent();
    const answers = Array.from({ length: 32 }, (_, id) => send(session, { ...MESSAGE, id }));
    const commands = [];
    for (const _ of answers) commands.push(await agent.next("command"));
    await expectError(send(session), 503, "The agent has 32 commands to answer, as many as it may have.");
    for (const { id } of commands) agent.say({ type: "answer", id, message: { jsonrpc: "2.0", result: 1 } });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(32).fill(200));
  });

  test("comes too late when the run has ended", async () => {
    const { session, agent } = await startAgent();
    await session.patch({ status: "cancelled" });
    await agent.next("state");
    await expectError(send(session), 409, "Task run workflow has ended");
  });

  test("goes to its server again once it has left", async () => {
    const server = agentServer("ok");
    const { session, agent } = await startAgent({ state: { sandbox_url: server.url } });
    agent.leave();
    await expect.poll(async () => (await send(session)).text()).toBe(ODD_JSON);
  });

  test("is another run's agent's never", async () => {
    const { agent } = await startAgent();
    const other = await createRunSession();
    await expectError(send(other), 400, "No active sandbox for this task run");
    expect(agent.waiting).toBe(0);
  });
});
