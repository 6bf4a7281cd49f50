import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HAS_BUBBLEWRAP } from "./commands.ts";
import { type LiveRunner, startLiveServer, startRunner, until } from "./live.ts";

const ISOLATION = HAS_BUBBLEWRAP ? [] : ["--unsandboxed"];
const LEASE_SECONDS = 3;

let server: Awaited<ReturnType<typeof startLiveServer>>;
let folder: string;
const runners: LiveRunner[] = [];

beforeAll(async () => {
  server = await startLiveServer(LEASE_SECONDS);
  folder = await mkdtemp(path.join(tmpdir(), "taskyard-agents-"));
}, 120_000);

afterAll(async () => {
  for (const runner of runners) await runner.kill("SIGKILL");
  for (const { workFolder } of runners) await rm(workFolder, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  await server.stop();
}, 60_000);

async function start(args: string[], env: Record<string, string> = {}): Promise<LiveRunner> {
  const runner = await startRunner(server, [...ISOLATION, ...args], env);
  runners.push(runner);
  return runner;
}

/** An agent of a few lines of shell. */
async function agent(name: string, script: string): Promise<string> {
  const place = path.join(folder, name);
  await writeFile(place, `#!/bin/bash\n${script}\n`);
  await chmod(place, 0o755);
  return place;
}

/** Starts a run that only runners with this label take. */
async function startRun(label: string, given: object = {}) {
  const task = await server.send("POST", "/api/projects/@current/tasks/", { description: "Say hello", ...given });
  const json = { runner_labels: [label] };
  const started = await server.send("POST", `/api/projects/@current/tasks/${task.body.id}/run/`, json);
  const run = `/api/projects/@current/tasks/${task.body.id}/runs/${started.body.latest_run.id}`;
  const read = async () => (await server.send("GET", run)).body;
  return { run, read };
}

async function startEnvironment(label: string) {
  const { org, workspace } = server.connection;
  const json = { task_ref: "hello-flag", sandbox_provider: "runner", runner_labels: [label] };
  const made = await server.send("POST", `/api/v1/org/${org}/ws/${workspace}/environments`, json);
  expect(made.status).toBe(201);
  const place = `/api/v1/org/${org}/ws/${workspace}/environments/${made.body.id}`;
  const token = { "X-Environment-Token": String(made.body.execute_token) };
  const read = async () => (await server.send("GET", place)).body;
  await until(read, ({ state }) => state === "ready");
  const execute = (command: string, fields: object = {}) =>
    server.send("POST", `${place}/execute`, { command, timeout_sec: 60, ...fields }, token);
  return { place, token, read, execute };
}

it("does a run with the example agent: events, a command, artifacts, output, end", async () => {
  await start(["--labels", "hello", "--agent", "examples/hello-agent/agent.sh", "--agent-env", "ASK"], {
    ASK: "yes",
    OTHER_SECRET: "must not be seen",
  });
  const { run, read } = await startRun("hello");
  const logs = async () => String((await server.send("GET", `${run}/logs`)).body);
  await until(logs, (text) => text.includes("May I go on?"));
  const command = { jsonrpc: "2.0", method: "user_message", params: { content: "Yes" }, id: 7 };
  const answer = await server.send("POST", `${run}/command`, command);
  expect(answer).toEqual({ status: 200, body: { jsonrpc: "2.0", id: 7, result: { heard: true } } });
  const done = await until(read, ({ status }) => status === "completed");
  expect(done).toMatchObject({ output: { greeting: expect.stringContaining("Hello from") }, error_message: null });
  expect(done.artifacts).toMatchObject([{ name: "words.txt", type: "output", size: expect.any(Number) }]);
  const log = await logs();
  expect(log).toContain('"notification":{"jsonrpc":"2.0","method":"_posthog/progress","params":{"step":"read"');
  expect(log).toContain('"level":"error","message":"This line is an error');
  expect(log).not.toContain("must not be seen");
});

it("ends a run as failed, with the reason, when its agent fails", async () => {
  await start(["--labels", "fails", "--agent", await agent("fails.sh", "echo trying; exit 9")]);
  const { read } = await startRun("fails");
  const failed = await until(read, ({ status }) => status === "failed");
  expect(failed.error_message).toBe("The agent ended with exit code 9.");
});

it("uploads files of every size that the server takes, and tells the log of those that it does not", async () => {
  const script = `cd $TASKYARD_OUTPUT_FOLDER
    echo small > a.txt; head -c 9000000 /dev/zero | tr '\\0' x > b.bin; mkdir c; echo last > c/c.txt; for i in $(seq 200); do echo > e$i; done; truncate -s 40M d.bin`;
  await start(["--labels", "files", "--agent", await agent("files.sh", script)]);
  const { run, read } = await startRun("files");
  const { artifacts } = await until(read, ({ status }) => status === "completed" || status === "failed");
  expect(artifacts).toHaveLength(200);
  const [small, large, inside] = artifacts;
  expect([small, large, inside]).toMatchObject([
    { name: "a.txt", size: 6 },
    { name: "b.bin", size: 9_000_000 },
    { name: "c.txt", size: 5, metadata: { path: "c/c.txt" } },
  ]);
  const json = { storage_path: large.storage_path };
  const { body } = await server.send("POST", `${run}/artifacts/download`, json);
  expect(body === "x".repeat(9_000_000)).toBe(true);
  const log = String((await server.send("GET", `${run}/logs`)).body);
  expect(log).toContain("Not uploaded: d.bin has 41943040 bytes, more than 31457280");
  expect(log).toContain("Not uploaded: 3 files, which are more than 200");
});

it("hands an agent a task that is longer than a variable may be", async () => {
  const script = 'wc -c <<< "$TASKYARD_DESCRIPTION"; wc -c < "$TASKYARD_TASK_FILE"';
  await start(["--labels", "long", "--agent", await agent("long.sh", script)]);
  const { run, read } = await startRun("long", { description: "Ü".repeat(200_000) });
  expect(await until(read, ({ completed_at }) => completed_at !== null)).toMatchObject({ error_message: null });
  const log = String((await server.send("GET", `${run}/logs`)).body);
  expect(log).toContain('"message":"100001"');
  expect(log).toMatch(/"message":"400\d{3}"/);
});

it("passes on every line of an agent that prints without a pause, in order", async () => {
  const lines = 20_000;
  await start(["--labels", "many", "--agent", await agent("many.sh", `seq 1 ${lines}`)]);
  const { run, read } = await startRun("many");
  expect(await until(read, ({ completed_at }) => completed_at !== null)).toMatchObject({ status: "completed" });
  const log = String((await server.send("GET", `${run}/logs`)).body);
  const said = Array.from(log.matchAll(/"message":"(\d+)"/g), ([, number]) => Number(number));
  expect(said).toEqual(Array.from({ length: lines }, (_, index) => index + 1));
});

it("goes on to the end when the output alone completes the run, as that of a task with a schema does", async () => {
  const script = `echo said; echo '{"n":1}' > $TASKYARD_OUTPUT_FOLDER/output.json`;
  const runner = await start(["--labels", "schema", "--agent", await agent("schema.sh", script)]);
  const { run, read } = await startRun("schema", { json_schema: { type: "object", required: ["n"] } });
  await until(
    async () => runner.said,
    (said) => /completed|stopped/.test(said),
  );
  expect(await read()).toMatchObject({ status: "completed", output: { n: 1 }, error_message: null });
  await until(
    async () => (await server.send("GET", `${run}/stream`)).body,
    (text) => String(text).includes("stream-end"),
  );
  expect(runner.said).not.toMatch(/stopped|could not/);
});

it("stops the agent of a run that is cancelled, also one that ignores SIGTERM", async () => {
  const script = "trap '' TERM; echo $$ > $PIDS/agent.pid; echo waiting; while :; do sleep 0.1; done";
  const runner = await start(
    ["--labels", "cancel", "--agent", await agent("ignores.sh", script), "--agent-env", "PIDS"],
    { PIDS: folder },
  );
  const { run, read } = await startRun("cancel");
  await until(
    async () => String((await server.send("GET", `${run}/logs`)).body),
    (text) => text.includes("waiting"),
  );
  await server.send("POST", `${run}/cancel`, {});
  await until(
    async () => runner.said,
    (said) => said.includes("stopped: the run is cancelled"),
  );
  expect(await runner.leftovers()).toHaveLength(1);
  expect(await read()).toMatchObject({ status: "cancelled" });
});

/** A child of its agent in a session of its own, below another that has ended, which ignores SIGTERM and writes its id. */
const STRAY = `(setsid bash -c 'trap "" TERM; echo $$ > "$PIDS/stray.pid"; while :; do sleep 0.1; done' &) ; sleep 0.5`;

async function expectStrayGone(): Promise<void> {
  const pid = Number(await readFile(path.join(folder, "stray.pid"), "utf8"));
  expect(pid).toBeGreaterThan(1);
  await until(
    async () => existsSync(`/proc/${pid}`),
    (isThere) => !isThere,
  );
}

it.runIf(process.platform === "linux").each([
  ["has ended", "echo done", "completed"],
  ["is cancelled", "trap '' TERM; echo waiting; while :; do sleep 0.1; done", "cancelled"],
])("ends what an agent has left in another session when the run %s", async (_, rest, status) => {
  const runner = await start(
    ["--labels", status, "--agent", await agent(`${status}.sh`, `${STRAY}\n${rest}`), "--agent-env", "PIDS"],
    { PIDS: folder },
  );
  const { run, read } = await startRun(status);
  await until(
    async () => String((await server.send("GET", `${run}/logs`)).body),
    (text) => /done|waiting/.test(text),
  );
  if (status === "cancelled") await server.send("POST", `${run}/cancel`, {});
  await until(read, (found) => found.status === status);
  await expectStrayGone();
  await until(
    async () => runner.said,
    (said) => /ended \d+ processes that the agent had left/.test(said),
  );
});

it("passes none of the descriptors that it has inherited to agents and commands", async () => {
  const list = 'for n in {3..254}; do [ -e /proc/$$/fd/$n ] && echo "has $n"; done; echo listed';
  const args = [...ISOLATION, "--labels", "inherits", "--agent", await agent("list.sh", list)];
  runners.push(await startRunner(server, args, {}, 'exec 200</usr 57</etc/hostname; exec "$@"'));
  const { read, run } = await startRun("inherits");
  const { execute } = await startEnvironment("inherits");
  expect((await execute(list)).body.output).toBe("listed\n");
  await until(read, ({ status }) => status === "completed");
  const logs = String((await server.send("GET", `${run}/logs`)).body);
  expect(logs).toContain("listed");
  expect(logs).not.toContain("has ");
});

it.runIf(process.platform === "linux")(
  "removes what a killed runner has left, and nothing of one that is alive",
  async () => {
    const script = `${STRAY}\necho working; sleep 600`;
    const args = ["--labels", "left", "--agent", await agent("left.sh", script), "--agent-env", "PIDS"];
    const killed = await start(args, { PIDS: folder });
    const { run } = await startRun("left");
    await until(
      async () => String((await server.send("GET", `${run}/logs`)).body),
      (text) => text.includes("working"),
    );
    await killed.kill("SIGKILL");
    const [left = ""] = await killed.leftovers();
    const next = await startRunner(server, [...ISOLATION, "--labels", "next"], {}, undefined, killed.workFolder);
    runners.push(next);
    await until(
      async () => next.said,
      (said) => said.includes("removed what a killed runner had left") && said.includes("slots"),
    );
    await expectStrayGone();
    const [own = ""] = await next.leftovers();
    expect(own).not.toBe(left);
    const third = await startRunner(server, [...ISOLATION, "--labels", "third"], {}, undefined, killed.workFolder);
    runners.push(third);
    await until(
      async () => third.said,
      (said) => said.includes("slots"),
    );
    expect(third.said).not.toContain("removed");
    expect(await third.leftovers()).toHaveLength(2);
    expect(await third.leftovers()).toContain(own);
  },
);

it("gives a run to another runner when the first is killed in the middle of it", async () => {
  const waits = await agent("waits.sh", "echo first; sleep 600");
  const first = await start(["--labels", "killed", "--agent", waits]);
  const { run, read } = await startRun("killed");
  const logs = async () => String((await server.send("GET", `${run}/logs`)).body);
  await until(logs, (text) => text.includes("first"));
  await first.kill("SIGKILL");
  await start(["--labels", "killed", "--agent", await agent("second.sh", "echo second")]);
  await until(read, ({ status }) => status === "completed");
  expect(await logs()).toMatch(/first[^]*second/);
});

it("hands its work back when it is asked to stop, and leaves nothing behind", async () => {
  const waits = await agent("waits2.sh", "echo first; sleep 600");
  const runner = await start(["--labels", "stops", "--agent", waits, "--grace-seconds", "0"]);
  const environment = await startEnvironment("stops");
  const { run, read } = await startRun("stops");
  await until(
    async () => String((await server.send("GET", `${run}/logs`)).body),
    (text) => text.includes("first"),
  );
  expect(await runner.kill("SIGTERM")).toBe(0);
  expect(await runner.leftovers()).toEqual([]);
  await until(read, ({ status }) => status === "queued");
  const failed = await until(environment.read, ({ state }) => state === "failed");
  expect(failed.error).toMatch(/^The runner .* stops$/);
});

it("passes on each byte of output once, though the connection breaks while the command runs", async () => {
  await start(["--labels", "cut"]);
  const { execute } = await startEnvironment("cut");
  const cuts = setInterval(() => server.proxy.cut(), 700);
  try {
    const { body } = await execute("for i in $(seq 1 150); do echo line $i; sleep 0.02; done; exit 5");
    expect(body.exit_code).toBe(5);
    expect(body.stdout).toBe(Array.from({ length: 150 }, (_, index) => `line ${index + 1}\n`).join(""));
  } finally {
    clearInterval(cuts);
  }
});

it("gives output in the order in which it was written, and tells its streams apart where it is asked to", async () => {
  await start(["--labels", "order"]);
  const { execute } = await startEnvironment("order");
  const command = "for i in 1 2 3; do echo out$i; echo err$i >&2; done";
  const ordered = "out1\nerr1\nout2\nerr2\nout3\nerr3\n";
  expect((await execute(command)).body).toMatchObject({ output: ordered, stdout: ordered, stderr: "" });
  expect((await execute(command, { separate_output: true })).body).toMatchObject({
    stdout: "out1\nout2\nout3\n",
    stderr: "err1\nerr2\nerr3\n",
  });
});

it("reads regular files alone, and does not wait for a pipe", async () => {
  await start(["--labels", "pipes"]);
  const { place, token, execute } = await startEnvironment("pipes");
  await execute("mkfifo /task/pipe; printf 0123456789 > /task/ten");
  const read = (name: string, headers = {}) =>
    server.send("GET", `${place}/files/task/${name}`, undefined, { ...token, ...headers });
  expect(await read("pipe")).toMatchObject({ status: 409, body: { detail: expect.stringMatching(/pipe/) } });
  expect(await read("ten")).toMatchObject({ status: 200, body: "0123456789" });
  expect(await read("ten", { Range: "bytes=3-5" })).toMatchObject({ status: 206, body: "345" });
  const written = await server.send("PUT", `${place}/files/task/pipe`, new Uint8Array(3), token);
  expect(written).toMatchObject({ status: 409 });
});

it("says that a command is lost when its runner is killed, and no exit code", async () => {
  const runner = await start(["--labels", "lost"]);
  const { execute, read } = await startEnvironment("lost");
  const running = execute("echo begun; sleep 60");
  setTimeout(() => void runner.kill("SIGKILL"), 1_000);
  const { status, body } = await running;
  expect([status, body.detail]).toEqual([502, expect.stringMatching(/^Command .* is lost: /)]);
  expect(await until(read, ({ state }) => state === "failed")).toMatchObject({
    error: expect.stringContaining("has vanished"),
  });
});

it("says that a server cannot be reached and that it tries again, and ends at once when it is asked to", async () => {
  const runner = await startRunner({ ...server, proxyUrl: "http://127.0.0.1:9" }, ISOLATION);
  runners.push(runner);
  await until(
    async () => runner.said,
    (said) => /trying again in 1 s/.test(said),
  );
  expect(runner.said).toMatch(/127\.0\.0\.1:9: fetch failed: .*; trying again in 0\.5 s/);
  expect(await runner.kill("SIGTERM")).toBe(0);
  expect(await runner.leftovers()).toEqual([]);
});

it("refuses to start without a key, with a wrong one, and where the server does not know the organization", async () => {
  const wrong = await startRunner({ ...server, runnerKey: "ty_wrong" }, ISOLATION);
  const elsewhere = await startRunner({ ...server, connection: { ...server.connection, org: "elsewhere" } }, ISOLATION);
  const none = await startRunner({ ...server, runnerKey: "" }, ISOLATION);
  runners.push(wrong, elsewhere, none);
  expect(await Promise.all([wrong.exited, elsewhere.exited, none.exited])).toEqual([4, 4, 2]);
  expect(wrong.said).toContain("The server refuses this runner");
  expect(none.said).toContain("TASKYARD_RUNNER_KEY is missing");
});
