import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../../../src/runner/process/command.ts";
import { chooseUser, type Isolation, SandboxFolder } from "../../../src/runner/process/isolation.ts";
import type { CommandEnding, CommandLimits } from "../../../src/sandbox/port.ts";

/** Whether bubblewrap is installed; says so where it is not, since what needs it is then left out. */
export const HAS_BUBBLEWRAP = (() => {
  try {
    execFileSync("bwrap", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("bubblewrap is not installed: the tests of the runner's sandbox are left out.\n");
    return false;
  }
})();

export const ISOLATION: Isolation = {
  kind: "bubblewrap",
  network: false,
  readOnly: [],
  limits: { processes: 64, memoryBytes: 2 ** 30, fileBytes: 2 ** 24, openFiles: 256 },
  user: chooseUser(),
};

/** Makes a sandbox below a folder of the test's own; both go with `use`. */
export async function withSandbox<T>(isolation: Isolation, use: (sandbox: SandboxFolder) => Promise<T>): Promise<T> {
  const parent = await mkdtemp(path.join(tmpdir(), "taskyard-test-"));
  await chmod(parent, 0o711);
  try {
    const sandbox = await SandboxFolder.create(parent, isolation);
    try {
      return await use(sandbox);
    } finally {
      await sandbox.remove(() => undefined);
    }
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

export interface Outcome {
  ending: CommandEnding;
  stdout: string;
  stderr: string;
  milliseconds: number;
}

interface CommandOptions {
  limits?: Partial<CommandLimits>;
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
  signal?: AbortSignal;
  graceMs?: number;
  joinsErrors?: boolean;
  /** What output waits for. */
  beforeOutput?: () => Promise<void>;
}

/** Runs a line of shell and collects what it wrote. */
export async function runIn(
  sandbox: Pick<SandboxFolder, "command">,
  command: string,
  options: CommandOptions = {},
): Promise<Outcome> {
  const {
    limits,
    env = {},
    cwd = ".",
    stdin = "",
    signal = new AbortController().signal,
    graceMs,
    joinsErrors,
  } = options;
  const written = { stdout: "", stderr: "" };
  const started = performance.now();
  const ending = await runCommand({
    program: sandbox.command(command, cwd, env, { graceMs, joinsErrors }),
    limits: { seconds: 20, outputBytes: 1_000_000, ...limits },
    stdin: one(new TextEncoder().encode(stdin)),
    output: async (stream, _offset, bytes) => {
      await options.beforeOutput?.();
      written[stream] += new TextDecoder().decode(bytes);
    },
    signal,
  });
  return { ending, ...written, milliseconds: performance.now() - started };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
