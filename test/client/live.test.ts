import { describe, expect, test } from "vitest";
import {
  createAgentTask,
  createAgentRun,
  appendAgentRunLog,
  updateAgentRun,
  AuthenticationError,
  createEnvironment,
  createEvaluation,
  type EvaluationEvent,
  followCommand,
  followEvaluation,
  followRun,
  getRunStreamToken,
  InvalidRequestError,
  NotFoundError,
  openTerminal,
  type OpenSocket,
  type RunEntry,
  startEnvironmentCommand,
  Taskyard,
  type Transport,
} from "../../src/client/index.ts";
import { loseObject as loseEnvironment, objectOf } from "../environments/client.ts";
import { setUp } from "../environments/machine-client.ts";
import { publishSolvable } from "../evaluations/client.ts";
import { loseObject } from "../runs/run-client.ts";
import { inTime } from "../stream/event-client.ts";
import { callWorker, createYard, openWorkerSocket } from "./yard.ts";

const TRANSPORTS: readonly Transport[] = ["websocket", "sse", "long-poll"];

/** A run of an organization of its own, and what appends to its log. */
async function createRun() {
  const { yard, tenant } = await createYard({ openSocket: openWorkerSocket });
  const task = await createAgentTask(yard, { body: { title: "A task" } });
  const run = await createAgentRun(yard, { path: { task_id: task.id }, body: {} });
  const path = { task_id: task.id, run_id: run.id };
  const append = async (from: number, count: number) => {
    const entries = Array.from({ length: count }, (_, index) => ({ n: from + index }));
    await appendAgentRunLog(yard, { path, body: { entries } });
  };
  const finish = async () => {
    await updateAgentRun(yard, { path, body: { status: "completed" } });
  };
  return { yard, tenant, path, append, finish };
}

/** Numbers of the log among a run's entries. */
function numberOf(entry: RunEntry): number[] {
  return "n" in entry ? [Number(entry["n"])] : [];
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.each(TRANSPORTS)("a run that is followed by %s", (transport) => {
  test("comes whole, once and in order, though its object is lost again and again", async () => {
    const { yard, path, append, finish } = await createRun();
    await append(0, 5);
    const follow = followRun(yard, { path, transports: [transport] });
    const numbers: number[] = [];
    const offsets = new Set<string | undefined>();
    for await (const entry of follow) {
      numbers.push(...numberOf(entry));
      offsets.add(follow.offset);
      if (numbers.length % 5 !== 0 || numberOf(entry).length === 0) continue;
      if (numbers.length < 20) await append(numbers.length, 5);
      else await finish();
      await loseObject(path.run_id);
    }
    expect(numbers).toEqual(upTo(20));
    expect(follow.transport).toBe(transport);
    const rest: number[] = [];
    const [, middle] = [...offsets].filter((offset) => offset !== undefined);
    for await (const entry of followRun(yard, { path, after: middle, transports: [transport] }))
      rest.push(...numberOf(entry));
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.length).toBeLessThan(20);
    expect(numbers.slice(-rest.length)).toEqual(rest);
  });

  test("begins at what is new, ends when it is aborted, and says what went wrong", async () => {
    const { yard, path, append } = await createRun();
    await append(0, 3);
    const ending = new AbortController();
    const numbers: number[] = [];
    const settings = { path, from: "latest", transports: [transport], signal: ending.signal } as const;
    const follow = (async () => {
      for await (const entry of followRun(yard, settings)) {
        numbers.push(...numberOf(entry));
        if (numbers.length === 2) ending.abort(new Error("enough"));
      }
    })().catch((error: unknown) => error);
    // What comes before it is connected is not new.
    await expect
      .poll(async () => {
        if (numbers.length === 0) await append(3, 1);
        return numbers.length;
      })
      .toBeGreaterThan(0);
    await append(100, 2);
    expect(await inTime(follow, "the end of the loop")).toEqual(new Error("enough"));
    expect(numbers[0]).toBe(3);
    const unknown = followRun(yard, { path: { ...path, run_id: crypto.randomUUID() }, transports: [transport, "sse"] });
    await expect(unknown[Symbol.asyncIterator]().next()).rejects.toThrow(NotFoundError);
    const gone = followRun(yard, { path, after: "unknown", transports: [transport] });
    await expect(gone[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "resync" });
    const resyncs: string[] = [];
    const again = followRun(yard, {
      path,
      after: "unknown",
      transports: [transport],
      onResync: (at) => resyncs.push(at),
    });
    for await (const entry of again) if (numberOf(entry).length > 0) break;
    expect(resyncs).toHaveLength(1);
  });
});

test("transports that do not get through give way to the next, and a key that ended is told", async () => {
  const { yard, tenant, path, append, finish } = await createRun();
  await append(0, 3);
  await finish();
  const opened: string[][] = [];
  const dead: OpenSocket = (url, protocols) => {
    opened.push([url, ...protocols]);
    return openWorkerSocket(`${new URL(url).origin}/nowhere`, []);
  };
  const behindProxy = new Taskyard({
    url: yard.url,
    apiKey: tenant.adminKey,
    openSocket: dead,
    fetch: async (url, init) => {
      const isEvents = new Headers(init.headers).get("accept") === "text/event-stream";
      if (isEvents) throw new TypeError("fetch failed");
      return await callWorker(url, init);
    },
  });
  const follow = followRun(behindProxy, { path });
  const numbers: number[] = [];
  for await (const entry of follow) numbers.push(...numberOf(entry));
  expect(numbers).toEqual([0, 1, 2]);
  expect(follow.transport).toBe("long-poll");
  expect(opened).toHaveLength(1);
  // No secret is in the URL.
  expect(opened[0]?.[0]).not.toContain(tenant.adminKey);
  const revoked = new Taskyard({
    url: yard.url,
    apiKey: `ty_${"0".repeat(89)}`,
    fetch: callWorker,
    openSocket: openWorkerSocket,
  });
  await expect(followRun(revoked, { path })[Symbol.asyncIterator]().next()).rejects.toThrow(AuthenticationError);
});

test("a run's stream token is enough to follow it", async () => {
  const { yard, path, append, finish } = await createRun();
  await append(0, 3);
  await finish();
  const { token } = await getRunStreamToken(yard, { path });
  const browser = new Taskyard({ url: yard.url, apiKey: token, fetch: callWorker, openSocket: openWorkerSocket });
  for (const transport of TRANSPORTS) {
    const numbers: number[] = [];
    for await (const entry of followRun(browser, { path, transports: [transport] })) numbers.push(...numberOf(entry));
    expect(numbers).toEqual([0, 1, 2]);
  }
});

test("an evaluation is followed to its end", async () => {
  const { yard, tenant } = await createYard({ openSocket: openWorkerSocket });
  await publishSolvable(tenant, "write");
  const body = { name: "first", model: "none", agent: "oracle" as const, task_names: ["write"], attempts: 2 };
  const evaluation = await createEvaluation(yard, { body });
  for (const transport of TRANSPORTS) {
    const events: EvaluationEvent[] = [];
    const follow = followEvaluation(yard, { path: { evaluation_id: evaluation.id }, transports: [transport] });
    for await (const event of follow) events.push(event);
    const last = events.at(-1);
    expect(last).toMatchObject({ type: "evaluation-end", counts: { passed: 2 } });
    const passed = events.filter((event) => event.type === "item" && event.item.item_status === "passed");
    expect(passed).toHaveLength(2);
  }
});

test("the output of a command comes whole, from any byte on, and with how it ended", async () => {
  const { yard, tenant } = await createYard();
  await publishSolvable(tenant, "write");
  const environment = await createEnvironment(yard, { body: { task_ref: "write" } });
  const token = environment.execute_token ?? "";
  const headers = { "X-Environment-Token": token };
  const body = { command: "for i in 1 2 3; do echo line $i; done; exit 3" };
  const command = await startEnvironmentCommand(yard, { path: { environment_id: environment.id }, headers, body });
  const path = { environment_id: environment.id, command_id: command.command_id };
  const read = async (after: number) => {
    const output = followCommand(yard, { path, token, after });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of output) text += decoder.decode(bytes, { stream: true });
    return { text, output };
  };
  const whole = await read(0);
  expect(whole.text).toBe("line 1\nline 2\nline 3\n");
  expect(whole.output).toMatchObject({ status: "exited", exitCode: 3, offset: 21, lost: 0 });
  expect((await read(7)).text).toBe("line 2\nline 3\n");
  await expect(
    openTerminal(
      new Taskyard({ url: yard.url, apiKey: tenant.adminKey, fetch: callWorker, openSocket: openWorkerSocket }),
      { path: { environment_id: environment.id }, token },
    ),
  ).rejects.toThrow(InvalidRequestError);
});

test("a terminal loses and repeats no byte, in either direction, though its connections break", async () => {
  const scene = await setUp();
  const { machine, environment, tenant, token } = scene;
  const yard = new Taskyard({
    url: "https://taskyard.test",
    apiKey: tenant.adminKey,
    fetch: callWorker,
    openSocket: openWorkerSocket,
  });
  const path = { environment_id: environment.id };
  const terminal = await openTerminal(yard, { path, token, command: "cat", rows: 30, cols: 100 });
  expect(await machine.take("start")).toMatchObject({ id: terminal.id, tty: { rows: 30, cols: 100 } });
  machine.send({ type: "taken", id: terminal.id });
  let text = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of terminal) text += decoder.decode(bytes, { stream: true });
  })();
  await terminal.write("one ");
  expect(await machine.take("input")).toMatchObject({ offset: 0, data: btoa("one ") });
  machine.send({ type: "input_taken", id: terminal.id, bytes: 4 });
  machine.output(terminal.id, 0, "first ");
  await expect.poll(() => text).toBe("first ");
  await machine.take("stored");
  // The connection breaks; what is typed meanwhile and what is shown meanwhile comes afterwards.
  await loseEnvironment(environment);
  const back = await scene.dialAgain();
  await terminal.write("two ");
  back.send({ type: "hello", protocol: 1, state: "ready", terminals: true });
  await back.take("resume");
  back.output(terminal.id, 6, "second");
  const typed: string[] = [];
  while (typed.join("").length < 4) {
    const message = await back.next();
    if (message.type === "input") typed.push(atob(message.data));
  }
  expect(typed.join("")).toBe("two ");
  await expect.poll(() => text).toBe("first second");
  // Another process goes on with it.
  terminal.detach();
  await inTime(reading, "the end of the loop");
  expect(terminal.offset).toBe(12);
  const again = await openTerminal(yard, {
    path,
    token,
    terminalId: terminal.id,
    clientId: terminal.clientId,
    after: 6,
  });
  let rest = "";
  back.end(terminal.id, 5, 12);
  for await (const bytes of again) rest += new TextDecoder().decode(bytes);
  expect(rest).toBe("second");
  expect(again.exit).toEqual({ status: "exited", exitCode: 5, reason: null });
  expect(objectOf(environment)).toBeDefined();
  const missing = openTerminal(yard, { path: { environment_id: crypto.randomUUID() }, token });
  await expect(missing).rejects.toThrow(NotFoundError);
});
