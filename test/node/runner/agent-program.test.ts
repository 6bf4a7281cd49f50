import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findAgentProblem, resolveAgent } from "../../../src/runner/agent/agent-program.ts";

let base: string;

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), "taskyard agent "));
  for (const name of ["my agent.sh", "agent.sh", "plain.txt"]) {
    await writeFile(path.join(base, name), "#!/bin/bash\necho ran $1\n");
    await chmod(path.join(base, name), name.endsWith(".sh") ? 0o755 : 0o644);
  }
});

afterAll(() => rm(base, { recursive: true }));

describe("the agent's command", () => {
  it.each([
    ["my agent.sh", "ran\n"],
    ["./my agent.sh", "ran\n"],
    ["./agent.sh now", "ran now\n"],
    ["echo found by PATH", "found by PATH\n"],
    ["X=1 true; echo a line", "a line\n"],
  ])("runs %s, named from where the runner was started", (command, output) => {
    expect(findAgentProblem(command, base)).toBeUndefined();
    const said = execFileSync("/bin/bash", ["-c", resolveAgent(command, base)], { cwd: "/", encoding: "utf8" });
    expect(said).toBe(output);
  });

  it.each([
    ["./gone.sh", /There is no program .*gone\.sh/],
    ["./my other agent.sh", /There is no program .*\/my\..*quoted/],
    ["plain.txt", /not executable/],
    ["./plain.txt --fast", /not executable/],
  ])("%s is told at the start", (command, problem) => {
    expect(findAgentProblem(command, base)).toMatch(problem);
  });
});
