import { expect, it } from "vitest";
import { until } from "./live.ts";
import { start, startEnvironment, useLiveWorld } from "./live-world.ts";

const world = useLiveWorld();

it("passes on each byte of output once, though the connection breaks while the command runs", async () => {
  await start(world, ["--labels", "cut"]);
  const { execute } = await startEnvironment(world, "cut");
  const cuts = setInterval(() => world.server.proxy.cut(), 700);
  try {
    const { body } = await execute("for i in $(seq 1 150); do echo line $i; sleep 0.02; done; exit 5");
    expect(body.exit_code).toBe(5);
    expect(body.stdout).toBe(Array.from({ length: 150 }, (_, index) => `line ${index + 1}\n`).join(""));
  } finally {
    clearInterval(cuts);
  }
});

it("gives output in the order in which it was written, and tells its streams apart where it is asked to", async () => {
  await start(world, ["--labels", "order"]);
  const { execute } = await startEnvironment(world, "order");
  const command = "for i in 1 2 3; do echo out$i; echo err$i >&2; done";
  const ordered = "out1\nerr1\nout2\nerr2\nout3\nerr3\n";
  expect((await execute(command)).body).toMatchObject({ output: ordered, stdout: ordered, stderr: "" });
  expect((await execute(command, { separate_output: true })).body).toMatchObject({
    stdout: "out1\nout2\nout3\n",
    stderr: "err1\nerr2\nerr3\n",
  });
});

it("reads regular files alone, and does not wait for a pipe", async () => {
  await start(world, ["--labels", "pipes"]);
  const { place, token, execute } = await startEnvironment(world, "pipes");
  await execute("mkfifo /task/pipe; printf 0123456789 > /task/ten");
  const read = (name: string, headers = {}) =>
    world.server.send("GET", `${place}/files/task/${name}`, undefined, { ...token, ...headers });
  expect(await read("pipe")).toMatchObject({ status: 409, body: { detail: expect.stringMatching(/pipe/) } });
  expect(await read("ten")).toMatchObject({ status: 200, body: "0123456789" });
  expect(await read("ten", { Range: "bytes=3-5" })).toMatchObject({ status: 206, body: "345" });
  const written = await world.server.send("PUT", `${place}/files/task/pipe`, new Uint8Array(3), token);
  expect(written).toMatchObject({ status: 409 });
});

it("says that a command is lost when its runner is killed, and no exit code", async () => {
  const runner = await start(world, ["--labels", "lost"]);
  const { execute, read, place, token } = await startEnvironment(world, "lost");
  const running = execute("echo > /task/begun; sleep 60");
  await until(
    () => world.server.send("GET", `${place}/files/task/begun`, undefined, token),
    ({ status }) => status === 200,
  );
  await runner.kill("SIGKILL");
  // When the lease ends, the answer may have begun already: then the body alone tells.
  const { body } = await running;
  expect(body).toMatchObject({ code: 502, detail: expect.stringMatching(/^Command .* is lost: /) });
  expect(await until(read, ({ state }) => state === "failed")).toMatchObject({
    error: expect.stringContaining("has vanished"),
  });
});
