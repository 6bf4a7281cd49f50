import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { FileContent } from "../../src/sandbox/embedded/file-content.ts";
import { FileTree } from "../../src/sandbox/embedded/file-tree.ts";
import { runShell } from "../../src/sandbox/embedded/shell/shell.ts";
import { ShellFiles } from "../../src/sandbox/embedded/shell/shell-files.ts";
import { bytesSource } from "../../src/zip/read/bytes-source.ts";
import { connect, createEnvironmentClient, provision, expectRefusal, objectOf } from "./client.ts";

describe("execute", () => {
  test("answers with the exit code and the output", async () => {
    const { execute, environment } = await createEnvironmentClient({ files: { "data.txt": "a\nb\n" } });
    expect(environment.state).toBe("ready");
    expect(await execute("wc -l < data.txt; echo bad >&2; exit 3")).toEqual({
      exit_code: 3,
      output: "2\nbad\n",
      stdout: "2\n",
      stderr: "bad\n",
      status: "exited",
      command_id: expect.any(String),
      timed_out: false,
      truncated: null,
      reason: null,
      duration_ms: expect.any(Number),
    });
  });

  test("takes a folder, variables and standard input", async () => {
    const { execute } = await createEnvironmentClient({ files: { "sub/here": "" } });
    expect(
      await execute("pwd; ls; echo $GREETING; cat", { cwd: "sub", env: { GREETING: "hi" }, stdin: "é\n" }),
    ).toMatchObject({
      exit_code: 0,
      output: "/task/sub\nhere\nhi\né\n",
    });
  });

  test("keeps files between commands, but no variables and no folder", async () => {
    const { execute } = await createEnvironmentClient();
    await execute("cd /tmp; echo kept > file; export LOST=1");
    expect(await execute("pwd; cat /tmp/file; echo [$LOST]")).toMatchObject({ output: "/task\nkept\n[]\n" });
  });

  test("ends a command when its time is up, and says so apart from the exit code", async () => {
    const { execute } = await createEnvironmentClient();
    expect(await execute("echo begun; sleep 60", { timeout_sec: 1 })).toMatchObject({
      exit_code: 124,
      timed_out: true,
      status: "timed_out",
    });
    expect(await execute("exit 124")).toMatchObject({ exit_code: 124, timed_out: false, status: "exited" });
  });

  test("says that its time was up, also when the shell is the first to see it", async () => {
    const { environment } = await createEnvironmentClient();
    const ending = await runInDurableObject(objectOf(environment), async (_, { storage }) => {
      const tree = new FileTree(storage.sql, 100);
      const content = new FileContent(
        storage.sql,
        tree,
        () => bytesSource(new Uint8Array(0)),
        100,
        () => undefined,
      );
      const limits = { seconds: 1, outputBytes: 100 };
      const plain = {
        cwd: "/",
        env: {},
        stdin: new Uint8Array(0),
        keepsInput: false,
        tty: null,
        separateOutput: false,
      };
      const command = { id: "", command: "sleep 60", ...plain, limits };
      const outcome = await runShell(new ShellFiles(tree, content), command, new AbortController().signal);
      return outcome.ending;
    });
    expect(ending).toMatchObject({ status: "timed_out" });
  });

  test.each([
    ["an endless loop", "while true; do :; done", 1],
    ["a function that calls itself in two processes", "f() { f | f; }; f"],
    ["an endless loop of awk", "awk 'BEGIN { while (1) i++ }'"],
    ["a thousand million lines", "seq 1 1000000000"],
    ["a variable that doubles for ever", 'x=aaaaaaaa; while true; do x="$x$x"; done'],
    [
      "files beyond number in the shell's own folders",
      "seq 1 100000 > a; for i in $(seq 1 400); do cp a /usr/$i || exit; done",
    ],
    ["a file that doubles for ever", "echo 12345678 > a; while true; do cat a a > b; mv b a; done"],
  ])("survives %s", async (_, command, seconds = 5) => {
    const { execute } = await createEnvironmentClient();
    const { exit_code: exitCode, status } = await execute(command, { timeout_sec: seconds });
    expect(exitCode).not.toBe(0);
    expect(["exited", "timed_out"]).toContain(status);
    expect(await execute("echo alive")).toMatchObject({ exit_code: 0, output: "alive\n" });
  });

  test.each([
    ["alone", `${"(".repeat(5_000)}:${")".repeat(5_000)}`],
    ["without an end", "(".repeat(5_000)],
    ["with spaces", `${"( ".repeat(5_000)}:${" )".repeat(5_000)}`],
    ["behind another command", `echo begun; ${"(".repeat(5_000)}:${")".repeat(5_000)}`],
    ["in another shell", `bash -c '${"(".repeat(5_000)}:${")".repeat(5_000)}'`],
    ["in eval", `eval '${"(".repeat(5_000)}:${")".repeat(5_000)}'`],
  ])("says that a command is nested too deeply, and with which exit code it ended: %s", async (_, command) => {
    const { execute } = await createEnvironmentClient();
    const { exit_code: exitCode, status, stderr } = await execute(command);
    expect([status, [1, 2, 139].includes(exitCode)]).toEqual(["exited", true]);
    expect(stderr).toMatch(/nested too deeply|nesting depth|syntax error/);
  });

  test("keeps the beginning of too much output, and counts the rest", async () => {
    const { execute } = await createEnvironmentClient();
    const line = "x".repeat(10_239);
    const { stdout, truncated } = await execute(`for i in $(seq 150); do echo ${line}; done`);
    expect(stdout.length).toBe(1024 * 1024);
    expect(truncated).toEqual({
      stdout: { total: 150 * 10_240, kept: 1024 * 1024 },
      stderr: { total: 0, kept: 0 },
    });
    const endless = await execute(`while true; do echo ${line}; done`);
    expect(endless).toMatchObject({ exit_code: 126, truncated: { stdout: { kept: 1024 * 1024 } } });
  });

  test("runs commands side by side, up to a limit", async () => {
    const { execute, start, onEnvironment } = await createEnvironmentClient();
    await Promise.all(Array.from({ length: 7 }, () => start("sleep 30")));
    expect(await execute("echo here")).toMatchObject({ output: "here\n" });
    await start("sleep 30");
    const response = await onEnvironment("/execute", { method: "POST", json: { command: "true" } });
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await expectRefusal(response, 409)).toMatchObject({
      type: "conflict_error",
      detail: expect.stringMatching(/^8 /),
    });
  });

  test.each([
    ["no command", {}],
    ["an empty command", { command: "" }],
    ["NUL", { command: "echo \0" }],
    ["no time", { command: "a", timeout_sec: 0 }],
    ["more than ten minutes", { command: "a", timeout_sec: 601 }],
    ["a fraction", { command: "a", timeout_sec: 1.5 }],
    ["a command line above 128 KiB", { command: `: ${"é".repeat(70_000)}` }],
    ["a variable above 128 KiB", { command: "true", env: { LONG: "x".repeat(131_000) } }],
    ["separate_output that is no boolean", { command: "a", separate_output: "yes" }],
    ["a variable's bad name", { command: "a", env: { "A-B": "1" } }],
  ])("refuses %s", async (_, json) => {
    const { onEnvironment } = await createEnvironmentClient();
    const body = await expectRefusal(await onEnvironment("/execute", { method: "POST", json }), 422);
    expect(body).toMatchObject({ type: "validation_error", errors: [{ msg: expect.any(String) }] });
    expect(body.errors?.[0]?.loc[0]).toBe("body");
  });
});

describe("the environment token", () => {
  test("opens with and without Bearer", async () => {
    const { onEnvironment, token } = await createEnvironmentClient();
    for (const value of [token, `Bearer ${token}`, `bearer ${token}`]) {
      const headers = { "X-Environment-Token": value };
      const response = await onEnvironment("/execute", { method: "POST", headers, json: { command: "true" } });
      expect(response.status).toBe(200);
    }
  });

  test("of another environment is 401, none is 422", async () => {
    const { tenant, onEnvironment } = await createEnvironmentClient();
    const other = await provision(tenant);
    const run = (headers: Record<string, string>) =>
      onEnvironment("/execute", { method: "POST", headers, json: { command: "true" } });
    for (const value of [other.execute_token ?? "", "nonsense", tenant.adminKey]) {
      expect(await expectRefusal(await run({ "X-Environment-Token": value }), 401)).toMatchObject({
        code: 401,
        type: "token_error",
      });
    }
    expect(await expectRefusal(await run({ "X-Environment-Token": "" }), 422)).toMatchObject({
      type: "validation_error",
      errors: [{ loc: ["header", "X-Environment-Token"], type: "missing" }],
    });
  });

  test("is of no use in another workspace or with a key of another organization", async () => {
    const { tenant, environment, token } = await createEnvironmentClient();
    await tenant.api(`/org/${tenant.org}/ws`, { method: "POST", json: { key: "other", name: "Other" } });
    const headers = { "X-Environment-Token": token };
    const json = { command: "true" };
    const path = `/org/${tenant.org}/ws/other/environments/${environment.id}/execute`;
    await expectRefusal(await tenant.api(path, { method: "POST", headers, json }), 404);
    const stranger = await createEnvironmentClient();
    const theirs = connect(stranger.tenant, { ...environment, execute_token: token });
    await expectRefusal(await theirs.onEnvironment("/execute", { method: "POST", json }), 404);
  });
});
