import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { withSettings } from "../../registry/harbor-tasks.ts";
import { testContainerLimits } from "./container-limits.ts";
import { testServices } from "./container-services.ts";
import {
  allContainers,
  begin as beginEnvironment,
  BUILD_SECONDS,
  image,
  publish as publishTask,
  startWithPodman,
} from "./container-world.ts";
import { testHealthchecks } from "./healthchecks.ts";
import { until } from "./live.ts";
import { LiveTerminal } from "./live-terminal.ts";
import { startEnvironment, useLiveWorld } from "./live-world.ts";
import { containers, HAS_PODMAN, podman } from "./podman.ts";

/** The arguments of a function but its first one. */
type DropFirst<Call> = Call extends (first: never, ...rest: infer Rest) => unknown ? Rest : never;

// Each of them starts runners and containers, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 300_000 });

/** A line for the shell that says whether a port of the loopback is reached. */
const reach = (to: number) => `(exec 3<>/dev/tcp/127.0.0.1/${to}) 2>/dev/null && echo reached ${to}`;

describe.skipIf(!HAS_PODMAN)("environments in containers", () => {
  const world = useLiveWorld();

  const start = (...given: DropFirst<typeof startWithPodman>) => startWithPodman(world, ...given);
  const publish = (...given: DropFirst<typeof publishTask>) => publishTask(world, ...given);
  const begin = (...given: DropFirst<typeof beginEnvironment>) => beginEnvironment(world, ...given);

  afterEach(async () => {
    await Promise.all(world.runners.splice(0).map((runner) => runner.kill("SIGTERM")));
    const left = containers();
    if (left.length > 0) throw new Error(`Containers are left: ${left.join(", ")}`);
  }, 120_000);

  it("runs commands of a task without an image in the default one, and shares what they leave running", async () => {
    const runner = await start(["--labels", "plain"]);
    const { execute, place, token } = await startEnvironment(world, "plain");
    expect(runner.said).toContain("isolation podman");
    expect((await execute("id -un; pwd; ls")).body).toMatchObject({
      exit_code: 0,
      output: expect.stringMatching(/^root\n\/task\n/),
    });
    const serve = `perl -MIO::Socket::INET -e '
      $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8123, Listen => 5, ReuseAddr => 1) or die;
      while ($c = $s->accept) { print STDERR "x" x 100_000, "\\n"; print $c "pong\\n"; close $c }' & echo begun`;
    const started = performance.now();
    expect((await execute(serve)).body).toMatchObject({ exit_code: 0, output: "begun\n" });
    expect(performance.now() - started).toBeLessThan(20_000);
    const ask = "for n in {1..50}; do exec 3<>/dev/tcp/127.0.0.1/8123 && break; sleep 0.1; done 2>/dev/null; cat <&3";
    // It writes more than any pipe holds after its command's end.
    for (let n = 0; n < 3; n += 1) expect((await execute(ask)).body.output).toBe("pong\n");
    expect((await world.server.send("DELETE", place, undefined, token)).status).toBe(200);
    await until(
      async () => containers(),
      (names) => names.every((name) => !place.endsWith(name.replace("taskyard-", ""))),
    );
    await runner.kill("SIGTERM");
  });

  it("tells output in its order, exit codes, streams apart, input and time-outs as under bubblewrap", async () => {
    await start(["--labels", "exec"]);
    const { execute, place, token } = await startEnvironment(world, "exec");
    const mixed = "for i in 1 2 3; do echo out$i; echo err$i >&2; done; exit 5";
    expect((await execute(mixed)).body).toMatchObject({ exit_code: 5, output: "out1\nerr1\nout2\nerr2\nout3\nerr3\n" });
    expect((await execute(mixed, { separate_output: true })).body).toMatchObject({
      exit_code: 5,
      stdout: "out1\nout2\nout3\n",
      stderr: "err1\nerr2\nerr3\n",
    });
    expect((await execute("kill -SEGV $$")).body.exit_code).toBe(139);
    expect((await execute("echo x > /dev/stderr; printf 'no end'")).body.output).toBe("x\nno end");
    const odd = { ODD: "a'b\"c\nd $HOME", cwd: "x" };
    expect((await execute('cat; printf %s "$ODD"', { stdin: "in\nput", env: odd })).body.output).toBe(
      `in\nput${odd.ODD}`,
    );
    expect((await execute("pwd", { cwd: "/var/../etc" })).body.output).toBe("/etc\n");
    expect((await execute("pwd", { cwd: "/not/there" })).body.exit_code).not.toBe(0);
    const long = (await execute("seq 1 60000")).body;
    expect(createHash("sha256").update(long.stdout).digest("hex")).toBe(
      createHash("sha256")
        .update(Array.from({ length: 60_000 }, (_, n) => `${n + 1}\n`).join(""))
        .digest("hex"),
    );
    // What it has started ends with it, also in other sessions and without its variables, and nothing else does.
    await execute("sleep 1111 >/dev/null 2>&1 &");
    const stray =
      "setsid sleep 2222 & (trap '' TERM; exec env -i sleep 3333) & setsid sh -c 'trap \"\" TERM; exec sleep 4444' & wait";
    expect((await execute(stray, { timeout_sec: 2 })).body).toMatchObject({ timed_out: true });
    const left = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f; echo; done 2>/dev/null | grep '^sleep [1-4]'";
    expect((await execute(left)).body.output).toBe("sleep 1111 \n");
    const background = await world.server.send(
      "POST",
      `${place}/commands`,
      { command: "echo begun; sleep 5555" },
      token,
    );
    const output = `${place}/commands/${background.body.command_id}`;
    await until(
      () => world.server.send("GET", `${output}/output`, undefined, token),
      ({ body }) => body === "begun\n",
    );
    await world.server.send("POST", `${output}/kill`, {}, token);
    await until(
      () => world.server.send("GET", output, undefined, token),
      ({ body }) => body.status === "killed",
    );
    expect(
      (await execute("grep -c 5555 /proc/[0-9]*/cmdline | grep -v :0 | grep -v self | wc -l")).body.exit_code,
    ).toBe(0);
    // Whoever ends all processes ends the command's own, and the environment goes on.
    expect((await execute("kill -KILL -1")).status).toBe(502);
    expect((await execute("echo on")).body.output).toBe("on\n");
  });

  it("has terminals, which are resized and taken up again after a drop, and commands whose input stays open", async () => {
    await start(["--labels", "tty"]);
    const environment = await startEnvironment(world, "tty", undefined, {}, BUILD_SECONDS);
    const { place, token, execute } = environment;
    const terminal = new LiveTerminal(world, environment, { rows: "40", cols: "132" });
    terminal.type("stty size; tty; id -un\r");
    expect(await terminal.shows(/\nroot\r\n/)).toMatch(/40 132\r\n\/dev\/pts\/\d+\r\nroot/);
    terminal.say({ type: "resize", rows: 33, cols: 99 });
    await until(
      async () => {
        terminal.type("stty size\r");
        return terminal.text;
      },
      (text) => /[\r\n]33 99\r\n/.test(text),
    );
    terminal.type("kept=$((6*7)); seq -f 'line %g' 1 2000\r");
    world.server.proxy.cut();
    terminal.type("echo kept $kept\r");
    world.server.proxy.cut();
    const shown = await terminal.shows(/kept 42\r\n/);
    expect(terminal.connections).toBeGreaterThan(1);
    const lines = [...shown.matchAll(/^line (\d+)\r$/gm)].map(([, number]) => Number(number));
    expect(lines).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
    terminal.type("sleep 3005\r");
    const isAsleep = async () => (await execute("grep -lx sleep /proc/[0-9]*/comm | wc -l")).body.output;
    await until(isAsleep, (count) => Number(count) > 1);
    terminal.type("\x03");
    await until(isAsleep, (count) => Number(count) === 1);
    terminal.type("echo back\r");
    await terminal.shows(/[\r\n]back\r\n/);
    terminal.type("(exit 7)\r\x04");
    expect(await terminal.ends()).toMatchObject({ status: "exited", exit_code: 7 });
    // The same by HTTP: a command on a terminal, and one without whose input stays open.
    const begun = async (fields: object) =>
      `${place}/commands/${(await world.server.send("POST", `${place}/commands`, fields, token)).body.command_id}`;
    const type = (command: string, text: string, query = "") =>
      world.server.send("POST", `${command}/stdin${query}`, new TextEncoder().encode(text), token);
    const output = (command: string, wanted: string | RegExp) =>
      until(
        async () => String((await world.server.send("GET", `${command}/output`, undefined, token)).body),
        (text) => (typeof wanted === "string" ? text === wanted : wanted.test(text)),
      );
    const onTerminal = await begun({ command: "stty size; read line; echo got $line", tty: { rows: 5, cols: 50 } });
    await type(onTerminal, "typed\r");
    await output(onTerminal, /5 50\r\n[^]*got typed\r\n$/);
    const open = await begun({ command: "wc -c; echo over", stdin_open: true });
    await type(open, "12345");
    await type(open, "67890", "?end=true");
    await output(open, "10\nover\n");
  });

  it("builds one image for twenty environments that are asked for at once, and keeps tests and solutions out of it", async () => {
    const runner = await start(["--labels", "many", "--slots", "20"]);
    const task = await publish(image("RUN echo was-built-here; ls -A / > /listed"));
    const environments = await Promise.all(Array.from({ length: 20 }, () => begin("many", task)));
    await Promise.all(
      environments.map(async ({ read }) => {
        const done = await until(read, ({ state }) => state === "ready" || state === "failed", BUILD_SECONDS);
        expect(done).toMatchObject({ state: "ready", error: null });
      }),
    );
    expect(containers()).toHaveLength(20);
    const images = podman("images", "--filter", "label=taskyard.image=built", "--format", "{{.Id}}").split("\n");
    const used = podman("ps", "--all", "--filter", "label=taskyard.environment", "--format", "{{.ImageID}}").split(
      "\n",
    );
    expect(new Set(used).size).toBe(1);
    expect(images.length).toBeGreaterThan(0);
    const logs = await Promise.all(environments.map(({ logs: read }) => read()));
    for (const log of logs) expect(log).toContain("A container of podman");
    expect(logs.join("")).toContain("build: was-built-here");
    const [first] = environments;
    const command = "cat given.txt; pwd; ls -A /task /tests /solution; cat /listed";
    const { body } = await world.server.send(
      "POST",
      `${first?.place}/execute`,
      { command, timeout_sec: 60 },
      first?.token,
    );
    expect(body.output).toMatch(/^given .*\n\/app\n\/solution:\n\n\/task:\ninstruction.md\nwords.txt\n\n\/tests:\n/);
    expect(body.output).not.toContain("test.sh");
    await runner.kill("SIGTERM");
    expect(containers()).toEqual([]);
  }, 400_000);

  it("verifies tasks in Harbor's format in their own image, as their users and with the variables that are allowed", async () => {
    const machine = { GREETING: "hello", TOKEN: "a token of the machine", SECRET: "hidden" };
    await start(["--labels", "harbor", "--allow-env", "GREETING,TOKEN"], machine);
    const settings = `user = "agent"
[environment]
workdir = "/home/agent"
env = { SAID = "\${GREETING} \${ABSENT:-otherwise} \${TOKEN}" }
[solution]
`;
    const tests = {
      "tests/test.sh": `echo "$(id -un) $(pwd) $JUDGE"
ls -l /app/given.txt
echo '{"reward": 0.5, "speed": 2, "size": 1e3}' > /logs/verifier/reward.json\n`,
    };
    const verifier = `[verifier.env]\nJUDGE = "\${GREETING} \${TOKEN}"\n`;
    const task = withSettings(image("", tests), settings + verifier);
    const { execute, place, token, read } = await startEnvironment(
      world,
      "harbor",
      await publish(task),
      {},
      BUILD_SECONDS,
    );
    expect((await read()).sandbox_provider.kind).toBe("runner");
    const { body } = await execute(
      'id -un; pwd; echo "$SAID $SECRET"; touch /task/x /home/agent/y /tests/z && echo written',
    );
    expect(body.output).toBe("agent\n/home/agent\nhello otherwise *** \nwritten\n");
    const verdict = await world.server.send("POST", `${place}/verify`, {}, token);
    expect(verdict.body).toMatchObject({ passed: false, reward: 0.5, rewards: { reward: 0.5, speed: 2, size: 1000 } });
    expect(verdict.body.output).toMatch(/^agent \/home\/agent hello \*\*\*\n-rw.*given.txt\n$/);
    const missing = await begin("harbor", await publish(withSettings(image(), '[environment.env]\nX = "${SECRET}"\n')));
    const failed = await until(missing.read, ({ state }) => state === "failed", BUILD_SECONDS);
    expect(failed.error).toContain("--allow-env SECRET");
  }, 300_000);

  testContainerLimits(world);

  testHealthchecks(world, start, image);

  it("says why an image could not be built, ends builds whose time is up or that nobody wants, and leaves nothing", async () => {
    await start(["--labels", "builds", "--slots", "3"]);
    const fails = await begin("builds", await publish(image("RUN echo about-to-fail && exit 7")));
    const slow = withSettings(image("RUN sleep 3001"), "[environment]\nbuild_timeout_sec = 4\n");
    const late = await begin("builds", await publish(slow));
    const unwanted = await begin("builds", await publish(image("RUN echo goes-on && sleep 3002")));
    const failed = await until(fails.read, ({ state }) => state === "failed", BUILD_SECONDS);
    expect(failed.error).toMatch(/^environment\/Dockerfile could not be built:[^]*about-to-fail/);
    expect(await fails.logs()).toContain("build: about-to-fail");
    expect(await until(late.read, ({ state }) => state === "failed", BUILD_SECONDS)).toMatchObject({
      error: "environment/Dockerfile could not be built in 4 seconds (build_timeout_sec).",
    });
    await until(unwanted.logs, (log) => log.includes("build: goes-on"), BUILD_SECONDS);
    expect(await unwanted.read()).toMatchObject({ state: "building", sandbox_state: "running" });
    expect((await world.server.send("DELETE", unwanted.place, undefined, unwanted.token)).status).toBe(200);
    await until(
      async () => execFileSync("ps", ["ax", "-o", "args="], { encoding: "utf8" }),
      (all) => !/sleep 300[12]$/m.test(all),
      BUILD_SECONDS,
    );
    await until(
      async () => allContainers(),
      (names) => names === "",
      BUILD_SECONDS,
    );
  }, 400_000);

  it("removes what a runner that was killed has left, and nothing of one that is alive", async () => {
    const killed = await start(["--labels", "killed"]);
    const alive = await start(["--labels", "alive"]);
    const { execute } = await startEnvironment(world, "killed", undefined, {}, BUILD_SECONDS);
    const stays = await startEnvironment(world, "alive", undefined, {}, BUILD_SECONDS);
    await execute("sleep 3003 > /dev/null 2>&1 &");
    const before = containers();
    expect(before).toHaveLength(2);
    await killed.kill("SIGKILL");
    expect(containers()).toEqual(before);
    const next = await start(["--labels", "next"], {}, killed.workFolder);
    await until(
      async () => next.said,
      (said) => said.includes("slots for"),
      BUILD_SECONDS,
    );
    expect(next.said).toContain("removed what a killed runner had left: 1 containers");
    expect(containers()).toEqual(before.filter((name) => stays.place.endsWith(name.replace("taskyard-", ""))));
    expect(execFileSync("ps", ["ax", "-o", "args="], { encoding: "utf8" })).not.toMatch(/sleep 3003$/m);
    const main = path.resolve(import.meta.dirname, "../../../src/runner/main.ts");
    // Not waited for in this thread, in which the proxy of the other runner is.
    const { stdout: said } = await promisify(execFile)(process.execPath, [
      main,
      "prune",
      "--work-folder",
      killed.workFolder,
    ]);
    expect(said).toMatch(/podman: removed \d+ of \d+ images/);
    expect((await stays.execute("echo still here")).body.output).toBe("still here\n");
    await Promise.all([next.kill("SIGTERM"), alive.kill("SIGTERM")]);
    expect(containers()).toEqual([]);
  }, 400_000);

  it("lets no command out: neither to files, processes and sockets of the machine nor to another environment", async () => {
    const secrets = await mkdtemp(path.join(tmpdir(), "taskyard-secret-"));
    await writeFile(path.join(secrets, "key"), "of the machine");
    const listening = createServer().listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = z.object({ port: z.int() }).parse(listening.address());
    try {
      await start(["--labels", "out", "--slots", "2"]);
      const first = await startEnvironment(world, "out", undefined, {}, BUILD_SECONDS);
      const second = await startEnvironment(world, "out", undefined, {}, BUILD_SECONDS);
      await first.execute(`echo of-the-first | tee /tmp/of-the-first > /dev/shm/of-the-first
        perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8125, Listen => 5) or die; $s->accept while 1' > /dev/null 2>&1 &`);
      expect((await first.execute(`for n in {1..50}; do ${reach(8125)} && break; sleep 0.1; done`)).body.output).toBe(
        "reached 8125\n",
      );
      const attempts = `cat ${secrets}/key; cat /proc/1/root${secrets}/key; cat /tmp/of-the-first /dev/shm/of-the-first
        ls /run/podman /var/run/docker.sock; ${reach(8125)}; ${reach(port)}; grep -v : /proc/net/dev | wc -l; grep -c : /proc/net/dev
        mknod /tmp/disk b 8 0; mount -t tmpfs none /mnt; echo 1 > /proc/sys/kernel/panic; ls -d /proc/[0-9]* | wc -l; echo through`;
      const { output } = (await second.execute(`{ ${attempts}; } 2>/dev/null`)).body;
      expect(output).toMatch(/^2\n1\n\d+\nthrough\n$/);
      expect(Number(output.split("\n")[2])).toBeLessThan(12);
      // A link leads to what the container itself has there, for those who ask from outside too.
      await second.execute(
        `ln -s ${secrets}/key /task/link; ln -s ${secrets} /task/folder; mkfifo /task/pipe; ln -s /etc/hostname /task/own`,
      );
      const file = (method: string, name: string, bytes?: Uint8Array) =>
        world.server.send(method, `${second.place}/files/task/${name}`, bytes, second.token);
      expect(await file("GET", "link")).toMatchObject({ status: 404 });
      expect((await file("GET", "own")).body).toMatch(/^sandbox\n?$/);
      expect(await file("GET", "pipe")).toMatchObject({ status: 409 });
      expect((await file("PUT", "folder/new", new TextEncoder().encode("x"))).status).toBeGreaterThanOrEqual(400);
      expect(await readdir(secrets)).toEqual(["key"]);
      expect((await file("PUT", "a/b", new TextEncoder().encode("bytes"))).status).toBe(201);
      expect((await second.execute("cat a/b")).body.output).toBe("bytes");
    } finally {
      listening.close();
      await rm(secrets, { recursive: true });
    }
  }, 300_000);

  testServices(world);
});

it("says what is missing where an engine is asked for by name that does not work, and ends", () => {
  const main = path.resolve(import.meta.dirname, "../../../src/runner/main.ts");
  const env = { ...process.env, TASKYARD_RUNNER_KEY: "ty_none", DOCKER_HOST: "unix:///nowhere" };
  const args = [main, "--url", "http://127.0.0.1:9", "--org", "local", "--isolation", "docker"];
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  expect(stderr).toMatch(/^docker does not work here: [^]*--image/);
  expect(status).toBe(3);
  const both = spawnSync(process.execPath, [...args, "--unsandboxed"], { env, encoding: "utf8" });
  expect([both.status, both.stderr]).toEqual([2, expect.stringContaining("exclude each other")]);
});
