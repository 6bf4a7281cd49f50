import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { CommandResponse } from "../../src/environments/commands/command-schemas.ts";
import { letLeasesEnd } from "../pool/runner-client.ts";
import { inTime } from "../stream/event-client.ts";
import { call } from "../tenant.ts";
import { createEnvironmentClient, expectRefusal, objectOf } from "./client.ts";
import { breakOff, type MachineClient, setUp } from "./machine-client.ts";
import { askTerminal, openTerminal } from "./terminal-client.ts";

const KiB = 1024;

/** An environment with a machine, and a terminal that its machine has started. */
async function begin(query: Record<string, string | number> = {}) {
  const scene = await setUp();
  const viewer = await openTerminal(scene, query);
  const id = viewer.ready.terminal_id;
  const started = await scene.machine.take("start");
  scene.machine.send({ type: "taken", id });
  return { ...scene, viewer, id, started };
}

/** Sends output of a terminal as a machine does, and waits until it is stored. */
async function write(machine: MachineClient, id: string, offset: number, text: string): Promise<number> {
  machine.output(id, offset, text);
  return (await machine.take("stored")).bytes;
}

/** Bytes that the only terminal of an environment has written. */
const countOutput = (_: unknown, { storage }: DurableObjectState): number =>
  storage.sql.exec<{ total: number }>("SELECT stdout_total AS total FROM commands").one().total;

/** Lets the time of the environment's timers come. */
async function ring(environment: { id: string }, timer: string): Promise<void> {
  await runInDurableObject(objectOf(environment), (_, { storage }) => {
    storage.sql.exec("UPDATE timers SET due = 0 WHERE name = ?", timer);
  });
  await runDurableObjectAlarm(objectOf(environment));
}

test("opens a terminal of the size that is asked for, with a login shell", async () => {
  const { started, viewer, id } = await begin({ rows: 40, cols: 132, cwd: "src", term: "screen" });
  expect(started).toMatchObject({
    id,
    command: expect.stringContaining("exec bash -l"),
    cwd: "src",
    env: { TERM: "screen" },
    tty: { rows: 40, cols: 132 },
    input: true,
    seconds: 2_000_000,
  });
  expect(viewer.ready).toMatchObject({ offset: 0, lost: 0, input_offset: 0, rows: 40, cols: 132, window: 256 * KiB });
});

test("shows output as bytes, passes on what is typed, resizes, and tells the exit code", async () => {
  const { machine, viewer, id } = await begin({ command: "python3" });
  await write(machine, id, 0, ">>> \xc3");
  machine.output(id, 5, "\xa9");
  await viewer.read(6);
  expect(viewer.text).toBe(">>> é");
  viewer.type("1+1\r");
  expect(await viewer.take("input")).toEqual({ type: "input", offset: 4 });
  await machine.take("stored");
  expect(await machine.take("input")).toMatchObject({ id, offset: 0, data: btoa("1+1\r"), end: false });
  viewer.say({ type: "resize", rows: 50, cols: 100 });
  expect(await viewer.take("resized")).toEqual({ type: "resized", rows: 50, cols: 100 });
  expect(await machine.take("resize")).toEqual({ type: "resize", id, rows: 50, cols: 100 });
  machine.end(id, 3, 6);
  expect(await viewer.take("exit")).toEqual({ type: "exit", status: "exited", exit_code: 3, reason: null, offset: 6 });
  expect(await inTime(viewer.closed, "the close")).toBe(1000);
});

test("goes on at a byte of the output, and at a byte of the input, after its connection has broken", async () => {
  const scene = await begin({ client_id: "me" });
  const { machine, viewer, id, environment } = scene;
  await write(machine, id, 0, "one two");
  await viewer.read(7);
  viewer.type("abc");
  await viewer.take("input");
  await machine.take("input");
  viewer.leave();
  await eventuallyUnwatched(environment, id);
  await write(machine, id, 7, " three");
  await evictDurableObject(objectOf(environment));
  const again = await openTerminal(scene, { terminal_id: id, after: 4, client_id: "me" });
  expect(again.ready).toMatchObject({ terminal_id: id, offset: 4, lost: 0, input_offset: 3 });
  expect(await again.read(9)).toBe("two three");
  // Of "abcdef", which the client had on its way, only what had not come is sent again.
  again.type("def");
  expect(await again.take("input")).toEqual({ type: "input", offset: 6 });
  expect(await machine.take("input")).toMatchObject({ offset: 3, data: btoa("def") });
});

test("sends input on when the machine is there again, once and in order", async () => {
  const { machine, viewer, id, environment, dialAgain } = await begin();
  viewer.type("one ");
  await machine.take("input");
  machine.send({ type: "input_taken", id, bytes: 4 });
  await write(machine, id, 0, "$");
  await breakOff(environment.id, machine);
  viewer.type("two ");
  await viewer.take("input");
  expect(await viewer.take("input")).toEqual({ type: "input", offset: 8 });
  viewer.say({ type: "resize", rows: 30, cols: 90 });
  await viewer.take("resized");
  await evictDurableObject(objectOf(environment));
  const back = await dialAgain();
  back.send({ type: "hello", protocol: 1, state: "ready", terminals: true });
  expect((await back.take("resume")).commands).toEqual([{ id, stdout: 1, stderr: 0 }]);
  expect(await back.take("resize")).toMatchObject({ id, rows: 30, cols: 90 });
  expect(await back.take("input")).toMatchObject({ id, offset: 4, data: btoa("two ") });
  viewer.type("three");
  expect(await back.take("input")).toMatchObject({ id, offset: 8, data: btoa("three") });
  back.output(id, 1, "still there");
  expect(await viewer.read(12)).toBe("$still there");
});

test("starts a terminal that was opened while no machine was connected, with its size and input of meanwhile", async () => {
  const scene = await setUp();
  await breakOff(scene.environment.id, scene.machine);
  const viewer = await openTerminal(scene, { rows: 10, cols: 20 });
  viewer.type("ls\r");
  viewer.say({ type: "resize", rows: 11, cols: 21 });
  await viewer.take("input");
  await viewer.take("resized");
  const machine = await scene.dialAgain();
  machine.send({ type: "hello", protocol: 1, state: "ready", terminals: true });
  await machine.take("resume");
  expect(await machine.take("start")).toMatchObject({ id: viewer.ready.terminal_id, tty: { rows: 11, cols: 21 } });
  await machine.take("resize");
  expect(await machine.take("input")).toMatchObject({ offset: 0, data: btoa("ls\r") });
});

test("says what is lost of output that is no longer kept", async () => {
  const scene = await begin();
  const { machine, id, viewer, onEnvironment } = scene;
  viewer.leave();
  const piece = "x".repeat(64 * KiB);
  for (let at = 0; at < 24; at += 1) machine.output(id, at * piece.length, piece);
  const total = 24 * piece.length;
  await expect
    .poll(async () => (await onEnvironment(`/commands/${id}`)).json<CommandResponse>())
    .toMatchObject({ output_bytes: 1024 * KiB, truncated: { stdout: { total, kept: 1024 * KiB } } });
  const late = await openTerminal(scene, { terminal_id: id, after: 100 });
  expect(late.ready).toMatchObject({ offset: 512 * KiB, lost: 512 * KiB - 100 });
  const read = await onEnvironment(`/commands/${id}/output?offset=100`);
  expect(read.headers.get("x-output-offset")).toBe(String(512 * KiB));
  expect(read.headers.get("x-next-offset")).toBe(String(total));
  const beyond = await openTerminal(scene, { terminal_id: id, after: total + 5 });
  expect(beyond.ready).toMatchObject({ offset: total, lost: 0 });
});

test("holds the program up while somebody has to catch up, until that one takes nothing any more", async () => {
  const { machine, id, viewer, environment } = await begin();
  const piece = "y".repeat(64 * KiB);
  const stored: number[] = [];
  for (let at = 0; at < 8; at += 1) stored.push(await write(machine, id, at * piece.length, piece));
  // Of 512 KiB that came, those are taken that the viewer may lag behind; it has been sent its window of them.
  expect(Math.max(...stored)).toBe(256 * KiB);
  await viewer.read(256 * KiB);
  viewer.say({ type: "ack", offset: 100 * KiB });
  expect(await machine.take("stored")).toMatchObject({ id, bytes: 356 * KiB });
  await viewer.read(356 * KiB);
  // Ten seconds without an acknowledgement: it holds up nobody any more, and loses what is dropped meanwhile.
  await runInDurableObject(objectOf(environment), (_, state) => {
    for (const socket of state.getWebSockets("terminal")) {
      socket.serializeAttachment({ ...socket.deserializeAttachment(), stalledAt: Date.now() - 11_000 });
    }
  });
  await evictDurableObject(objectOf(environment));
  await ring(environment, "viewers");
  expect(await machine.take("stored")).toMatchObject({ bytes: 512 * KiB });
  for (let at = 8; at < 32; at += 1) machine.output(id, at * piece.length, piece);
  await expect.poll(() => runInDurableObject(objectOf(environment), countOutput)).toBe(32 * piece.length);
  viewer.say({ type: "ack", offset: 356 * KiB });
  expect(await viewer.take("lost")).toEqual({ type: "lost", offset: 1024 * KiB, bytes: 668 * KiB });
  await viewer.read(612 * KiB);
});

test("closes a connection that has taken nothing for two minutes", async () => {
  const { machine, id, viewer, environment } = await begin();
  for (let at = 0; at < 6; at += 1) await write(machine, id, at * 64 * KiB, "z".repeat(64 * KiB));
  await viewer.read(256 * KiB);
  await runInDurableObject(objectOf(environment), (_, state) => {
    for (const socket of state.getWebSockets("terminal")) {
      socket.serializeAttachment({ ...socket.deserializeAttachment(), stalledAt: Date.now() - 121_000 });
    }
  });
  await evictDurableObject(objectOf(environment));
  await ring(environment, "viewers");
  expect(await inTime(viewer.closed, "the close")).toBe(4002);
});

test("holds up a program that writes without end", async () => {
  const { machine, id, viewer } = await begin();
  viewer.leave();
  const piece = "y".repeat(64 * KiB);
  let offset = 0;
  let taken = 0;
  const begun = Date.now();
  // As a machine does: no more than a window of it is on its way.
  while (offset < 3 * 1024 * KiB) {
    while (offset - taken >= 512 * KiB) taken = Math.max(taken, (await machine.take("stored")).bytes);
    machine.output(id, offset, piece);
    offset += piece.length;
  }
  // A megabyte at once, half of one on its way, and the rest as a megabyte a second.
  expect(Date.now() - begun).toBeGreaterThan(1_000);
});

test("shows a terminal to several, who all may type", async () => {
  const scene = await begin();
  const { machine, viewer, id } = scene;
  const second = await openTerminal(scene, { terminal_id: id, rows: 33, cols: 99 });
  expect(second.ready).toMatchObject({ rows: 33, cols: 99 });
  expect(await viewer.take("resized")).toEqual({ type: "resized", rows: 33, cols: 99 });
  expect(await machine.take("resize")).toMatchObject({ rows: 33, cols: 99 });
  await write(machine, id, 0, "$ ");
  expect([await viewer.read(2), await second.read(2)]).toEqual(["$ ", "$ "]);
  viewer.type("a");
  expect(await machine.take("input")).toMatchObject({ offset: 0, data: btoa("a") });
  second.type("b");
  expect(await machine.take("input")).toMatchObject({ offset: 1, data: btoa("b") });
  expect([await viewer.take("input"), await second.take("input")]).toMatchObject([{ offset: 1 }, { offset: 1 }]);
  for (let more = 2; more < 8; more += 1) await openTerminal(scene, { terminal_id: id });
  const { detail } = await expectRefusal(await askTerminal(scene, { terminal_id: id }), 409);
  expect(detail).toMatch(/8 connections/);
  // One that comes again takes its own place.
  const own = await openTerminal(scene, { terminal_id: id, client_id: second.ready.client_id });
  expect(own.ready.input_offset).toBe(1);
  expect(await inTime(second.closed, "the close of the older")).toBe(4003);
  await expect
    .poll(async () => (await scene.onEnvironment("/terminals")).json())
    .toMatchObject({ terminals: [{ command_id: id, connections: 8, tty: { rows: 33, cols: 99 } }] });
});

test("opens one terminal for those who ask again under the same id", async () => {
  const scene = await setUp();
  const id = crypto.randomUUID();
  const [first, second] = [await openTerminal(scene, { new_id: id }), await openTerminal(scene, { new_id: id })];
  expect([first.ready.terminal_id, second.ready.terminal_id]).toEqual([id, id]);
  const { terminals } = await (await scene.onEnvironment("/terminals")).json<{ terminals: unknown[] }>();
  expect(terminals).toHaveLength(1);
});

test("refuses what is wrong before anything is started", async () => {
  const scene = await setUp();
  const { onEnvironment } = scene;
  const refusal = async (query: Record<string, string | number>, status: number) =>
    (await expectRefusal(await askTerminal(scene, query), status)).detail;
  for (const query of [{ rows: 0 }, { cols: 1_001 }, { rows: "x" }, { after: -1 }, { term: "a b" }, { cwd: "" }]) {
    await refusal(query, 422);
  }
  for (const query of [{ terminal_id: "x" }, { new_id: "x" }, { client_id: "a b" }, { command: "x".repeat(4_097) }]) {
    await refusal(query, 422);
  }
  expect(await refusal({ terminal_id: crypto.randomUUID() }, 404)).toBe("Command not found.");
  const both = { terminal_id: crypto.randomUUID(), new_id: crypto.randomUUID() };
  expect(await refusal(both, 400)).toMatch(/send one of them/);
  const { detail } = await expectRefusal(await onEnvironment("/terminal"), 400);
  expect(detail).toMatch(/Upgrade: websocket/);
  const stranger = { headers: { "X-Environment-Token": "tye_wrong" } };
  expect((await askTerminal(scene, {}, stranger)).status).toBe(401);
  const reader = { key: await scene.tenant.makeKey(["environment:read"]) };
  expect((await askTerminal(scene, {}, reader)).status).toBe(403);
  expect(await (await onEnvironment("/terminals")).json()).toEqual({ terminals: [] });
  const { command_id: plain } = await scene.start("sleep 1");
  expect(await refusal({ terminal_id: plain }, 409)).toBe("The command has no terminal.");
});

test("opens as many terminals as may be at once, beside the commands", async () => {
  const scene = await setUp();
  for (let number = 0; number < 8; number += 1) await openTerminal(scene);
  const { detail } = await expectRefusal(await askTerminal(scene), 409);
  expect(detail).toBe("8 terminals are running: that is as many as may at once.");
  const refused = await scene.onEnvironment("/commands", { method: "POST", json: { command: "x", tty: {} } });
  expect(await expectRefusal(refused, 409)).toMatchObject({ type: "conflict_error" });
  await scene.start("still a command");
});

test.each([
  ["embedded", /'embedded' gives commands no terminal.*'runner' does/],
  ["runner without terminals", /The runner that keeps this environment gives commands no terminal/],
])("says that there are no terminals: %s", async (kind, why) => {
  const scene = kind === "embedded" ? await createEnvironmentClient() : await setUp({ terminals: false });
  expect((await expectRefusal(await askTerminal(scene), 400)).detail).toMatch(why);
  for (const fields of [{ tty: { rows: 24, cols: 80 } }, { stdin_open: true }]) {
    const refused = await scene.onEnvironment("/commands", { method: "POST", json: { command: "x", ...fields } });
    expect((await expectRefusal(refused, 400)).detail).toMatch(why);
  }
  expect(await (await scene.onEnvironment("/commands")).json()).toEqual({ commands: [] });
});

test("closes connections that send what is no message, and tells of those that ask what cannot be", async () => {
  const scene = await begin();
  const { viewer, id } = scene;
  viewer.say({ type: "resize", rows: 0, cols: 80 });
  expect((await viewer.take("error")).detail).toMatch(/rows/);
  for (const [text, code] of [
    ["nonsense", 4001],
    ['{"type":"surprise"}', 4001],
    ['{"type":"ack","offset":1}', 4001],
    [`{"type":"close","more":"${"x".repeat(1_100)}"}`, 4001],
    [new Uint8Array(64 * KiB + 1), 1009],
  ] as const) {
    const wrong = await openTerminal(scene, { terminal_id: id });
    wrong.socket.send(text);
    expect(await inTime(wrong.closed, "the close")).toBe(code);
  }
});

test("bounds what is typed and not read, and acknowledges no more of it than a window", async () => {
  const { machine, viewer, id } = await begin();
  const frame = new Uint8Array(64 * KiB).fill(120);
  for (let number = 0; number < 4; number += 1) viewer.socket.send(frame);
  for (let number = 1; number <= 4; number += 1) expect((await viewer.take("input")).offset).toBe(number * 64 * KiB);
  viewer.socket.send(frame);
  for (let number = 0; number < 5; number += 1) await machine.take("input");
  machine.send({ type: "input_taken", id, bytes: 64 * KiB });
  expect(await viewer.take("input")).toEqual({ type: "input", offset: 5 * 64 * KiB });
  for (let number = 5; number < 18; number += 1) viewer.socket.send(frame);
  expect(await inTime(viewer.closed, "the close")).toBe(4005);
});

test("ends a terminal that is closed, by a message and by its path", async () => {
  const scene = await begin();
  const { machine, viewer, id, onEnvironment } = scene;
  viewer.say({ type: "close" });
  expect(await machine.take("kill")).toEqual({ type: "kill", id });
  machine.send({ type: "ended", id, ending: { status: "killed", produced: { stdout: 0, stderr: 0 } } });
  const gone = { status: "killed", exit_code: 137, reason: "It was closed." };
  expect(await viewer.take("exit")).toMatchObject(gone);
  await machine.take("noted");
  const second = await openTerminal(scene);
  const other = second.ready.terminal_id;
  await machine.take("start");
  machine.send({ type: "taken", id: other });
  const closing = onEnvironment(`/terminals/${other}`, { method: "DELETE" });
  await machine.take("kill");
  machine.send({ type: "ended", id: other, ending: { status: "killed", produced: { stdout: 0, stderr: 0 } } });
  const answer = await closing;
  expect([answer.status, await answer.json()]).toMatchObject([200, gone]);
  expect((await onEnvironment(`/terminals/${other}`, { method: "DELETE" })).status).toBe(200);
  const missing = await onEnvironment(`/terminals/${crypto.randomUUID()}`, { method: "DELETE" });
  expect(missing.status).toBe(404);
  // What it has shown can still be read.
  const late = await openTerminal(scene, { terminal_id: id });
  expect(await late.take("exit")).toMatchObject(gone);
});

test("ends a terminal that nobody was connected to for long enough, and no other", async () => {
  const scene = await begin();
  const { machine, viewer, id, environment } = scene;
  const watched = await openTerminal(scene);
  await machine.take("start");
  const { command_id: own } = await scene.start("a command of its own", { tty: { rows: 24, cols: 80 } });
  await machine.take("start");
  await runInDurableObject(objectOf(environment), (_, { storage }) => {
    // It is the end of the connection that counts, and not the next look at all of them.
    storage.sql.exec("DELETE FROM timers WHERE name = 'viewers'");
  });
  viewer.leave();
  await eventuallyUnwatched(environment, id);
  await runInDurableObject(objectOf(environment), (_, { storage }) => {
    storage.sql.exec("UPDATE commands SET unwatched_since = unwatched_since - 1801000");
  });
  await ring(environment, "pulse");
  expect(await machine.take("kill")).toEqual({ type: "kill", id });
  machine.send({ type: "ended", id, ending: { status: "killed", produced: { stdout: 0, stderr: 0 } } });
  await machine.take("noted");
  expect(await scene.getCommand(id)).toMatchObject({
    status: "killed",
    reason: "Nobody was connected to it for 1800 seconds.",
  });
  expect(await scene.getCommand(own)).toMatchObject({ status: "running" });
  expect(await scene.getCommand(watched.ready.terminal_id)).toMatchObject({ status: "running" });
});

async function eventuallyUnwatched(environment: { id: string }, id: string): Promise<void> {
  const since = () =>
    runInDurableObject(objectOf(environment), (_, { storage }) =>
      storage.sql
        .exec<{ since: number | null }>("SELECT unwatched_since AS since FROM commands WHERE id = ?", id)
        .one(),
    );
  await expect.poll(async () => (await since()).since).not.toBeNull();
}

test("cuts a connection whose key has ended, and leaves the terminal", async () => {
  const scene = await begin();
  const { viewer, id, environment, tenant } = scene;
  const key = await tenant.makeKey(["environment:write"]);
  const answer = await askTerminal(scene, { terminal_id: id }, { key });
  const socket = answer.webSocket;
  socket?.accept();
  const closed = new Promise<number>((resolve) => socket?.addEventListener("close", ({ code }) => resolve(code)));
  const [{ id: keyId } = { id: "" }] = (
    await env.DB.prepare("SELECT id FROM api_keys WHERE organization_id = ? AND name = 'environment:write'")
      .bind(tenant.id)
      .all<{ id: string }>()
  ).results;
  await env.DB.prepare("UPDATE api_keys SET revoked_at = ? WHERE id = ?").bind(Date.now(), keyId).run();
  await ring(environment, "viewers");
  expect(await inTime(closed, "the close")).toBe(4004);
  viewer.say({ type: "resize", rows: 9, cols: 9 });
  expect(await viewer.take("resized")).toMatchObject({ rows: 9 });
});

test.each([
  ["deleted", { status: "killed", reason: "The environment was deleted." }],
  ["lost", { status: "lost", exit_code: null, reason: "The sandbox is gone." }],
])("tells those who are connected that the environment is %s", async (how, told) => {
  const { viewer, tenant, base, environment, runner } = await begin();
  if (how === "deleted") await tenant.api(`${base}/${environment.id}`, { method: "DELETE" });
  else {
    runner.leave();
    await letLeasesEnd(tenant);
  }
  expect(await viewer.take("exit")).toMatchObject(told);
  expect(await inTime(viewer.closed, "the close")).toBe(1000);
});

test("lets a browser in, which has no headers, by subprotocols", async () => {
  const { tenant, base, environment, token } = await setUp();
  const open = (protocols: string[]) =>
    call(`/api/v1${base}/${environment.id}/terminal`, {
      headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": protocols.join(", ") },
    });
  const [key, access] = [`taskyard.key.${tenant.adminKey}`, `taskyard.environment-token.${token}`];
  const opened = await open(["taskyard.terminal.v1", key, access]);
  expect([opened.status, opened.headers.get("sec-websocket-protocol")]).toEqual([101, "taskyard.terminal.v1"]);
  opened.webSocket?.accept();
  expect((await open(["taskyard.terminal.v1", access])).status).toBe(401);
  expect((await open(["taskyard.terminal.v1", key])).status).toBe(422);
  expect((await open(["taskyard.terminal.v1", key, "taskyard.environment-token.wrong"])).status).toBe(401);
  // A key is read there for a WebSocket alone.
  const plain = await call(`/api/v1${base}`, { headers: { "Sec-WebSocket-Protocol": key } });
  expect(plain.status).toBe(401);
});

test("gives a command in the background a terminal, and takes its input and its size over HTTP", async () => {
  const scene = await setUp();
  const { machine, onEnvironment } = scene;
  const started = await scene.start("vim", { tty: { rows: 24, cols: 80 }, stdin: "i", env: { EDITOR: "vim" } });
  expect(started).toMatchObject({ tty: { rows: 24, cols: 80 }, stdin_open: true, background: true });
  const { command_id: id } = started;
  const start = await machine.take("start");
  expect(start).toMatchObject({
    tty: { rows: 24, cols: 80 },
    env: { TERM: "xterm-256color", EDITOR: "vim" },
    stdin: "",
  });
  machine.send({ type: "taken", id });
  expect(await machine.take("input")).toMatchObject({ offset: 0, data: btoa("i") });
  const type = (query: string, body: string) =>
    onEnvironment(`/commands/${id}/stdin${query}`, { method: "POST", body });
  expect(await (await type("?offset=0", "hello")).json()).toEqual({ offset: 5 });
  expect(await machine.take("input")).toMatchObject({ offset: 1, data: btoa("hello") });
  // Sent again, with more behind it.
  expect(await (await type("?offset=0", "hello you")).json()).toEqual({ offset: 9 });
  expect(await machine.take("input")).toMatchObject({ offset: 6, data: btoa(" you") });
  expect((await expectRefusal(await type("?offset=12", "x"), 409)).detail).toMatch(/9 bytes have come/);
  expect((await type("?offset=-1", "x")).status).toBe(422);
  expect((await type("", "x".repeat(64 * KiB + 1))).status).toBe(413);
  expect((await expectRefusal(await type("?end=true", ""), 400)).detail).toMatch(/Ctrl-D/);
  const resize = (json: object) => onEnvironment(`/commands/${id}/resize`, { method: "POST", json });
  expect(await (await resize({ rows: 5, cols: 6 })).json()).toMatchObject({ tty: { rows: 5, cols: 6 } });
  expect(await machine.take("resize")).toMatchObject({ rows: 5, cols: 6 });
  for (const wrong of [{ rows: 0, cols: 1 }, { rows: 1_001, cols: 1 }, { rows: 1 }]) {
    expect((await resize(wrong)).status).toBe(422);
  }
  const viewer = await openTerminal(scene, { terminal_id: id });
  machine.end(id, 0, 0);
  await viewer.take("exit");
  expect((await expectRefusal(await type("", "x"), 409)).detail).toBe("The command is over.");
  expect((await expectRefusal(await resize({ rows: 1, cols: 1 }), 409)).detail).toBe("The command is over.");
});

test("keeps the input of a plain command open where it is asked to", async () => {
  const scene = await setUp();
  const { machine, onEnvironment, environment, dialAgain } = scene;
  const { command_id: id, stdin_open } = await scene.start("cat", { stdin: "a", stdin_open: true });
  expect(stdin_open).toBe(true);
  expect(await machine.take("start")).toMatchObject({ input: true, stdin: "" });
  machine.send({ type: "taken", id });
  expect(await machine.take("input")).toMatchObject({ offset: 0, data: btoa("a"), end: false });
  await write(machine, id, 0, "a");
  const send = (query: string, body: string) =>
    onEnvironment(`/commands/${id}/stdin${query}`, { method: "POST", body });
  await breakOff(environment.id, machine);
  expect(await (await send("?end=true&offset=0", "b")).json()).toEqual({ offset: 1 });
  const back = await dialAgain();
  back.send({ type: "hello", protocol: 1, state: "ready", terminals: true });
  await back.take("resume");
  expect(await back.take("input")).toMatchObject({ offset: 0, data: btoa("a"), end: false });
  expect(await back.take("input")).toMatchObject({ offset: 1, data: btoa("b"), end: true });
  expect(await (await send("?end=true&offset=0", "b")).json()).toEqual({ offset: 1 });
  expect((await expectRefusal(await send("", "c"), 409)).detail).toBe("The command's input is closed.");
  expect(await scene.getCommand(id)).toMatchObject({ stdin_open: false, tty: null });
  const { command_id: closed } = await scene.start("plain");
  const refused = await onEnvironment(`/commands/${closed}/stdin`, { method: "POST", body: "x" });
  expect((await expectRefusal(refused, 409)).detail).toBe("The command's input is closed.");
  const wrong = { command: "x", tty: {}, separate_output: true };
  const both = await onEnvironment("/commands", { method: "POST", json: wrong });
  expect((await expectRefusal(both, 400)).detail).toMatch(/separate_output does not go with tty/);
});
