import { checkHealth, type Healthcheck, withLastWords } from "../../sandbox/healthcheck.ts";
import type { CommandEnding } from "../../sandbox/port.ts";
import type { EnvironmentMessage } from "../../sandbox/runner-protocol.ts";
import type { SandboxSecrets } from "../../sandbox/secret-mask.ts";
import { runCommand } from "../process/command.ts";
import type { LocalSandbox } from "./local-sandbox.ts";

/** A script of task.yaml. */
export type Script = NonNullable<Extract<EnvironmentMessage, { type: "open" }>["provision"]>;

/** Bytes of a script's output that are looked at, and lines of it that are told. */
const OUTPUT_BYTES = 64 * 1024;
const LOG_LINES = 200;

/** Runs a script of the task; how it failed, or undefined. What it writes goes to the environment's log. */
export async function runScript(
  sandbox: LocalSandbox,
  name: string,
  { script, timeout }: Script,
  secrets: SandboxSecrets,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const line = 'exec bash -- "$SCRIPT"';
  const { written, fault } = await runLine(sandbox, line, { SCRIPT: script }, timeout, secrets, signal);
  const lines = written.split("\n").filter((one) => one.trim() !== "");
  for (const one of lines.slice(0, LOG_LINES)) log(`${name}: ${one}`);
  return fault;
}

/** Waits until the task's healthcheck has passed. Rejects with a reason for users. */
export async function untilWell(
  sandbox: LocalSandbox,
  check: Healthcheck,
  secrets: SandboxSecrets,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const run = async () => (await runLine(sandbox, check.command, {}, check.timeout_sec, secrets, signal)).fault;
  const fault = await checkHealth(check, run, log, signal);
  if (fault !== undefined) throw new Error(fault);
}

/** Runs a line of the task's own for the shell, to its end. */
async function runLine(
  sandbox: LocalSandbox,
  line: string,
  env: Readonly<Record<string, string>>,
  seconds: number,
  { variables, mask }: SandboxSecrets,
  signal: AbortSignal,
): Promise<{ written: string; fault: string | undefined }> {
  let written = "";
  const decoder = new TextDecoder();
  const ending = await runCommand({
    program: sandbox.command(line, ".", { ...variables, ...env }, { joinsErrors: true }),
    limits: { seconds, outputBytes: OUTPUT_BYTES },
    mask,
    output: (_stream, _offset, bytes) => {
      written += decoder.decode(bytes, { stream: true });
      return Promise.resolve();
    },
    signal,
  });
  return { written, fault: describeFault(ending, seconds, written) };
}

function describeFault(ending: CommandEnding, seconds: number, written: string): string | undefined {
  switch (ending.status) {
    case "exited":
      return ending.exitCode === 0 ? undefined : withLastWords(`ended with exit code ${ending.exitCode}`, written);
    case "lost":
      return `could not be run: ${ending.reason}`;
    case "timed_out":
      return withLastWords(`took longer than ${seconds} seconds`, written);
    case "killed":
      return "was killed";
  }
}
