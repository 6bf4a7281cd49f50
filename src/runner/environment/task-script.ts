import type { EnvironmentMessage } from "../../sandbox/runner-protocol.ts";
import type { SandboxSecrets } from "../../sandbox/secret-mask.ts";
import { runCommand } from "../process/command.ts";
import type { LocalSandbox } from "./local-sandbox.ts";

/** A script of task.yaml. */
export type Script = NonNullable<Extract<EnvironmentMessage, { type: "open" }>["provision"]>;

/** Bytes of a script's output that are looked at, lines of it that are told, and characters in the reason for a failure. */
const OUTPUT_BYTES = 64 * 1024;
const LOG_LINES = 200;
const REASON_LENGTH = 1_000;

/** Runs a script of the task; how it failed, or undefined. What it writes goes to the environment's log. */
export async function runScript(
  sandbox: LocalSandbox,
  name: string,
  { script, timeout }: Script,
  { variables, mask }: SandboxSecrets,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  let written = "";
  const ending = await runCommand({
    program: sandbox.command('exec bash -- "$SCRIPT"', ".", { ...variables, SCRIPT: script }, { joinsErrors: true }),
    limits: { seconds: timeout, outputBytes: OUTPUT_BYTES },
    mask,
    output: (_stream, _offset, bytes) => {
      written += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    signal,
  });
  const lines = written.split("\n").filter((line) => line.trim() !== "");
  for (const line of lines.slice(0, LOG_LINES)) log(`${name}: ${line}`);
  if (ending.status === "exited") {
    return ending.exitCode === 0
      ? undefined
      : `ended with exit code ${ending.exitCode}: ${written.slice(-REASON_LENGTH)}`;
  }
  if (ending.status === "lost") return `could not be run: ${ending.reason}`;
  return ending.status === "timed_out" ? `took longer than ${timeout} seconds` : "was killed";
}
