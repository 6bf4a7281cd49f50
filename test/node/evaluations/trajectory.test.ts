import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StepMetrics, Trajectory, TrajectoryStep } from "../../../src/evaluations/trajectory/atif-schema.ts";
import { checkTrajectory, TRAJECTORY_MAX_BYTES } from "../../../src/evaluations/trajectory/check-trajectory.ts";
import { type TrajectoryHead, writeTrajectory } from "../../../src/evaluations/trajectory/trajectory-stream.ts";
import { combineUsage, usageOfTrajectory } from "../../../src/evaluations/trajectory/trajectory-usage.ts";
import { usageOf } from "../../../src/evaluations/trajectory/usage-meter.ts";

const HEAD: TrajectoryHead = {
  sessionId: "run-1",
  agent: { name: "codex", version: "1.0.0", modelName: "example/model" },
  instruction: "Make the tests pass.",
};

const at = (second: number) => `2026-11-01T10:00:${String(second).padStart(2, "0")}.000Z`;
const notify = (method: string, params: object, timestamp = at(0)) => ({
  type: "notification",
  timestamp,
  notification: { jsonrpc: "2.0", method, params: { sessionId: "s1", ...params } },
});
const update = (sessionUpdate: string, fields: object = {}, timestamp = at(0)) =>
  notify("session/update", { update: { sessionUpdate, ...fields } }, timestamp);
const text = (value: string) => ({ content: { type: "text", text: value } });
const line = (message: string, level = "info") => notify("_posthog/console", { level, message });

const call = (id: string, status: string) => update("tool_call", { toolCallId: id, kind: "execute", status });
const end = (id: string) => update("tool_call_update", { toolCallId: id, status: "completed" });
const turn = (inputTokens: number, outputTokens: number, cost?: number, sessionId = "s1") =>
  notify("_posthog/usage_update", {
    sessionId,
    used: { inputTokens, outputTokens, cachedReadTokens: 5, cachedWriteTokens: 2 },
    cost,
  });
const spent = (amount: number, currency = "USD") =>
  update("usage_update", { used: 900, size: 1000, cost: { amount, currency } });
const agentStep = (metrics: StepMetrics) => ({ step_id: 1, source: "agent" as const, message: "", metrics });
const check = (value: unknown) =>
  checkTrajectory(new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)));

async function textOf(entries: Iterable<unknown>, head: TrajectoryHead = HEAD): Promise<string> {
  let json = "";
  for await (const piece of writeTrajectory(head, entries)) json += piece;
  return json;
}

/** The trajectory of entries, which is held to what is asked of an agent's own. */
async function made(entries: Iterable<unknown>, head: TrajectoryHead = HEAD): Promise<Trajectory> {
  const checked = checkTrajectory(new TextEncoder().encode(await textOf(entries, head)));
  if (!checked.ok) throw new Error(checked.problems.join("\n"));
  return checked.trajectory;
}

const stepsOf = async (entries: Iterable<unknown>) => (await made(entries)).steps.slice(1);

describe("a trajectory from the log of a run", () => {
  test("joins chunks, and puts results beside their calls", async () => {
    const trajectory = await made([
      update("user_message", text("Make the tests pass.")),
      update("agent_thought_chunk", text("First "), at(1)),
      update("agent_thought_chunk", text("look."), at(2)),
      update("agent_message_chunk", text("I read "), at(3)),
      update("agent_message_chunk", text("the file."), at(4)),
      update(
        "tool_call",
        { toolCallId: "c1", title: "Read app.py", kind: "read", status: "pending", rawInput: {} },
        at(5),
      ),
      update("tool_call", {
        toolCallId: "c2",
        title: "Run",
        status: "pending",
        _meta: { claudeCode: { toolName: "Bash" } },
      }),
      update("tool_call_update", {
        toolCallId: "c2",
        status: "failed",
        content: [{ type: "content", ...text("no such file") }],
      }),
      update("tool_call_update", { toolCallId: "c1", status: "in_progress", rawInput: { path: "app.py" } }),
      update("tool_call_update", { toolCallId: "c1", status: "completed", rawOutput: "print(1)" }),
      update("plan", { entries: [] }),
      update("agent_message", text("Done."), at(9)),
      update("user_message", text("Thanks."), at(10)),
    ]);
    expect(trajectory).toEqual({
      schema_version: "ATIF-v1.4",
      session_id: "run-1",
      agent: { name: "codex", version: "1.0.0", model_name: "example/model" },
      steps: [
        { step_id: 1, source: "user", message: "Make the tests pass." },
        {
          step_id: 2,
          timestamp: at(1),
          source: "agent",
          model_name: "example/model",
          message: "I read the file.",
          reasoning_content: "First look.",
          tool_calls: [
            { tool_call_id: "c1", function_name: "read", arguments: { path: "app.py" } },
            { tool_call_id: "c2", function_name: "Bash", arguments: {} },
          ],
          observation: {
            results: [
              { source_call_id: "c1", content: "print(1)" },
              { source_call_id: "c2", content: "no such file" },
            ],
          },
          extra: {
            tool_calls: { c1: { title: "Read app.py", status: "completed" }, c2: { title: "Run", status: "failed" } },
          },
        },
        { step_id: 3, timestamp: at(9), source: "agent", model_name: "example/model", message: "Done." },
        { step_id: 4, timestamp: at(10), source: "user", message: "Thanks." },
      ],
      final_metrics: { total_steps: 4 },
    });
  });

  test("a call that comes after the results of the ones before is the next step; one that comes before, the same", async () => {
    const steps = await stepsOf([
      call("a", "pending"),
      call("b", "pending"),
      end("b"),
      end("a"),
      call("c", "completed"),
    ]);
    expect(steps.map((step) => step.tool_calls?.map((each) => each.tool_call_id))).toEqual([["a", "b"], ["c"]]);
  });

  test("a result that comes when the agent has gone on stands with its call", async () => {
    const steps = await stepsOf([
      update("tool_call", { toolCallId: "slow", kind: "execute", status: "in_progress" }),
      update("agent_message", text("Meanwhile.")),
      update("agent_message", text("Still.")),
      update("tool_call_update", { toolCallId: "slow", status: "completed", rawOutput: { code: 0 } }),
      update("agent_message", text("Done.")),
    ]);
    expect(steps.map((step) => step.message)).toEqual(["", "Meanwhile.", "Still.", "Done."]);
    expect(steps[0]?.observation?.results).toEqual([{ source_call_id: "slow", content: '{"code":0}' }]);
  });

  test("a message that repeats its chunks is no second one, and messages with ids are set apart", async () => {
    const chunk = (id: string, value: string) => update("agent_message_chunk", { messageId: id, ...text(value) });
    const steps = await stepsOf([
      chunk("m1", "One "),
      chunk("m1", "message."),
      update("agent_message", text("One message.")),
      chunk("m2", "Another."),
    ]);
    expect(steps.map((step) => step.message)).toEqual(["One message.\n\nAnother."]);
  });

  test("lines are the message of a program that writes nothing else", async () => {
    const lines = [line("Reading."), line("warning", "error"), line("Done.")];
    expect(await stepsOf(lines)).toMatchObject([{ source: "agent", message: "Reading.\nDone.\n" }]);
    const steps = await stepsOf([...lines, update("agent_message", text("Hello."))]);
    expect(steps.map((step) => step.message)).toEqual(["Hello."]);
  });

  test("old logs, bare notifications, and entries that are none of it", async () => {
    const steps = await stepsOf([
      null,
      7,
      "text",
      {},
      { type: "notification", notification: null },
      { notification: { method: "session/update", params: { update: "none" } } },
      update("tool_call", { title: "no id" }),
      {
        jsonrpc: "2.0",
        method: "session/update",
        params: { update: { sessionUpdate: "agent_message", text: "Bare." } },
      },
      { type: "task_run_state", status: "completed" },
    ]);
    expect(steps.map((step) => step.message)).toEqual(["Bare."]);
  });

  test("what is no text is named", async () => {
    const content = [
      { type: "image", mimeType: "image/png", data: "AAAA" },
      { type: "resource_link", name: "log", uri: "file:///log" },
      { type: "resource", resource: { text: "inside" } },
      { type: "diff", path: "a.txt", oldText: "", newText: "new" },
      { type: "terminal", terminalId: "t1" },
    ];
    const [step] = await stepsOf([update("agent_message", { content })]);
    expect(step?.message).toBe("[image image/png]\n[log file:///log]\ninside\n[diff a.txt]\nnew\n[terminal t1]");
  });

  test("too long a text is cut, and says how much is missing", async () => {
    const [step] = await stepsOf([1, 2, 3].map(() => update("agent_message_chunk", text("x".repeat(400_000)))));
    expect(step?.message).toHaveLength(1_000_000);
    expect(step?.extra).toEqual({ characters_left_out: 200_000 });
  });

  test("100,000 entries, 100 MB of them in open calls, do not stay in memory", async () => {
    const output = "y".repeat(2000);
    function* entries() {
      for (let index = 0; index < 50_000; index++) {
        yield update("agent_message_chunk", text("z"));
        // No call ever ends.
        yield update("tool_call", {
          toolCallId: `c${index}`,
          kind: "execute",
          status: "in_progress",
          rawOutput: output,
        });
      }
    }
    let [length, largest, parts] = [0, 0, 0];
    for await (const piece of writeTrajectory(HEAD, entries())) {
      length += piece.length;
      largest = Math.max(largest, piece.length);
      parts++;
    }
    expect(length).toBeGreaterThan(100_000_000);
    expect(largest).toBeLessThan(9_000_000);
    expect(parts).toBeGreaterThan(1000);
  });

  test("any log makes a trajectory that passes the check, with every message once and in order", async () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const entry = fc.oneof(
      fc.tuple(fc.constantFrom("agent_message", "agent_message_chunk", "agent_thought_chunk", "user_message")),
      fc.tuple(fc.constantFrom("tool_call", "tool_call_update"), id, fc.constantFrom("pending", "completed", "failed")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 60 }), async (script) => {
        const entries = script.map(([kind, toolCallId, status], index) =>
          toolCallId === undefined
            ? update(kind, text(`<${index}>`))
            : update(kind, { toolCallId, status, rawOutput: `<${index}>` }),
        );
        const steps = await stepsOf(entries);
        const said = (kinds: string[]) =>
          script.flatMap(([kind], index) => (kinds.includes(kind) ? [`<${index}>`] : [])).join("");
        const join = (read: (step: TrajectoryStep) => unknown) =>
          steps.map((step) => JSON.stringify(read(step) ?? "").slice(1, -1)).join("");
        expect(join((step) => step.message)).toBe(said(["agent_message", "agent_message_chunk", "user_message"]));
        expect(join((step) => step.reasoning_content)).toBe(said(["agent_thought_chunk"]));
        const last = new Map(script.flatMap(([, call], index) => (call === undefined ? [] : [[call, `<${index}>`]])));
        const results = steps.flatMap((step) => step.observation?.results ?? []);
        expect(new Map(results.map((result) => [result.source_call_id, result.content]))).toEqual(last);
      }),
    );
  });
});

describe("the usage of a run", () => {
  const unknown = { inputTokens: null, outputTokens: null, cachedTokens: null, costUsd: null };

  test("is null where nobody tells it", () => {
    expect(usageOf([])).toBeNull();
    expect(usageOf([update("agent_message", text("x")), update("usage_update", { used: 900, size: 1000 })])).toBeNull();
    expect(usageOf([spent(3, "EUR")])).toBeNull();
    expect(usageOf([update("usage", { prompt_tokens: -1, completion_tokens: "7", cost_usd: Number.NaN })])).toBeNull();
  });

  test("the context that is in use is no consumption; the cost is one so far", () => {
    expect(usageOf([spent(0.1), spent(0.25)])).toEqual({ ...unknown, costUsd: 0.25 });
  });

  test("turns add up, with what came from a cache; their cost is one so far", () => {
    expect(usageOf([turn(10, 3, 0.1), turn(20, 4, 0.3)])).toEqual({
      inputTokens: 44,
      outputTokens: 7,
      cachedTokens: 10,
      costUsd: 0.3,
    });
  });

  test("steps in the words of ATIF add up", () => {
    const step = update("usage", { prompt_tokens: 100, completion_tokens: 10, cached_tokens: 60, cost_usd: 0.5 });
    expect(usageOf([step, step])).toEqual({ inputTokens: 200, outputTokens: 20, cachedTokens: 120, costUsd: 1 });
  });

  test("the same told in several ways counts once, and the total of a session counts most", () => {
    const total = notify("_posthog/turn_complete", { usage: { inputTokens: 7, outputTokens: 8, cachedReadTokens: 1 } });
    const told = [update("usage_update", { inputTokens: 10, outputTokens: 3 }), turn(10, 3), total];
    expect(usageOf(told.slice(0, 1))).toMatchObject({ inputTokens: 10, outputTokens: 3 });
    expect(usageOf(told.slice(0, 2))).toMatchObject({ inputTokens: 17, outputTokens: 3 });
    expect(usageOf(told)).toMatchObject({ inputTokens: 8, outputTokens: 8, cachedTokens: 1 });
  });

  test("an agent that begins anew adds to what it had used, and sessions add up", () => {
    expect(usageOf([spent(2), spent(3), spent(1)])?.costUsd).toBe(4);
    expect(usageOf([turn(1, 1, 2, "one"), turn(1, 1, 3, "two")])).toMatchObject({ outputTokens: 2, costUsd: 5 });
    const sessions = Array.from({ length: 5000 }, (_, index) => turn(0, 1, undefined, `s${index}`));
    expect(usageOf(sessions)?.outputTokens).toBe(5000);
  });

  test("stands in the trajectory: with each step, and in the end", async () => {
    const trajectory = await made([
      update("agent_message", text("Hello.")),
      update("usage", { prompt_tokens: 100, completion_tokens: 10 }),
      update("usage", { prompt_tokens: 1, cost_usd: 0.5 }),
    ]);
    expect(trajectory.steps[1]?.metrics).toEqual({ prompt_tokens: 101, completion_tokens: 10, cost_usd: 0.5 });
    expect(trajectory.final_metrics).toEqual({
      total_prompt_tokens: 101,
      total_completion_tokens: 10,
      total_cost_usd: 0.5,
      total_steps: 2,
    });
    expect(usageOfTrajectory(trajectory)).toEqual({ ...unknown, inputTokens: 101, outputTokens: 10, costUsd: 0.5 });
  });
});

describe("a trajectory that an agent has left", () => {
  const SMALL = {
    schema_version: "ATIF-v1.6",
    session_id: "s",
    agent: { name: "mine", version: "2" },
    steps: [{ step_id: 1, source: "user", message: [{ type: "text", text: "Hi" }], reasoning_effort: null }],
  };
  const [step] = SMALL.steps;

  test("passes as it is, with what later versions have", () => {
    const value = { ...SMALL, continued_trajectory_ref: "next.json" };
    expect(check(value)).toEqual({ ok: true, trajectory: value });
  });

  test.each<[unknown, string]>([
    ["{", "It is no JSON."],
    [[], "It: Invalid input"],
    [{ ...SMALL, schema_version: "ATIF-v2.0" }, "schema_version: must be ATIF-v1.x"],
    [{ ...SMALL, steps: [] }, "steps: has to have a step"],
    [{ ...SMALL, steps: [step, step] }, "steps.1.step_id: is 1 and must be 2"],
    [{ ...SMALL, steps: [{ ...step, source: "tool" }] }, "steps.0.source: Invalid option"],
    [{ ...SMALL, steps: [{ ...step, timestamp: "yesterday" }] }, "steps.0.timestamp: must be an ISO 8601 time"],
    [{ ...SMALL, steps: [{ ...step, tool_calls: [] }] }, "steps.0.tool_calls: only a step of the agent has it"],
    [
      { ...SMALL, steps: [{ ...step, observation: { results: [{ source_call_id: "x" }] } }] },
      "steps.0.observation.results.0.source_call_id: the step has no such tool call",
    ],
    [{ ...SMALL, final_metrics: { total_prompt_tokens: -1 } }, "final_metrics.total_prompt_tokens: Too small"],
    [" ".repeat(TRAJECTORY_MAX_BYTES + 1), `It is larger than ${TRAJECTORY_MAX_BYTES} bytes.`],
  ])("is refused with its place: %#", (value, problem) => {
    expect(check(value)).toEqual({ ok: false, problems: [expect.stringContaining(problem)] });
  });

  test("tells twenty problems and counts the rest", () => {
    const checked = check({ ...SMALL, steps: Array.from({ length: 50 }, () => step) });
    expect(checked).toMatchObject({ ok: false, problems: { length: 21, 20: "There are 29 more problems." } });
  });

  test("tells its usage: in all, else step by step, field by field", () => {
    const steps = [agentStep({ prompt_tokens: 5, cost_usd: 0.5 }), agentStep({ prompt_tokens: 6 })];
    const usage = usageOfTrajectory({ ...SMALL, steps, final_metrics: { total_prompt_tokens: 20, total_steps: 2 } });
    expect(usage).toEqual({ inputTokens: 20, outputTokens: null, cachedTokens: null, costUsd: 0.5 });
    expect(usageOfTrajectory({ ...SMALL, steps: [agentStep({})] })).toBeNull();
    expect(combineUsage(usage, { inputTokens: 1, outputTokens: 2, cachedTokens: null, costUsd: 3 })).toEqual({
      inputTokens: 20,
      outputTokens: 2,
      cachedTokens: null,
      costUsd: 0.5,
    });
    expect(combineUsage(null, usage)).toBe(usage);
  });
});
