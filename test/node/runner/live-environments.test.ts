import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { pack } from "../../registry/pack.ts";
import { plainTask, serverTask } from "../../registry/harbor-tasks.ts";
import { HAS_BUBBLEWRAP } from "./commands.ts";
import { testHealthchecks } from "./healthchecks.ts";
import { until } from "./live.ts";
import { start, startEnvironment, useLiveWorld } from "./live-world.ts";

const world = useLiveWorld();

const processes = () => execFileSync("ps", ["ax", "-o", "args="], { encoding: "utf8" });

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

it.skipIf(!HAS_BUBBLEWRAP)("lets no link, no path and no socket lead out to the machine", async () => {
  await start(world, ["--labels", "links"]);
  const { place, token, execute } = await startEnvironment(world, "links");
  await writeFile(path.join(world.folder, "key"), "of the machine");
  const { folder } = world;
  await execute(`ln -s ${folder}/key link; ln -s ${folder} out; ln -s /etc/passwd own`);
  const file = (method: string, name: string, bytes?: Uint8Array) =>
    world.server.send(method, `${place}/files/${name}`, bytes, token);
  expect(await file("GET", "task/link")).toMatchObject({ status: 404 });
  expect(await file("GET", `task/out/key`)).toMatchObject({ status: 404 });
  expect(await file("GET", `proc/1/root${folder}/key`)).toMatchObject({ status: 404 });
  expect((await file("GET", "task/own")).body).toContain("task:x:1000");
  expect((await file("PUT", "task/out/new", new Uint8Array(3))).status).toBeGreaterThanOrEqual(400);
  const attempts = `cat ${folder}/key /proc/*/root${folder}/key; ls -d /run/docker.sock /var/run/docker.sock /run/podman /run/user`;
  expect((await execute(`{ ${attempts}; } 2>/dev/null; echo through`)).body.output).toBe("through\n");
  expect(await readdir(folder)).toEqual(["key"]);
});

it("is one machine: what a command leaves running is reached by the next, and answers are not held up by it", async () => {
  const runner = await start(world, ["--labels", "machine"]);
  const { place, token, execute } = await startEnvironment(world, "machine");
  const serve = `cat > serve.pl <<'END'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) { print STDERR "asked\\n"; print $c "served by $ARGV[0]\\n"; close $c }
END
perl serve.pl 8123 & echo started`;
  const begun = await execute(serve);
  expect(begun.body).toMatchObject({ exit_code: 0, stdout: "started\n" });
  expect(begun.body.duration_ms).toBeLessThan(5_000);
  const background = await world.server.send("POST", `${place}/commands`, { command: "perl serve.pl 8124" }, token);
  expect(background).toMatchObject({ status: 201, body: { status: "running", timeout_sec: null } });
  const ask = (port: number) =>
    execute(`for n in {1..80}; do exec 3<>/dev/tcp/127.0.0.1/${port} && break; sleep 0.1; done 2>/dev/null; cat <&3`);
  for (const port of [8123, 8124, 8123]) expect((await ask(port)).body.stdout).toBe(`served by ${port}\n`);
  const seen = await execute("ps ax -o args= | grep '^perl serve' | sort");
  expect(seen.body.stdout).toBe("perl serve.pl 8123\nperl serve.pl 8124\n");
  const killed = await world.server.send("POST", `${place}/commands/${background.body.command_id}/kill`, {}, token);
  expect(killed.body).toMatchObject({ status: "killed" });
  expect((await execute("ps ax -o args= | grep '^perl serve'")).body.stdout).toBe("perl serve.pl 8123\n");
  await world.server.send("DELETE", place, undefined, token);
  await expect.poll(processes, { timeout: 20_000 }).not.toMatch(/^perl serve\.pl 812[34]$/m);
  await runner.kill("SIGTERM");
});

it("starts services by the provision script, waits for them and says where they are", async () => {
  await start(world, ["--labels", "script"]);
  const { org } = world.server.connection;
  const task = pack({
    "task.yaml": JSON.stringify({
      name: "served",
      version: "1.0.0",
      instruction: "Ask {{web_url}}.",
      verification: { method: "flag", path: "/tmp/flag", value: "x" },
      provision: { script: "serve.sh", starts_services: true },
      ports: { web: [8126, 8127] },
    }),
    "serve.sh": `for port in 8126 8127; do perl -MIO::Socket::INET -e '
      $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Listen => 5) or die;
      while ($c = $s->accept) { print $c "pong\\n"; close $c }' $port > /dev/null 2>&1 & done\n`,
  });
  const published = await world.server.send("PUT", `/api/v1/org/${org}/tasks/served/versions/1.0.0`, task);
  expect(published.status, JSON.stringify(published.body)).toBe(201);
  const { execute, place, token, read } = await startEnvironment(world, "script", "served");
  const urls = { "8126": "http://127.0.0.1:8126", "8127": "http://127.0.0.1:8127" };
  expect(await read()).toMatchObject({
    service_urls: { web: { url: urls["8126"], port: 8126, urls } },
    instruction: "Ask http://127.0.0.1:8126.",
    warnings: [],
  });
  for (const port of [8126, 8127]) {
    const asked = await execute(`exec 3<>/dev/tcp/127.0.0.1/${port}; cat <&3`);
    expect(asked.body).toMatchObject({ output: "pong\n" });
  }
  const serving = /^perl .*IO::Socket::INET.*\n?[^]*812[67]$/m;
  expect((await execute("ps ax -o args=")).body.stdout).toMatch(serving);
  expect((await world.server.send("DELETE", place, undefined, token)).status).toBe(200);
  await expect.poll(processes, { timeout: 20_000 }).not.toMatch(/812[67]$/m);
});

it("verifies a task in Harbor's format, whose tests ask the server that was started for it", async () => {
  await start(world, ["--labels", "harbor"]);
  const { org } = world.server.connection;
  const published = await world.server.send("PUT", `/api/v1/org/${org}/tasks/pong/versions/1.0.0`, pack(serverTask));
  expect(published.status, JSON.stringify(published.body)).toBe(201);
  const { place, token, execute } = await startEnvironment(world, "harbor", "pong");
  const verify = () => world.server.send("POST", `${place}/verify`, {}, token);
  expect((await execute("ls -A /tests /solution; ls")).body.stdout).toBe(
    "/solution:\n\n/tests:\ninstruction.md\nwords.txt\n",
  );
  expect((await verify()).body).toMatchObject({ passed: false, reward: 0 });
  expect((await execute(serverTask["solution/solve.sh"] ?? "")).body).toMatchObject({ exit_code: 0 });
  expect((await verify()).body).toMatchObject({ passed: true, reward: 1 });
});

testHealthchecks(
  world,
  (args) => start(world, args),
  () => plainTask,
);

it("gives secrets to commands, and masks them before anything leaves the machine", async () => {
  const runner = await start(world, ["--labels", "secrets"]);
  const { org } = world.server.connection;
  const value = "a live secret-0123456789";
  const secret = { name: "LIVE_SECRET", value };
  const made = await world.server.send("POST", `/api/v1/org/${org}/secrets`, secret);
  expect(made.status).toBe(201);
  const task = pack({
    "task.yaml": JSON.stringify({
      name: "tells",
      version: "1.0.0",
      instruction: "Tell.",
      verification: { method: "script", script: "set-up.sh" },
      provision: { script: "set-up.sh", timeout: 30 },
    }),
    "set-up.sh": 'echo "set up with $LIVE_SECRET"',
  });
  const published = await world.server.send("PUT", `/api/v1/org/${org}/tasks/tells/versions/1.0.0`, task);
  expect(published.status, JSON.stringify(published.body)).toBe(201);
  const given = { secret_ids: [made.body.id] };
  const { place, token, execute } = await startEnvironment(world, "secrets", "tells", given);
  const logs = (await world.server.send("GET", `${place}/logs`)).body.logs;
  expect(logs).toContain("set up with ***");
  const bits = 'for part in a " live" " secret" -0123 456789; do printf %s "$part"; sleep 0.1; done';
  const { body } = await execute(`echo "$LIVE_SECRET"; ${bits}; echo; echo "$LIVE_SECRET" | base64 >&2; ${bits}`);
  expect(body).toMatchObject({
    exit_code: 0,
    truncated: null,
    output: expect.stringMatching(/^\*{3}\n\*{3}\n\*{3}\w{1,2}==?\n\*{3}$/),
  });
  const written = await execute('echo "$LIVE_SECRET" > kept; wc -c < kept; printf %s "$LIVE_SECRET" | sha256sum');
  const digest = createHash("sha256").update(value).digest("hex");
  expect(written.body.output).toBe(`25\n${digest}  -\n`);
  // Files are as they are; operations on them have no secrets.
  expect((await world.server.send("GET", `${place}/files/task/kept`, undefined, token)).body).toBe(`${value}\n`);
  const shown = execute('exec 3< <(sleep 20); read -t 3 -u 3; echo "$LIVE_SECRET"');
  await expect.poll(processes).toContain("sleep 20");
  expect(processes()).not.toContain(value);
  const found = execFileSync("bash", [
    "-c",
    'grep -rIl --exclude=kept -- "$1" "$2" || true',
    "bash",
    value,
    runner.workFolder,
  ]);
  expect(String(found)).toBe("");
  expect((await shown).body.output).toBe("***\n");
  expect(runner.said).not.toContain(value);
});

it("takes a large file in parts, though connections break, and puts it in place whole", async () => {
  await start(world, ["--labels", "parts"]);
  const { place, token, execute, read } = await startEnvironment(world, "parts");
  const size = 4 * 1024 * 1024 + 5;
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4_096) bytes.writeUInt32LE(at, Math.min(at, size - 4));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const send = (method: string, path: string, json?: unknown) =>
    world.server.send(method, `${place}${path}`, json, token);
  const begun = await send("POST", "/uploads", { path: "/task/made/large", size, sha256 });
  expect(begun, JSON.stringify(await read())).toMatchObject({
    status: 201,
    body: { part_count: 5, received_parts: [] },
  });
  const { id, part_size: partSize } = begun.body;
  const put = async (number: number) => {
    const part = bytes.subarray((number - 1) * partSize, number * partSize);
    // Whoever is refused while still sending may see the connection end rather than the answer.
    return await send("PUT", `/uploads/${id}/parts/${number}`, part).then(
      ({ status }) => status,
      () => 0,
    );
  };
  const cut = setTimeout(() => world.server.proxy.cut(), 50);
  const first = await Promise.all([5, 2, 4].map(put));
  clearTimeout(cut);
  world.server.proxy.cut();
  const known = await until(
    () => send("GET", `/uploads/${id}`),
    ({ status }) => status === 200,
  );
  expect(known.body.received_parts).toEqual([2, 4, 5].filter((number) => first[[5, 2, 4].indexOf(number)] === 200));
  const early = await send("POST", `/uploads/${id}/complete`);
  expect(early).toMatchObject({ status: 409, body: { detail: expect.stringMatching(/^Parts are missing: 1/) } });
  for (const number of [1, 2, 3, 4, 5]) {
    if (known.body.received_parts.includes(number)) continue;
    await until(
      () => put(number),
      (status) => status === 200,
    );
  }
  expect((await execute("ls -A made")).body.stdout).toBe(`.upload-${id}\n`);
  const completed = await send("POST", `/uploads/${id}/complete`);
  expect(completed).toMatchObject({ status: 200, body: { path: "/task/made/large", size } });
  expect((await send("POST", `/uploads/${id}/complete`)).body).toEqual(completed.body);
  expect((await execute("sha256sum < made/large; ls -A made")).body.stdout).toBe(`${sha256}  -\nlarge\n`);
  const tail = await world.server.send("GET", `${place}/files/task/made/large`, undefined, {
    ...token,
    Range: "bytes=-5",
  });
  expect(tail.status).toBe(206);
  const vast = await send("POST", "/uploads", { path: "/task/vast", size: 5_000_000_000 });
  expect(vast, "above --file-mb").toMatchObject({ status: 413 });
  expect((await execute("ls -A")).body.stdout).not.toContain(".upload");
  const other = await send("POST", "/uploads", { path: "/task/other", size: 5, sha256 });
  await send("PUT", `/uploads/${other.body.id}/parts/1`, Buffer.from("12345"));
  expect(await send("POST", `/uploads/${other.body.id}/complete`)).toMatchObject({ status: 400 });
  expect((await send("DELETE", `/uploads/${other.body.id}`)).status).toBe(204);
  expect((await execute("ls -A")).body.stdout).not.toMatch(/upload|other/);
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
