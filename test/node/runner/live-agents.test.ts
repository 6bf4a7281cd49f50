import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { startRunner, until } from "./live.ts";
import { agent, ISOLATION, start, startEnvironment, startRun, useLiveWorld } from "./live-world.ts";

const world = useLiveWorld();

it("does a run with the example agent: events, a command, artifacts, output, end", async () => {
  // What its user's shells read is nothing that agents depend on.
  await writeFile(path.join(world.folder, ".bashrc"), "exit 9\n");
  await start(world, ["--labels", "hello", "--agent", "examples/hello-agent/agent.sh", "--agent-env", "ASK"], {
    ASK: "yes",
    OTHER_SECRET: "must not be seen",
    HOME: world.folder,
  });
  const { run, read } = await startRun(world, "hello");
  const logs = async () => String((await world.server.send("GET", `${run}/logs`)).body);
  await until(logs, (text) => text.includes("May I go on?"));
  const command = { jsonrpc: "2.0", method: "user_message", params: { content: "Yes" }, id: 7 };
  const answer = await world.server.send("POST", `${run}/command`, command);
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
  await start(world, ["--labels", "fails", "--agent", await agent(world, "fails.sh", "echo trying; exit 9")]);
  const { read } = await startRun(world, "fails");
  const failed = await until(read, ({ status }) => status === "failed");
  expect(failed.error_message).toBe("The agent ended with exit code 9.");
});

it("uploads files of every size that the server takes, and tells the log of those that it does not", async () => {
  const script = `cd $TASKYARD_OUTPUT_FOLDER
    echo small > a.txt; head -c 9000000 /dev/zero | tr '\\0' x > b.bin; mkdir c; echo last > c/c.txt; for i in $(seq 200); do echo > e$i; done; truncate -s 40M d.bin`;
  await start(world, ["--labels", "files", "--agent", await agent(world, "files.sh", script)]);
  const { run, read } = await startRun(world, "files");
  const { artifacts } = await until(read, ({ status }) => status === "completed" || status === "failed");
  expect(artifacts).toHaveLength(200);
  const [small, large, inside] = artifacts;
  expect([small, large, inside]).toMatchObject([
    { name: "a.txt", size: 6 },
    { name: "b.bin", size: 9_000_000 },
    { name: "c.txt", size: 5, metadata: { path: "c/c.txt" } },
  ]);
  const json = { storage_path: large.storage_path };
  const { body } = await world.server.send("POST", `${run}/artifacts/download`, json);
  expect(body === "x".repeat(9_000_000)).toBe(true);
  const log = String((await world.server.send("GET", `${run}/logs`)).body);
  expect(log).toContain("Not uploaded: d.bin has 41943040 bytes, more than 31457280");
  expect(log).toContain("Not uploaded: 3 files, which are more than 200");
});

it("hands an agent a task that is longer than a variable may be", async () => {
  const script = 'wc -c <<< "$TASKYARD_DESCRIPTION"; wc -c < "$TASKYARD_TASK_FILE"';
  await start(world, ["--labels", "long", "--agent", await agent(world, "long.sh", script)]);
  const { run, read } = await startRun(world, "long", { description: "Ü".repeat(200_000) });
  expect(await until(read, ({ completed_at }) => completed_at !== null)).toMatchObject({ error_message: null });
  const log = String((await world.server.send("GET", `${run}/logs`)).body);
  expect(log).toContain('"message":"100001"');
  expect(log).toMatch(/"message":"400\d{3}"/);
});

it("passes on every line of an agent that prints without a pause, in order", async () => {
  const lines = 20_000;
  await start(world, ["--labels", "many", "--agent", await agent(world, "many.sh", `seq 1 ${lines}`)]);
  const { run, read } = await startRun(world, "many");
  expect(await until(read, ({ completed_at }) => completed_at !== null)).toMatchObject({ status: "completed" });
  const log = String((await world.server.send("GET", `${run}/logs`)).body);
  const said = Array.from(log.matchAll(/"message":"(\d+)"/g), ([, number]) => Number(number));
  expect(said).toEqual(Array.from({ length: lines }, (_, index) => index + 1));
});

it("goes on to the end when the output alone completes the run, as that of a task with a schema does", async () => {
  const script = `echo said; echo '{"n":1}' > $TASKYARD_OUTPUT_FOLDER/output.json`;
  const runner = await start(world, ["--labels", "schema", "--agent", await agent(world, "schema.sh", script)]);
  const { run, read } = await startRun(world, "schema", { json_schema: { type: "object", required: ["n"] } });
  await until(
    async () => runner.said,
    (said) => /completed|stopped/.test(said),
  );
  expect(await read()).toMatchObject({ status: "completed", output: { n: 1 }, error_message: null });
  await until(
    async () => (await world.server.send("GET", `${run}/stream`)).body,
    (text) => String(text).includes("stream-end"),
  );
  expect(runner.said).not.toMatch(/stopped|could not/);
});

it("stops the agent of a run that is cancelled, also one that ignores SIGTERM", async () => {
  const script = "trap '' TERM; echo $$ > $PIDS/agent.pid; echo waiting; while :; do sleep 0.1; done";
  const runner = await start(
    world,
    ["--labels", "cancel", "--agent", await agent(world, "ignores.sh", script), "--agent-env", "PIDS"],
    { PIDS: world.folder },
  );
  const { run, read } = await startRun(world, "cancel");
  await until(
    async () => String((await world.server.send("GET", `${run}/logs`)).body),
    (text) => text.includes("waiting"),
  );
  await world.server.send("POST", `${run}/cancel`, {});
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
  const pid = Number(await readFile(path.join(world.folder, "stray.pid"), "utf8"));
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
    world,
    ["--labels", status, "--agent", await agent(world, `${status}.sh`, `${STRAY}\n${rest}`), "--agent-env", "PIDS"],
    { PIDS: world.folder },
  );
  const { run, read } = await startRun(world, status);
  await until(
    async () => String((await world.server.send("GET", `${run}/logs`)).body),
    (text) => /done|waiting/.test(text),
  );
  if (status === "cancelled") await world.server.send("POST", `${run}/cancel`, {});
  await until(read, (found) => found.status === status);
  await expectStrayGone();
  await until(
    async () => runner.said,
    (said) => /ended \d+ processes that the agent had left/.test(said),
  );
});

it("passes none of the descriptors that it has inherited to agents and commands", async () => {
  const list = 'for n in {3..254}; do [ -e /proc/$$/fd/$n ] && echo "has $n"; done; echo listed';
  const args = [...ISOLATION, "--labels", "inherits", "--agent", await agent(world, "list.sh", list)];
  world.runners.push(await startRunner(world.server, args, {}, 'exec 200</usr 57</etc/hostname; exec "$@"'));
  const { read, run } = await startRun(world, "inherits");
  const { execute } = await startEnvironment(world, "inherits");
  expect((await execute(list)).body.output).toBe("listed\n");
  await until(read, ({ status }) => status === "completed");
  const logs = String((await world.server.send("GET", `${run}/logs`)).body);
  expect(logs).toContain("listed");
  expect(logs).not.toContain("has ");
});

it.runIf(process.platform === "linux")(
  "removes what a killed runner has left, and nothing of one that is alive",
  async () => {
    const script = `${STRAY}\necho working; sleep 600`;
    const args = ["--labels", "left", "--agent", await agent(world, "left.sh", script), "--agent-env", "PIDS"];
    const killed = await start(world, args, { PIDS: world.folder });
    const { run } = await startRun(world, "left");
    await until(
      async () => String((await world.server.send("GET", `${run}/logs`)).body),
      (text) => text.includes("working"),
    );
    await killed.kill("SIGKILL");
    const [left = ""] = await killed.leftovers();
    const next = await startRunner(world.server, [...ISOLATION, "--labels", "next"], {}, undefined, killed.workFolder);
    world.runners.push(next);
    await until(
      async () => next.said,
      (said) => said.includes("removed what a killed runner had left") && said.includes("slots"),
    );
    await expectStrayGone();
    const [own = ""] = await next.leftovers();
    expect(own).not.toBe(left);
    const third = await startRunner(
      world.server,
      [...ISOLATION, "--labels", "third"],
      {},
      undefined,
      killed.workFolder,
    );
    world.runners.push(third);
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
  const waits = await agent(world, "waits.sh", "echo first; sleep 600");
  const first = await start(world, ["--labels", "killed", "--agent", waits]);
  const { run, read } = await startRun(world, "killed");
  const logs = async () => String((await world.server.send("GET", `${run}/logs`)).body);
  await until(logs, (text) => text.includes("first"));
  await first.kill("SIGKILL");
  await start(world, ["--labels", "killed", "--agent", await agent(world, "second.sh", "echo second")]);
  await until(read, ({ status }) => status === "completed");
  expect(await logs()).toMatch(/first[^]*second/);
});

it("hands its work back when it is asked to stop, and leaves nothing behind", async () => {
  const waits = await agent(world, "waits2.sh", "echo first; sleep 600");
  const runner = await start(world, ["--labels", "stops", "--agent", waits, "--grace-seconds", "0"]);
  const environment = await startEnvironment(world, "stops");
  const { run, read } = await startRun(world, "stops");
  await until(
    async () => String((await world.server.send("GET", `${run}/logs`)).body),
    (text) => text.includes("first"),
  );
  expect(await runner.kill("SIGTERM")).toBe(0);
  expect(await runner.leftovers()).toEqual([]);
  await until(read, ({ status }) => status === "queued");
  const failed = await until(environment.read, ({ state }) => state === "failed");
  expect(failed.error).toMatch(/^The runner .* stops$/);
});

it("says that a server cannot be reached and that it tries again, and ends at once when it is asked to", async () => {
  const runner = await startRunner({ ...world.server, proxyUrl: "http://127.0.0.1:9" }, ISOLATION);
  world.runners.push(runner);
  await until(
    async () => runner.said,
    (said) => /trying again in 1 s/.test(said),
  );
  expect(runner.said).toMatch(/127\.0\.0\.1:9: fetch failed: .*; trying again in 0\.5 s/);
  expect(await runner.kill("SIGTERM")).toBe(0);
  expect(await runner.leftovers()).toEqual([]);
});

it("refuses to start without a key, with a wrong one, and where the server does not know the organization", async () => {
  const wrong = await startRunner({ ...world.server, runnerKey: "ty_wrong" }, ISOLATION);
  const elsewhere = await startRunner(
    { ...world.server, connection: { ...world.server.connection, org: "elsewhere" } },
    ISOLATION,
  );
  const none = await startRunner({ ...world.server, runnerKey: "" }, ISOLATION);
  world.runners.push(wrong, elsewhere, none);
  expect(await Promise.all([wrong.exited, elsewhere.exited, none.exited])).toEqual([4, 4, 2]);
  expect(wrong.said).toContain("The server refuses this runner");
  expect(none.said).toContain("TASKYARD_RUNNER_KEY is missing");
});
