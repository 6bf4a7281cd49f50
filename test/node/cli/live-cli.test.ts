import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { joinLiveServer, type LiveServer, until } from "../runner/live.ts";
import { ISOLATION } from "../runner/live-world.ts";
import { type Call, Program } from "./program.ts";

/** The command line as it is shipped, against a real server; tests build on those before them. */

let server: LiveServer;
/** The organization's key: what names of tasks begin with. */
let org: string;
let taskyard: Program;
let runner: Call;

beforeAll(async () => {
  [server, taskyard] = await Promise.all([joinLiveServer(), Program.install()]);
  ({ org } = server.connection);
}, 120_000);

afterAll(async () => {
  runner?.child.kill("SIGTERM");
  await runner?.ended;
  await taskyard?.remove();
  server?.proxy.close();
}, 60_000);

const at = (...names: string[]) => path.join(taskyard.home, ...names);

it("says what is missing before a login, logs in by standard input, and keeps the key to its owner", async () => {
  const before = await taskyard.call(["task", "list"]);
  expect(before).toMatchObject({ code: 2, out: "", err: expect.stringContaining("taskyard login https://") });
  const wrong = await taskyard.call(["login", server.proxyUrl], { input: "ty_wrong\n" });
  expect(wrong).toMatchObject({ code: 4, err: expect.stringContaining("error:") });
  const { api_key: key } = server.connection;
  expect(await taskyard.ok(["login", server.proxyUrl], { input: `${key}\n` })).toContain(`developer in ${org} on`);
  const { mode } = await stat(at(".config", "taskyard", "config.json"));
  expect((mode & 0o777).toString(8)).toBe("600");
  expect(await taskyard.json(["whoami"])).toMatchObject({ url: server.proxyUrl, organization: { key: org } });
  const bare = await taskyard.another();
  bare.set({ TASKYARD_URL: server.proxyUrl, TASKYARD_API_KEY: key });
  expect(await bare.ok(["task", "list", "--quiet"])).toBe(`${org}/hello-flag@1.0.0\n`);
});

it("ends with codes that scripts can tell apart, says what to do next, and shows no stack", async () => {
  const key = server.connection.api_key;
  const cases: [args: string[], code: number, says: string, env?: Record<string, string>][] = [
    [["tsak"], 2, "Did you mean task?"],
    [["task", "info"], 2, "missing required argument"],
    [["env", "create", "hello-flag", "--for", "soon"], 2, "Write 90s, 15m, 2h or 30d."],
    [["task", "publish", "nowhere"], 2, "taskyard task init nowhere"],
    [["task", "info", "no-such-task"], 3, "taskyard task list"],
    [["eval", "show", "nothing"], 3, "taskyard eval list"],
    [["env", "logs", "nothing"], 3, "taskyard env list"],
    [["task", "validate", "nowhere"], 2, "There is no folder nowhere."],
    [["eval", "show", "latest"], 3, "There is no evaluation yet."],
    [["run", "follow", "DEF-99"], 3, "taskyard run list"],
    [["env", "exec", "latest", "true"], 3, "taskyard env create"],
    [["task", "list"], 4, "taskyard login", { TASKYARD_API_KEY: `${key.slice(0, -4)}0000` }],
    [["task", "list"], 5, "Is the server there?", { TASKYARD_URL: "http://127.0.0.1:9", TASKYARD_API_KEY: key }],
  ];
  for (const [args, code, says, env = {}] of cases) {
    const ended = await taskyard.call(args, { env });
    expect([args.join(" "), ended.code, ended.out]).toEqual([args.join(" "), code, ""]);
    expect(ended.err).toContain(says);
    expect(ended.err).not.toMatch(/^ +at /m);
    expect(ended.err).not.toContain(key);
  }
  const { err } = await taskyard.call(["task", "info", "no-such-task", "--json"]);
  expect(JSON.parse(err)).toEqual({ error: { message: expect.any(String), hint: expect.any(String), exit_code: 3 } });
});

it("makes tasks of each template that hold, and shows where one does not", async () => {
  for (const template of ["script", "flag", "harbor"]) {
    await taskyard.ok(["task", "init", `t-${template}`, "--template", template]);
    const verdicts = await taskyard.json(["task", "validate", `t-${template}`]);
    expect(verdicts.map(({ agent, ok }: { agent: string; ok: boolean }) => [agent, ok])).toEqual([
      ["oracle", true],
      ["nop", true],
    ]);
  }
  await taskyard.ok(["task", "init", "t-broken"]);
  await writeFile(at("t-broken", "verify.sh"), "exit 0\n");
  await writeFile(at("t-broken", "solution.sh"), "exit 0\n");
  const broken = await taskyard.call(["task", "validate", "t-broken"]);
  expect(broken.code).toBe(10);
  expect(broken.out).toMatch(/✓ oracle[^]*✗ nop: doing nothing passes/);
  expect(await taskyard.ok(["task", "list", "--quiet"])).not.toContain("-check-");
  expect(await taskyard.call(["task", "init", "t-flag"])).toMatchObject({ code: 2 });
}, 180_000);

it("publishes a folder once, and refuses other files under the same version", async () => {
  const first = await taskyard.call(["task", "publish", "t-script"]);
  expect(first).toMatchObject({ code: 0, out: expect.stringContaining(`${org}/t-script@1.0.0 is published`) });
  expect(first.err).toContain("verify.sh *");
  const again = await taskyard.ok(["task", "publish", "t-script"]);
  expect(again).toContain("was published already, with these very bytes");
  await writeFile(at("t-script", "README.md"), "# Another one\n");
  const other = await taskyard.call(["task", "publish", "t-script"]);
  expect(other).toMatchObject({ code: 4, err: expect.stringContaining("Raise `version` in task.yaml.") });
  const manifest = await readFile(at("t-script", "task.yaml"), "utf8");
  await writeFile(at("t-script", "task.yaml"), manifest.replace("1.0.0", "1.0.1"));
  await taskyard.ok(["task", "publish", "t-script", "--public"]);
  expect(await taskyard.json(["task", "info", "t-script"])).toMatchObject({ version: "1.0.1", is_public: true });
  expect(await taskyard.ok(["task", "files", "t-script", "--quiet"])).toBe(
    "README.md\ndata/words.txt\nsolution.sh\ntask.yaml\nverify.sh\n",
  );
  expect(await taskyard.ok(["task", "cat", "t-script@1.0.1", "README.md"])).toBe("# Another one\n");
  await taskyard.ok(["task", "pull", "t-script@1.0.1", "-o", "pulled"]);
  expect(await readFile(at("pulled", "task.yaml"), "utf8")).toContain("1.0.1");
  expect(((await stat(at("pulled", "verify.sh"))).mode & 0o777).toString(8)).toBe("755");
  expect(await taskyard.call(["task", "pull", "t-script", "-o", "pulled"])).toMatchObject({ code: 2 });
  expect(await taskyard.call(["task", "rm", "t-script@1.0.0"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("--yes"),
  });
  await taskyard.ok(["task", "rm", "t-script@1.0.0", "--yes"]);
  expect(await taskyard.call(["task", "info", "t-script@1.0.0"])).toMatchObject({ code: 3 });
  expect((await taskyard.call(["task", "publish", "t-harbor", "--dry-run"])).out).toContain("Nothing was sent.");
});

it("goes on with an upload that was killed", async () => {
  await taskyard.ok(["task", "init", "t-large"]);
  await writeFile(at("t-large", "data", "large.bin"), randomBytes(20_000_000));
  const uploads = at(".local", "state", "taskyard", "uploads");
  const first = taskyard.start(["task", "publish", "t-large"]);
  await until(
    () => readdir(uploads).catch((): string[] => []),
    (names) => names.some((name) => name.endsWith(".json")),
    60,
  );
  first.child.kill("SIGKILL");
  await first.ended;
  expect(await taskyard.call(["task", "info", "t-large"])).toMatchObject({ code: 3 });
  const second = await taskyard.call(["task", "publish", "t-large"]);
  expect(second).toMatchObject({ code: 0, out: expect.stringContaining("t-large@1.0.0 is published") });
  expect(second.err).toMatch(/Uploading: 20\.\d MB/);
  expect(await readdir(uploads)).toEqual([]);
}, 120_000);

it("works in an environment, with files, exit codes and a prompt where there is no terminal", async () => {
  const id = (await taskyard.ok(["env", "create", "t-script", "--sandbox", "embedded", "--quiet"])).trim();
  expect(await taskyard.ok(["env", "exec", "latest", "wc", "-w", "data/words.txt"])).toBe("9 data/words.txt\n");
  expect(await taskyard.ok(["env", "exec", "-e", "GREETING=it's", id, 'echo "$GREETING"'])).toBe("it's\n");
  expect(await taskyard.ok(["env", "exec", "--stdin", id, "tr", "a-z", "A-Z"], { input: "abc\n" })).toBe("ABC\n");
  expect(await taskyard.call(["env", "exec", id, "exit 3"])).toMatchObject({ code: 10, out: "" });
  expect(await taskyard.call(["env", "exec", "--exit-code", id, "exit 3"])).toMatchObject({ code: 3 });
  expect(JSON.parse(await taskyard.ok(["env", "exec", "--json", id, "echo hello"]))).toMatchObject({
    exit_code: 0,
    output: "hello\n",
  });
  await mkdir(at("folder", "deep"), { recursive: true });
  await writeFile(at("folder", "deep", "a.txt"), "one\n");
  await taskyard.ok(["env", "cp", "folder", `${id}:/tmp/`]);
  expect(await taskyard.ok(["env", "exec", id, "cat", "/tmp/folder/deep/a.txt"])).toBe("one\n");
  await taskyard.ok(["env", "cp", `${id}:/tmp/folder`, "back"]);
  expect(await readFile(at("back", "deep", "a.txt"), "utf8")).toBe("one\n");
  const prompt = await taskyard.call(["env", "shell", id], { input: "cd data\npwd; false\ncat words.txt\nexit\n" });
  expect(prompt).toMatchObject({ code: 0, out: expect.stringMatching(/^\/task\/data\nThe quick brown fox/) });
  await taskyard.ok(["env", "extend", id, "--for", "3h"]);
  expect(await taskyard.ok(["env", "logs", id])).not.toBe("");
  expect(await taskyard.ok(["env", "list", "--quiet"])).toContain(id);
  expect(await taskyard.ok(["env", "rm", id, "--quiet"])).toBe(`${id}\n`);
  expect(await taskyard.ok(["env", "list", "--quiet"])).not.toContain(id);
}, 120_000);

it("lends this machine, and opens a real terminal that follows its size and outlives its connection", async () => {
  runner = taskyard.start(["runner", "--agent", path.resolve("examples/hello-agent/agent.sh"), "--", ...ISOLATION]);
  await runner.shows("connected to the pool");
  const id = (await taskyard.ok(["env", "create", "t-script", "--sandbox", "runner", "--quiet"])).trim();
  const shell = taskyard.startOnTerminal(["env", "shell", id]);
  const say = (command: object) => shell.child.stdin?.write(`${JSON.stringify(command)}\n`);
  await shell.shows("$ ");
  say({ type: "stty size; echo first-$((40 + 2))\r" });
  expect(await shell.shows("first-42")).toContain("30 100");
  say({ resize: [40, 120] });
  say({ type: "sleep 1; stty size; echo second-$((40 + 2))\r" });
  expect(await shell.shows("second-42")).toContain("40 120");
  server.proxy.cut();
  say({ type: "echo third-$((40 + 2))\r" });
  expect((await shell.shows("third-42")).split("third-42")).toHaveLength(2);
  say({ type: "\r~." });
  expect(await shell.ended).toMatchObject({ code: 0 });
  const [, again = ""] = /env shell \S+ --attach (\S+)/.exec(shell.out) ?? [];
  const joined = taskyard.startOnTerminal(["env", "shell", id, "--attach", again]);
  await joined.shows("third-42");
  joined.child.stdin?.write(`${JSON.stringify({ type: "exit\r" })}\n`);
  expect(await joined.ended).toMatchObject({ code: 0 });
  const failing = taskyard.startOnTerminal(["env", "shell", id, "exit 7"]);
  expect(await failing.ended).toMatchObject({ code: 10 });
}, 180_000);

it("ends the command when exec is interrupted, and says that the environment is still there", async () => {
  const call = taskyard.start(["env", "exec", "latest", "echo begun; sleep 300"]);
  await call.shows("begun");
  call.child.kill("SIGINT");
  const { code, err } = await call.ended;
  expect(code).toBe(130);
  expect(err).toContain("Interrupted. The command was ended; the environment is still there.");
  const [{ id }] = await taskyard.json(["env", "list"]);
  const { token } = JSON.parse(await readFile(at(".local", "state", "taskyard", "environments", `${id}.json`), "utf8"));
  const place = `/api/v1/org/${org}/ws/${server.connection.workspace}/environments/${id}`;
  const { body } = await server.send("GET", `${place}/commands`, undefined, { "X-Environment-Token": token });
  expect(body.commands.find(({ command }: { command: string }) => command.includes("sleep 300"))).toMatchObject({
    status: "killed",
  });
}, 60_000);

it("starts a run, follows it in words and in JSON, and has its files", async () => {
  const started = await taskyard.call(["run", "start", "Greet", "the", "world", "--follow"]);
  expect(started.code).toBe(0);
  expect(started.out).toMatch(/● queued\n[^]*My task: Greet the world\n[^]*Done\.\n● completed\n$/);
  const [row] = await taskyard.json(["run", "list"]);
  expect(row).toMatchObject({ title: "Greet the world", latest_run: { status: "completed" } });
  const entries = (await taskyard.ok(["run", "follow", row.slug, "--json"])).trim().split("\n");
  expect(entries.map((line) => JSON.parse(line).type)).toContain("task_run_state");
  expect(await taskyard.ok(["run", "logs", row.slug])).toContain("My task: Greet the world");
  expect(await taskyard.ok(["run", "logs", "latest", "--raw"])).toContain('"_posthog/console"');
  await taskyard.ok(["run", "artifacts", "latest", "--output", "files"]);
  expect((await readFile(at("files", "words.txt"), "utf8")).trim()).toBe("3");
  const queued = (await taskyard.ok(["run", "start", "Wait", "--label", "nowhere", "--quiet"])).trim();
  const following = taskyard.start(["run", "follow", queued]);
  await following.shows("queued");
  await taskyard.ok(["run", "cancel", queued]);
  expect(await following.ended).toMatchObject({ code: 10, out: expect.stringContaining("● cancelled") });
}, 120_000);

it("runs evaluations by a file, watches them, and says what came of them", async () => {
  await writeFile(
    at("evaluation.yaml"),
    "name: nightly\nmodel: none\ndataset: rows.jsonl\nagent: oracle\nattempts: 2\n",
  );
  await writeFile(at("rows.jsonl"), '{"task_name": "t-script"}\n');
  const events = await taskyard.ok(["eval", "create", "--watch", "--json", "--concurrency", "2"]);
  const types = events
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).type);
  expect([types[0], types.at(-1)]).toEqual(["evaluation", "evaluation-end"]);
  const first = (await taskyard.ok(["eval", "list", "--quiet", "--limit", "1"])).trim();
  const nop = await taskyard.call(["eval", "create", "--task", "t-script", "--agent", "nop", "--watch"]);
  expect(nop.code).toBe(10);
  expect(nop.out).toMatch(/t-script@1\.0\.1 #1 +failed[^]*pass rate +0%/);
  expect(await taskyard.ok(["eval", "show", first])).toMatch(/100% +\(\d+% to 100%, n = 2\)/);
  expect(await taskyard.ok(["eval", "compare", first, "latest"])).toContain("The difference is within noise");
  expect(await taskyard.json(["eval", "items", "latest", "--status", "failed"])).toHaveLength(1);
  expect((await taskyard.ok(["eval", "export", first, "--format", "csv"])).trim().split("\n")).toHaveLength(3);
  await taskyard.ok(["eval", "export", first, "--format", "harbor", "-o", "job.zip"]);
  expect((await readFile(at("job.zip"))).subarray(0, 2).toString()).toBe("PK");
  expect(await taskyard.json(["eval", "retry", "latest"])).toMatchObject({ queued: 1 });
  await taskyard.ok(["eval", "create", "--task", "t-script", "--agent", "oracle", "--attempts", "50"]);
  await taskyard.ok(["eval", "cancel", "latest"]);
  const live = taskyard.startOnTerminal(["eval", "create", "--task", "t-script", "--agent", "oracle", "--watch"]);
  expect(await live.ended).toMatchObject({ code: 0 });
  expect(live.out).toContain("\u001b[?25l");
  expect(live.out).toMatch(/[█░]+[^]*of 1/);
  expect(await taskyard.call(["eval", "create"], { cwd: at("files") })).toMatchObject({
    code: 2,
    err: expect.stringContaining("There is no evaluation.yaml."),
  });
}, 180_000);

it("keeps task sets, keys and webhooks, and sends raw requests", async () => {
  await taskyard.ok(["task-set", "create", "nightly", "t-script", "--tag", "smoke"]);
  await taskyard.ok(["task-set", "update", "nightly", "--add", "hello-flag@1.0.0"]);
  expect(await taskyard.ok(["task-set", "show", "nightly", "--quiet"])).toBe(
    `${org}/t-script\n${org}/hello-flag@1.0.0\n`,
  );
  expect(await taskyard.ok(["task-set", "show", "nightly@1", "--quiet"])).toBe(`${org}/t-script\n`);
  await taskyard.ok(["task-set", "rm", "nightly", "--yes"]);
  expect(await taskyard.json(["task-set", "list"])).toEqual([]);
  const key = (await taskyard.ok(["key", "create", "ci", "--scope", "task:read", "--for", "1d", "--quiet"])).trim();
  const asCi = { env: { TASKYARD_API_KEY: key } };
  expect(await taskyard.ok(["task", "list", "--quiet"], asCi)).toContain(`${org}/t-script@1.0.1`);
  expect(await taskyard.call(["task", "publish", "t-flag"], asCi)).toMatchObject({
    code: 4,
    err: expect.stringContaining("taskyard key create"),
  });
  await taskyard.ok(["key", "revoke", "ci", "--yes"]);
  expect(await taskyard.ok(["key", "list", "--all"])).toMatch(/ci +developer +revoked/);
  const hook = (
    await taskyard.ok(["webhook", "create", "http://127.0.0.1:9/hook", "--event", "evaluation.completed", "--quiet"])
  ).trim();
  expect(await taskyard.ok(["webhook", "list", "--quiet"])).toBe(`${hook}\n`);
  expect(await taskyard.ok(["webhook", "rotate", hook])).toMatch(/^whsec_/);
  expect(await taskyard.json(["webhook", "deliveries", hook])).toEqual([]);
  await taskyard.ok(["webhook", "rm", hook, "--yes"]);
  expect(JSON.parse(await taskyard.ok(["api", "GET", "/api/v1/org/{org}/tasks"]))).toHaveProperty("tasks");
  const missing = await taskyard.call(["api", "GET", "/api/v1/nothing"]);
  expect(missing).toMatchObject({ code: 3, out: expect.stringContaining("not_found_error") });
});

async function complete(...words: string[]): Promise<(string | undefined)[]> {
  return (await taskyard.ok(["complete", "--", ...words])).split("\n").map((line) => line.split("\t")[0]);
}

it("completes commands, options and values in bash, zsh and fish", async () => {
  expect(await complete("env", "ex")).toEqual(expect.arrayContaining(["exec", "extend"]));
  expect(await complete("env", "exec", "--")).toEqual(expect.arrayContaining(["--stdin", "--timeout", "--json"]));
  expect(await complete("task", "init", "--template", "")).toEqual(
    expect.arrayContaining(["script", "flag", "harbor"]),
  );
  for (const shell of ["bash", "zsh", "fish"]) expect(await taskyard.ok(["completion", shell])).toContain("taskyard");
});
