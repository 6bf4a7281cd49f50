import { Buffer } from "node:buffer";
import { Bash, type BashOptions } from "just-bash";
import { type CommandEnding, type OutputStream, type SandboxCommand, TASK_ROOT, TIMED_OUT_EXIT_CODE } from "../port.ts";
import { resolvePath } from "./paths.ts";
import { COMMAND_FILE_MAX_BYTES, decode, type ShellFiles } from "./shell-files.ts";

/**
 * What a command may do in all. An isolate has 128 MB, and a loop that waits for nothing holds up everything else in it:
 * it is its steps that are limited, because no clock runs meanwhile. 200,000 commands take a second or two.
 */
const LIMITS: BashOptions["executionLimits"] = {
  maxSourceBytes: 1024 * 1024,
  maxCommandCount: 200_000,
  maxLoopIterations: 200_000,
  maxAwkIterations: 1_000_000,
  maxSedIterations: 1_000_000,
  maxJqIterations: 1_000_000,
  maxWorkUnits: 20_000_000,
  maxGlobOperations: 200_000,
  maxTraversalEntries: 200_000,
  maxTraversalWork: 200_000,
  maxLiveBytes: 32 * 1024 * 1024,
  maxInputBytes: 128 * 1024 * 1024,
  maxStringLength: COMMAND_FILE_MAX_BYTES,
  // Of the command as a whole, and of each one in a pipeline. Above it the shell ends the command with 126.
  maxOutputSize: COMMAND_FILE_MAX_BYTES,
  maxArrayElements: 200_000,
  maxHeredocSize: 1024 * 1024,
  maxBraceExpansionResults: 10_000,
  maxFileDescriptors: 256,
  maxArchiveBytes: 32 * 1024 * 1024,
  maxArchiveEntryBytes: 16 * 1024 * 1024,
  maxArchiveEntries: 10_000,
  maxFileSystemBytes: 16 * 1024 * 1024,
};

/** Variables that every command finds. */
const VARIABLES = { HOME: "/root", USER: "root", LANG: "C.UTF-8", TASK_DIR: TASK_ROOT };

const encoder = new TextEncoder();

/** How a command ended, and the beginning of what it wrote. */
export interface ShellOutcome {
  output: Record<OutputStream, Uint8Array>;
  ending: CommandEnding;
}

/**
 * Runs one command. Output comes when the command is over. `signal` ends it where it waits: `TimeoutError` as its reason
 * means that its time is up. Never throws for what a command does.
 */
export async function runShell(files: ShellFiles, command: SandboxCommand, signal: AbortSignal): Promise<ShellOutcome> {
  const { limits, env, stdin } = command;
  const cwd = resolvePath(TASK_ROOT, command.cwd);
  const shell = new Bash({
    fs: files,
    cwd,
    env: { ...VARIABLES, ...env },
    processInfo: { pid: 1, ppid: 0, uid: 0, gid: 0 },
    executionLimits: {
      ...LIMITS,
      maxExecutionTimeMs: limits.seconds * 1000,
    },
  });
  const input = { stdin: decode(stdin, "latin1"), stdinKind: "bytes" as const };
  const begun = Date.now();
  const result = await shell.exec(command.command, { cwd, rawScript: true, signal, ...input });
  const output = {
    stdout: encodeStart(result.stdout, limits.outputBytes),
    stderr: encodeStart(result.stderr, limits.outputBytes),
  };
  const produced = { stdout: Buffer.byteLength(result.stdout), stderr: Buffer.byteLength(result.stderr) };
  if (signal.aborted) return { output, ending: { status: isTimeout(signal) ? "timed_out" : "killed", produced } };
  // The shell looks at the clock itself, and may be quicker than the timer behind `signal`.
  const isLate = Date.now() - begun >= limits.seconds * 1000;
  if (isLate && result.exitCode === TIMED_OUT_EXIT_CODE) return { output, ending: { status: "timed_out", produced } };
  return { output, ending: { status: "exited", exitCode: result.exitCode, produced } };
}

/** The first bytes of a text. */
function encodeStart(text: string, maxBytes: number): Uint8Array {
  return encoder.encode(text.slice(0, maxBytes)).subarray(0, maxBytes);
}

function isTimeout({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
