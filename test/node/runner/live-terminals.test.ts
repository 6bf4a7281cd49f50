import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { until } from "./live.ts";
import { LiveTerminal } from "./live-terminal.ts";
import { start, startEnvironment, useLiveWorld } from "./live-world.ts";

const world = useLiveWorld();

const processes = () => execFileSync("ps", ["ax", "-o", "args="], { encoding: "utf8" });

it("is a terminal: size, SIGWINCH, Ctrl-C, job control, colours, UTF-8, Ctrl-D, exit code", async () => {
  await start(world, ["--labels", "tty"]);
  const environment = await startEnvironment(world, "tty");
  const terminal = new LiveTerminal(world, environment, { rows: "40", cols: "132" });
  terminal.type("stty size; tput cols; tput setaf 1 | od -c | head -1; tty; echo $TERM\r");
  expect(await terminal.shows("xterm-256color\r\n")).toMatch(
    /40 132\r\n132\r\n.*033 {3}\[ {3}3 {3}1 {3}m[^]*\/dev\/pts\/\d/,
  );
  terminal.type("trap 'echo size $(stty size)' WINCH; echo set$((1))\r");
  await terminal.shows("set1\r\n");
  terminal.say({ type: "resize", rows: 33, cols: 99 });
  await until(
    async () => {
      terminal.type("\r");
      return terminal.text;
    },
    (text) => text.includes("size 33 99"),
  );
  terminal.type("sleep 300\r");
  await until(
    async () => processes(),
    (seen) => /^sleep 300$/m.test(seen),
  );
  terminal.type("\x03");
  await until(
    async () => processes(),
    (seen) => !/^sleep 300$/m.test(seen),
  );
  terminal.type("sleep 301\r");
  await until(
    async () => processes(),
    (seen) => /^sleep 301$/m.test(seen),
  );
  terminal.type("\x1a");
  await terminal.shows(/Stopped +sleep 301/);
  terminal.type("bg; jobs; kill %1; wait\r");
  await terminal.shows(/Running +sleep 301/);
  terminal.type("printf '\\303'; sleep 0.3; printf '\\251\\n'; echo grüße\r");
  await terminal.shows("\ré\r\ngrüße\r\n");
  terminal.type("cat; echo end\r");
  // What is typed before it reads is for the shell's own line.
  await until(
    async () => processes(),
    (seen) => /^cat$/m.test(seen),
  );
  terminal.type("line\r");
  await terminal.shows(/line\r\nline\r\n/);
  terminal.type("\x04");
  await terminal.shows(/\nend\r\n/);
  terminal.type("(exit 7)\r\x04");
  expect(await terminal.ends()).toMatchObject({ status: "exited", exit_code: 7 });
});

it("loses and repeats no byte in either direction, though both connections break all the time", async () => {
  await start(world, ["--labels", "torn"]);
  const environment = await startEnvironment(world, "torn");
  const terminal = new LiveTerminal(world, environment, { command: "stty raw -echo; echo begin; head -c 20000" });
  await terminal.shows("begin\n");
  const lines = Array.from({ length: 2_000 }, (_, index) => `${String(index).padStart(8, "0")}.\n`);
  for (let at = 0; at < lines.length; at += 400) {
    const type = (from: number, to: number) => terminal.type(lines.slice(at + from, at + to).join(""));
    type(0, 100);
    world.server.proxy.cut();
    type(100, 300);
    await terminal.shows(lines[at + 200] ?? "");
    world.server.proxy.cut();
    type(300, 400);
    await terminal.shows(lines[at + 399] ?? "");
  }
  expect(await terminal.ends()).toMatchObject({ status: "exited", exit_code: 0 });
  expect(terminal.text).toBe(`begin\n${lines.join("")}`);
  expect(terminal.connections).toBeGreaterThan(2);
});

it("takes a paste that is larger than a terminal holds, in both directions", async () => {
  await start(world, ["--labels", "paste"]);
  const environment = await startEnvironment(world, "paste");
  const terminal = new LiveTerminal(world, environment, { command: "stty -echo; echo begin; cat" });
  await terminal.shows("begin\r\n");
  const line = `${"x".repeat(99)}\r`;
  for (let piece = 0; piece < 8; piece += 1) terminal.type(line.repeat(300));
  terminal.type("\x04");
  expect(await terminal.ends()).toMatchObject({ exit_code: 0 });
  expect(terminal.text).toBe(`begin\r\n${`${"x".repeat(99)}\r\n`.repeat(2_400)}`);
});

it("holds up a flood, which Ctrl-C ends, and which starves no other terminal", async () => {
  const runner = await start(world, ["--labels", "flood"]);
  const environment = await startEnvironment(world, "flood");
  const flood = new LiveTerminal(world, environment, { command: "yes" });
  await flood.shows("y\r\ny\r\n");
  const other = new LiveTerminal(world, environment);
  other.type("echo $((6*7))\r");
  const begun = performance.now();
  await other.shows("\r42\r\n");
  expect(performance.now() - begun).toBeLessThan(10_000);
  flood.type("\x03");
  expect(await flood.ends()).toMatchObject({ status: "exited", exit_code: 130 });
  other.say({ type: "close" });
  expect(await other.ends()).toMatchObject({ status: "killed", reason: "It was closed." });
  await runner.kill("SIGTERM");
});

it("ends all that runs in a terminal when it is closed, and when its environment ends", async () => {
  await start(world, ["--labels", "closed"]);
  const environment = await startEnvironment(world, "closed");
  const { place, token } = environment;
  const closed = new LiveTerminal(world, environment);
  closed.type("trap '' HUP TERM; setsid sleep 302 & sleep 303 & sleep 304\r");
  await until(
    async () => processes(),
    (seen) => [302, 303, 304].every((n) => seen.includes(`sleep ${n}\n`)),
  );
  const answer = await world.server.send("DELETE", `${place}/terminals/${closed.id}`, undefined, token);
  expect(answer).toMatchObject({ status: 200, body: { status: "killed", exit_code: 137 } });
  await until(
    async () => processes(),
    (seen) => !/^sleep 30[234]$/m.test(seen),
  );
  const other = new LiveTerminal(world, environment);
  other.type("setsid sleep 305 & sleep 306\r");
  await until(
    async () => processes(),
    (seen) => [305, 306].every((n) => seen.includes(`sleep ${n}\n`)),
  );
  await world.server.send("DELETE", place, undefined, token);
  expect(await other.ends()).toMatchObject({ status: "killed", reason: "The environment was deleted." });
  await until(
    async () => processes(),
    (seen) => !/^sleep 30[56]$/m.test(seen),
  );
});
