import { describe, expect, test } from "vitest";
import { createEnvironmentClient } from "./client.ts";

describe("time", () => {
  test.each([
    ["a loop around awk", "while true; do awk 'BEGIN { while (1); }'; done"],
    ["a loop of nothing but awk in a substitution", "while true; do x=$(awk 'BEGIN { while (1); }'); done"],
    ["a sleep", "sleep 60"],
    ["a loop around eval", "while :; do eval 'x=1'; done"],
    ["a loop that does nothing", "for ((;;)); do :; done"],
  ])("ends %s, and keeps what was printed", async (_, command) => {
    const { execute } = await createEnvironmentClient();
    const { status, stdout, duration_ms: duration } = await execute(`echo before; ${command}`, { timeout_sec: 2 });
    expect({ status, stdout }).toEqual({ status: "timed_out", stdout: "before\n" });
    expect(duration).toBeLessThan(10_000);
  });

  test("keeps what a loop has printed", async () => {
    const { execute } = await createEnvironmentClient();
    const result = await execute("for i in 1 2; do echo $i; sleep 30; done", { timeout_sec: 1 });
    expect(result).toMatchObject({ timed_out: true, exit_code: 124, stdout: "1\n", stderr: "" });
  });

  test("refuses to compare what takes too long, and compares what is the same", async () => {
    const { execute } = await createEnvironmentClient();
    const reversed = await execute("seq 1 6000 > a; tac a > b; diff a b");
    expect(reversed).toMatchObject({ exit_code: 2, stdout: "" });
    expect(reversed.stderr).toBe("diff: input above 2000 lines in all; a runner has no such limit\n");
    expect(await execute("diff a a && diff <(echo a) <(echo b)")).toMatchObject({ exit_code: 1 });
  });
});

describe("loops in what is parsed while a script runs", () => {
  test.each([
    ["eval", "eval 'while :; do :; done'"],
    ["eval in eval", "eval 'while :; do eval :; done'"],
    ["a sourced file", "echo 'while :; do x=$x; done' > f; . ./f"],
    ["one after the other, in functions", "f() { eval 'while :; do :; done'; }; for i in 1 2 3 4 5 6 7 8; do f; done"],
  ])("end with a word about it: %s", async (_, command) => {
    const { execute } = await createEnvironmentClient();
    const result = await execute(`echo before; ${command}; echo after`);
    expect(result).toMatchObject({ exit_code: 126 });
    expect(result.stderr).toMatch(/^bash: a loop in `eval` or in a sourced file keeps the embedded sandbox busy.*\n$/);
  });

  test("run as a file of their own", async () => {
    const { execute } = await createEnvironmentClient();
    const command =
      "echo 'i=0; while ((i < 3000)); do ((i++)); done; echo $i' > f; bash f; eval 'for i in 1 2; do echo $i; done'";
    expect(await execute(command)).toMatchObject({ exit_code: 0, stdout: "3000\n1\n2\n" });
  });
});

describe("input that does not come by arguments", () => {
  test.each([
    ["grep -r", "grep -r x ."],
    ["awk", "awk 1 big big2 big3 big4"],
    ["grep in a subshell", 'x=$(grep -r x .); echo "$x"; exit 2'],
  ])("is bounded as well: %s", async (_, command) => {
    const { execute, onEnvironment } = await createEnvironmentClient();
    const body = new Uint8Array(1_500_000).fill(0x61);
    for (const name of ["big", "big2", "big3", "big4"]) {
      await onEnvironment(`/files/task/${name}`, {
        method: "PUT",
        body,
        headers: { "Content-Length": `${body.length}` },
      });
    }
    const result = await execute(command);
    expect(result.exit_code).toBe(2);
    expect(result.stderr).toMatch(/input above \d+ KiB; a runner has no such limit/);
    expect((await execute("wc -c big")).exit_code).toBe(0);
  });
});

describe("trap", () => {
  test.each([
    ["trap 'echo bye' EXIT; echo hi", "hi\nbye\n", 0],
    ["trap 'echo bye $?' EXIT; echo hi; exit 3", "hi\nbye 3\n", 3],
    ["cleanup() { echo gone $x; rm -f f; }; trap cleanup EXIT; x=1; touch f; cd /tmp; false", "gone 1\n", 1],
    ["trap 'exit 7' EXIT; true", "", 7],
    ["trap 'echo bye' EXIT; trap - EXIT; echo hi", "hi\n", 0],
    ["trap 'echo a' 0; trap", "trap -- 'echo a' EXIT\na\n", 0],
    ["trap '' INT TERM; trap 'rm -f x' HUP; echo hi", "hi\n", 0],
  ])("%s", async (command, stdout, exitCode) => {
    const { execute } = await createEnvironmentClient();
    expect(await execute(command)).toMatchObject({ stdout, stderr: "", exit_code: exitCode });
  });

  test("says of what it cannot do that a runner can", async () => {
    const { execute } = await createEnvironmentClient();
    const result = await execute("trap 'echo bad' ERR; echo hi");
    expect(result).toMatchObject({ exit_code: 0, stdout: "hi\n" });
    expect(result.stderr).toBe(
      "trap: ERR: only EXIT is not ignored in the embedded sandbox; a runner has all of them\n",
    );
  });
});

test("ls shows the dates of the folder itself and of the one above", async () => {
  const { execute } = await createEnvironmentClient();
  const { stdout } = await execute("ls -la; ls -la /tmp; ls -lad .");
  expect(stdout).toMatch(/ \.\n/);
  expect(stdout).not.toContain("Jan  1 00:00");
  expect(stdout).not.toContain("1970");
});

describe("bytes", () => {
  test.each([
    ["printf", String.raw`printf '\377\376' > f`, "fffe"],
    ["printf of text", String.raw`printf 'é\u20ac\n' > f`, "c3a9e282ac0a"],
    ["echo of text", "echo é > f", "c3a90a"],
    ["a variable", 'x=$(echo é€); echo "$x" > f', "c3a9e282ac0a"],
    ["tr", String.raw`printf 'a\377' | tr a b > f`, "62ff"],
    ["sed", String.raw`printf 'a\377\n' | sed s/a/b/ > f`, "62ff0a"],
    ["sed of a file", String.raw`printf 'a\377\n' > g; sed s/a/b/ g > f`, "62ff0a"],
    ["awk", String.raw`printf 'a\377\n' | awk '{ print $1 }' > f`, "61ff0a"],
  ])("are kept by %s", async (_, command, hex) => {
    const { execute, onEnvironment } = await createEnvironmentClient();
    await execute(command);
    const response = await onEnvironment("/files/task/f");
    expect(new Uint8Array(await response.arrayBuffer()).toHex()).toBe(hex);
  });

  test("that are not UTF-8 are shown as on a runner", async () => {
    const { execute } = await createEnvironmentClient();
    expect(await execute(String.raw`printf '\377\376'`)).toMatchObject({ stdout: "\ufffd\ufffd" });
    expect(await execute("echo é; echo ü | cat")).toMatchObject({ stdout: "é\nü\n" });
  });
});

describe("what cannot be done", () => {
  test("a file above the limit is an error, also in a pipe", async () => {
    const { execute, onEnvironment } = await createEnvironmentClient();
    const big = new Uint8Array(8 * 1024 * 1024 + 1);
    await onEnvironment("/files/task/big", {
      method: "PUT",
      body: big,
      headers: { "Content-Length": `${big.length}` },
    });
    for (const command of ["cat big | wc -c", "wc -c big", "grep x big", "tail -1 big"]) {
      const { exit_code: exitCode, stderr } = await execute(command);
      expect(exitCode, command).not.toBe(0);
      expect(stderr, command).toMatch(/above (8 MiB|4096 KiB); a runner has no such limit/);
      expect(stderr, command).not.toContain("No such file");
    }
    expect((await execute("cat ./big gone")).stderr).toMatch(/cat: .*big: File too large\ncat: gone: No such file/);
  });

  test.each([
    ["nowhere", "/bin/bash: line 1: cd: /task/nowhere: No such file or directory\n"],
    ["task.yaml", "/bin/bash: line 1: cd: /task/task.yaml: Not a directory\n"],
  ])("%s is no folder to start in", async (cwd, stderr) => {
    const { execute } = await createEnvironmentClient();
    expect(await execute("pwd", { cwd })).toMatchObject({ exit_code: 1, stdout: "", stderr });
  });

  test("is said in words of use", async () => {
    const { execute } = await createEnvironmentClient();
    const { stderr } = await execute("tar cf a b; python3 -c 1; sqlite3 x");
    expect(stderr).toContain("tar: not in the embedded sandbox; a runner has it");
    expect(stderr).not.toMatch(/browser|Node\.js|executionLimits/);
  });

  test.each([
    ["parentheses", "(".repeat(5_000)],
    ["subshells", `${"( ".repeat(5_000)}:${" )".repeat(5_000)}`],
    ["substitutions", `echo ${"$(".repeat(5_000)}`],
  ])("%s beyond number are a syntax error", async (_, command) => {
    const { execute } = await createEnvironmentClient();
    const { exit_code: exitCode, stderr } = await execute(command);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/syntax error/);
  });
});

test("has the small commands that scripts expect", async () => {
  const { execute } = await createEnvironmentClient();
  expect(
    await execute("id -u; realpath ../task/.; seq 300000 | tail -1; f=$(mktemp) && test -f $f && echo made"),
  ).toMatchObject({
    stdout: "0\n/task\n300000\nmade\n",
    stderr: "",
  });
  expect(await execute("yes | head -2; echo a | xargs -I{} echo b{}; diff <(echo a) <(echo b)")).toMatchObject({
    stdout: "y\ny\nba\n1c1\n< a\n---\n> b\n",
  });
  expect((await execute("ls -la task.yaml")).stdout).not.toContain("Jan  1");
  expect(await execute("yes | head -c 3000000 | wc -c; set -o pipefail; yes | head -1; echo $?")).toMatchObject({
    stdout: "3000000\ny\n141\n",
  });
});

test("options take their values with or without a space between", async () => {
  const { execute } = await createEnvironmentClient();
  expect(await execute("printf a,b | xargs -d, -n1 echo; echo 1 | xargs -P2 -I{} echo {}-n1")).toMatchObject({
    stdout: "a\nb\n1-n1\n",
  });
  expect(await execute("echo '{ print x, $2 }' > p; echo a:b | awk -F: -vx=5 -f p; awk -f none")).toMatchObject({
    stdout: "5 b\n",
    stderr: "awk: cannot open source file 'none' for reading: No such file or directory\n",
    exit_code: 2,
  });
});
