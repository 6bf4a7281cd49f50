import { introspectWorkflow, introspectWorkflowInstance } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { callConfigured } from "../../configured.ts";
import { expectNotFound, expectRefused, read } from "../../tasks/client.ts";
import { createRunSession, type RunSession, slackChannel } from "../log/session.ts";

interface Answer {
  status: string;
  relay_id?: string;
}

const THREAD_TS = "1793525400.000100";

/** A run whose task, or which itself, is mapped to a thread in a channel of its own. */
async function createMapped(place: "taskPath" | "runPath" = "taskPath", fields: object = {}) {
  const [session, channel] = [await createRunSession(fields), slackChannel()];
  const json = { channel: channel.name, thread_ts: THREAD_TS };
  await read(session.send(`${session[place]}/slack_thread`, { method: "PUT", json }));
  return { ...session, channel };
}

const relay = (session: RunSession, json: object) => session.send(`${session.runPath}/relay_message/`, { json });

/** Relays a message, without waiting between attempts, until its Workflow has ended. */
async function relayToEnd(session: RunSession, json: object, status: "complete" | "errored" = "complete") {
  await using workflows = await introspectWorkflow(env.RELAY);
  await workflows.modifyAll(async (modifier) => {
    await modifier.disableRetryDelays();
    await modifier.disableSleeps();
  });
  const answer = await read<Answer>(relay(session, json));
  expect(answer.status).toBe("accepted");
  const { relay_id: id = "" } = answer;
  await (await workflows.get())[0]?.waitForStatus(status);
  expect((await (await env.RELAY.get(id)).status()).status).toBe(status);
  return id;
}

describe("relay_message", () => {
  test("posts once to the thread of the task, with the relay's id", async () => {
    const session = await createMapped();
    const id = await relayToEnd(session, { text: "  The tests pass.\n", message_id: "m1", trace_id: "t1" });
    expect(id).toMatch(/^[\da-f-]{36}$/);
    const { messages, posts, lookups } = await session.channel.happened();
    expect(messages).toEqual([
      {
        text: "The tests pass.",
        thread_ts: THREAD_TS,
        ts: expect.any(String),
        metadata: {
          event_type: "taskyard_relay",
          event_payload: { relay_id: id, run_id: session.runId, message_id: "m1", trace_id: "t1" },
        },
      },
    ]);
    expect(posts).toMatchObject([{ authorization: "Bearer xoxb-test-token" }]);
    expect(lookups).toEqual([]);
  });

  test("prefers the run's own thread", async () => {
    const session = await createMapped();
    const own = slackChannel();
    const json = { channel: own.name, thread_ts: THREAD_TS };
    await read(session.send(`${session.runPath}/slack_thread`, { method: "PUT", json }));
    await relayToEnd(session, { text: "Here" });
    expect((await own.happened()).messages).toMatchObject([{ text: "Here" }]);
    expect((await session.channel.happened()).posts).toEqual([]);
  });

  test("posts the parts in place of the text, and nothing that Slack would take for a mention", async () => {
    const session = await createMapped();
    await relayToEnd(session, { text: "whole", text_parts: ["First & <!channel>", " ", "Second"] });
    expect((await session.channel.happened()).messages).toMatchObject([
      { text: "First &amp; &lt;!channel&gt;\n\nSecond" },
    ]);
  });

  test("gives every message a relay of its own", async () => {
    const session = await createMapped();
    const ids = [await relayToEnd(session, { text: "Same" }), await relayToEnd(session, { text: "Same" })];
    expect(new Set(ids).size).toBe(2);
    expect((await session.channel.happened()).messages).toHaveLength(2);
  });
});

describe("a message is there once", () => {
  test.each([
    ["Slack fails before it takes it", ["status-500", "internal_error"], 3],
    ["Slack takes it and then fails", ["lost-status-500"], 1],
    ["the connection is lost after Slack took it", ["lost-connection"], 1],
    ["Slack limits the rate", ["limited", "limited"], 3],
    ["everything happens", ["status-500", "limited", "lost-connection"], 3],
  ])("when %s", async (_what, script, posts) => {
    const session = await createMapped();
    await session.channel.behave({ script });
    const id = await relayToEnd(session, { text: "Once" });
    const happened = await session.channel.happened();
    expect(happened.messages.map(({ metadata }) => metadata.event_payload["relay_id"])).toEqual([id]);
    expect(happened.posts).toHaveLength(posts);
    expect(happened.lookups.length).toBeGreaterThan(0);
    expect(happened.lookups[0]).toContain("include_all_metadata=true");
  });

  test("among others in the thread, pages away", async () => {
    const session = await createMapped();
    await relayToEnd(session, { text: "Earlier" });
    await relayToEnd(session, { text: "Earlier too" });
    await session.channel.behave({ script: ["lost-connection"] });
    await relayToEnd(session, { text: "Once" });
    const { messages, lookups } = await session.channel.happened();
    expect(messages.filter(({ text }) => text === "Once")).toHaveLength(1);
    expect(lookups.length).toBeGreaterThan(1);
  });

  test("however often its relay is created", async () => {
    const session = await createMapped();
    const thread = { channel: session.channel.name, threadTs: THREAD_TS };
    const id = crypto.randomUUID();
    await session.channel.behave({ script: ["lost-status-500"] });
    await using instance = await introspectWorkflowInstance(env.RELAY, id);
    await instance.modify((modifier) => modifier.disableRetryDelays());
    await env.RELAY.create({ id, params: { thread, text: "Once", details: {} } });
    await instance.waitForStatus("complete");
    expect((await session.channel.happened()).messages).toHaveLength(1);
    await expect(env.RELAY.create({ id, params: { thread, text: "Once", details: {} } })).rejects.toThrow(
      /already exists/,
    );
  });

  test("but where the app may not read the thread it is posted again rather than never", async () => {
    const session = await createMapped();
    await session.channel.behave({ script: ["lost-connection"], readable: false });
    await relayToEnd(session, { text: "Twice" });
    expect((await session.channel.happened()).messages).toHaveLength(2);
  });
});

test("Slack's refusals are final", async () => {
  const session = await createMapped();
  await session.channel.behave({ script: ["channel_not_found"] });
  await relayToEnd(session, { text: "Nowhere" }, "errored");
  const { posts, messages } = await session.channel.happened();
  expect([posts.length, messages.length]).toEqual([1, 0]);
});

test("a rate limit is waited for as long as Slack says", async () => {
  const session = await createMapped();
  await session.channel.behave({ script: ["limited"] });
  const id = crypto.randomUUID();
  await using instance = await introspectWorkflowInstance(env.RELAY, id);
  const thread = { channel: session.channel.name, threadTs: THREAD_TS };
  await env.RELAY.create({ id, params: { thread, text: "Later", details: {} } });
  expect(await instance.waitForStepResult({ name: "post 1" })).toEqual({ kind: "limited", retryAfterSeconds: 7 });
  expect((await session.channel.happened()).posts).toHaveLength(1);
});

describe("relay_message is skipped", () => {
  test("without a mapping", async () => {
    const session = await createRunSession();
    expect(await read<Answer>(relay(session, { text: "Hello" }))).toEqual({ status: "skipped" });
  });

  test.each(["completed", "failed", "cancelled"])("for a run that is %s", async (status) => {
    const session = await createMapped("taskPath", { status });
    expect(await read<Answer>(relay(session, { text: "Hello" }))).toEqual({ status: "skipped" });
  });

  test("when there is nothing to say", async () => {
    const session = await createMapped();
    expect(await read<Answer>(relay(session, { text: "x", text_parts: [" ", ""] }))).toEqual({ status: "skipped" });
    expect((await session.channel.happened()).posts).toEqual([]);
  });

  test("by a server without Slack", async () => {
    const session = await createMapped();
    expect(await read<Answer>(configured(session, { SLACK_BOT_TOKEN: undefined }))).toEqual({ status: "skipped" });
  });
});

function configured(session: RunSession, overrides: Record<string, unknown>): Promise<Response> {
  const headers = { Authorization: `Bearer ${session.adminKey}`, "Content-Type": "application/json" };
  const path = `/api/projects/@current/tasks${session.runPath}/relay_message`;
  return callConfigured(overrides, path, { method: "POST", headers, body: JSON.stringify({ text: "Hello" }) });
}

test("a message that cannot be queued is 503", async () => {
  const session = await createMapped();
  const RELAY = { create: () => Promise.reject(new Error("Workflows are down")) };
  expect(await read<object>(configured(session, { RELAY }), 503)).toEqual({ error: "Failed to queue Slack relay" });
});

describe("relay_message is refused", () => {
  test.each<[string, object, string, string]>([
    ["no text", {}, "required", "text"],
    ["blank text", { text: " \n" }, "blank", "text"],
    ["a null", { text: null }, "null", "text"],
    ["10,001 characters", { text: "x".repeat(10_001) }, "max_length", "text"],
    ["parts that are no list", { text: "x", text_parts: "y" }, "not_a_list", "text_parts"],
    ["a part that is no text", { text: "x", text_parts: ["y", 5] }, "invalid_input", "text_parts"],
    [
      "parts beyond Slack's limit",
      { text: "x", text_parts: Array(5).fill("y".repeat(9000)) },
      "max_length",
      "text_parts",
    ],
  ])("with %s, even on an unknown run", async (_what, json, code, attr) => {
    const session = await createRunSession();
    await expectRefused(session.send(`/x/runs/y/relay_message`, { json }), code, attr);
  });

  test("to keys that may only read, and to others", async () => {
    const [session, stranger] = [await createRunSession(), await createRunSession()];
    const key = await session.makeKey(["task:read"]);
    const path = `${session.runPath}/relay_message`;
    expect((await session.send(path, { json: { text: "x" }, key })).status).toBe(403);
    await expectNotFound(stranger.send(path, { json: { text: "x" } }));
  });

  test("for nothing with 10,000 characters", async () => {
    const session = await createRunSession();
    expect(await read<Answer>(relay(session, { text: ` ${"x".repeat(10_000)} ` }))).toEqual({ status: "skipped" });
  });
});

/** Sends an output and waits for what the answer does not wait for. */
async function sendOutput(session: RunSession, output: object, place = "/"): Promise<void> {
  const headers = { Authorization: `Bearer ${session.adminKey}`, "Content-Type": "application/json" };
  const path = `/api/projects/@current/tasks${session.runPath}${place}`;
  await read(callConfigured({}, path, { method: "PATCH", headers, body: JSON.stringify({ output }) }));
}

describe("a pull request in the output", () => {
  const URL = "https://github.com/acme/website/pull/7";

  test("is told once to the thread, however often it is sent", async () => {
    const session = await createMapped();
    await using workflows = await introspectWorkflow(env.RELAY);
    await sendOutput(session, { pr_url: URL, other: 1 });
    await sendOutput(session, { pr_url: URL, other: 2 });
    await sendOutput(session, { pr_url: URL }, "/set_output");
    await sendOutput(session, { unrelated: true });
    await sendOutput(session, { pr_url: `${URL}1` }, "/set_output");
    const instances = await workflows.get();
    expect(instances).toHaveLength(2);
    for (const instance of instances) await instance.waitForStatus("complete");
    const { messages } = await session.channel.happened();
    expect(messages.map(({ text }) => text).sort()).toEqual([`Pull request: ${URL}`, `Pull request: ${URL}1`]);
  });

  test("is told nobody without a mapping", async () => {
    const session = await createRunSession();
    await using workflows = await introspectWorkflow(env.RELAY);
    await sendOutput(session, { pr_url: URL });
    expect(await workflows.get()).toEqual([]);
  });

  test("that does not come to stand in the output is told nobody", async () => {
    const session = await createMapped("runPath", { status: "completed" });
    await using workflows = await introspectWorkflow(env.RELAY);
    await sendOutput(session, { pr_url: URL });
    expect(await workflows.get()).toEqual([]);
  });
});
