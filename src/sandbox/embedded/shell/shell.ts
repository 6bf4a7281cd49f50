import { Bash, type BashOptions, type ExecOptions, type ExecResult } from "just-bash";
import {
  type CommandEnding,
  type OutputStream,
  type SandboxCommand,
  TASK_ROOT,
  TIMED_OUT_EXIT_CODE,
} from "../../port.ts";
import { NO_SECRETS } from "../../secret-mask.ts";
import { embeddedCommands } from "./builtins.ts";
import { EndError, pacedLoops, Pacing } from "./pacing.ts";
import { resolvePath } from "../paths.ts";
import { COMMAND_FILE_MAX_BYTES, decode, type ShellFiles } from "./shell-files.ts";
import { functionsOf, Traps } from "./traps.ts";
import { readable } from "./words.ts";

/**
 * What a command may do in all. An isolate has 128 MB, and a loop that waits for nothing holds up everything else in it:
 * it is its steps that are limited, because no clock runs meanwhile. 200,000 commands take a second or two.
 */
const LIMITS: BashOptions["executionLimits"] = {
  maxSourceBytes: 1024 * 1024,
  maxCommandCount: 200_000,
  maxLoopIterations: 200_000,
  maxAwkIterations: 200_000,
  // Its commands in all: a text that each turn of a loop makes longer costs their square.
  maxSedIterations: 60_000,
  maxJqIterations: 200_000,
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

/** How long a command may take to end after its time is up, as on a runner; then what it had printed is lost. */
const CLEANUP_MS = 5_000;

/** How a shell of Linux ends whose stack is full: by SIGSEGV. */
const OVERFLOWN: ExecResult = {
  stdout: "",
  stderr:
    "bash: the command is nested too deeply for the embedded sandbox (stack overflow); a runner has no such limit\n",
  exitCode: 139,
};

/** Variables that every command finds. */
const VARIABLES = { HOME: "/root", USER: "root", LANG: "C.UTF-8", TASK_DIR: TASK_ROOT };

const encoder = new TextEncoder();

/** What is said of a script that was ended because it kept the thread in a loop that has no breaks (pacing.ts). */
const WITHOUT_BREAKS =
  "bash: a loop in `eval` or in a sourced file keeps the embedded sandbox busy; run it as `bash FILE`, or use a runner\n";
const WITHOUT_BREAKS_EXIT_CODE = 126;

/** How a command ended, and the beginning of what it wrote. */
export interface ShellOutcome {
  output: Record<OutputStream, Uint8Array>;
  ending: CommandEnding;
}

/**
 * Runs one command. Output comes when the command is over. `signal` ends it where it waits: `TimeoutError` as its reason
 * means that its time is up. Output is masked before it is cut. Never throws for what a command does.
 */
export async function runShell(
  files: ShellFiles,
  command: SandboxCommand,
  signal: AbortSignal,
  mask = NO_SECRETS.mask,
): Promise<ShellOutcome> {
  const { limits, env, stdin } = command;
  const cwd = resolvePath(TASK_ROOT, command.cwd);
  const refusal = await refuseFolder(files, cwd);
  if (refusal) return refused(refusal);
  const raw = { stdout: "" };
  const pacing = new Pacing(signal);
  const traps = new Traps();
  const shell = new Bash({
    fs: files,
    // What the shell logs is what commands wrote; its result guesses at an encoding.
    logger: {
      info: () => undefined,
      debug: (_, data) => {
        if (typeof data?.["output"] === "string") raw.stdout = data["output"];
      },
    },
    coverage: pacing,
    customCommands: embeddedCommands(files, pacing, traps),
    cwd,
    env: { ...VARIABLES, ...env },
    processInfo: { pid: 1, ppid: 0, uid: 0, gid: 0 },
    executionLimits: {
      ...LIMITS,
      // Only where a command does not heed `signal` itself: the shell's own clock forgets what was printed.
      maxExecutionTimeMs: limits.seconds * 1000 + CLEANUP_MS,
    },
  });
  let functions: string[] = [];
  shell.registerTransformPlugin({
    name: "functions",
    transform: ({ ast }) => {
      functions = functionsOf(ast);
      return { ast };
    },
  });
  shell.registerTransformPlugin(pacedLoops);
  const input = { stdin: decode(stdin, "latin1"), stdinKind: "bytes" as const };
  const begun = Date.now();
  const late = new AbortController();
  const isUp = () => {
    setTimeout(() => late.abort(signal.reason), CLEANUP_MS);
  };
  if (signal.aborted) isUp();
  else signal.addEventListener("abort", isUp, { once: true });
  const run = (script: string, options: ExecOptions) =>
    shell.exec(script, { rawScript: true, signal: late.signal, ...options }).catch((error: unknown) => {
      if (isStackOverflow(error)) return OVERFLOWN;
      if (error instanceof EndError) return { stdout: "", stderr: "", exitCode: WITHOUT_BREAKS_EXIT_CODE };
      throw error;
    });
  const result = await run(command.command, { cwd, ...input });
  const all = { stdout: files.outputBytes(raw.stdout), stderr: result.stderr };
  const isEnded = signal.aborted || pacing.hasKeptThread;
  const lastWords = isEnded ? undefined : traps.commandAfter(functions, result.exitCode);
  if (lastWords !== undefined) {
    raw.stdout = "";
    const variables = result.env ?? {};
    const last = await run(lastWords, { cwd: variables["PWD"] ?? cwd, env: variables, replaceEnv: true });
    all.stdout = concatenate(all.stdout, files.outputBytes(raw.stdout));
    all.stderr += last.stderr;
    result.exitCode = last.exitCode;
  }
  if (pacing.hasKeptThread) {
    all.stderr += WITHOUT_BREAKS;
    result.exitCode = WITHOUT_BREAKS_EXIT_CODE;
  }
  const written = mask.whole(all.stdout);
  const errors = mask.whole(encoder.encode(files.corrected(readable(all.stderr)) + files.refusals()));
  const output = {
    stdout: written.subarray(0, limits.outputBytes),
    stderr: errors.subarray(0, limits.outputBytes),
  };
  const produced = { stdout: written.byteLength, stderr: errors.byteLength };
  if (signal.aborted) return { output, ending: { status: isTimeout(signal) ? "timed_out" : "killed", produced } };
  // The shell looks at the clock itself, and may be quicker than the timer behind `signal`.
  const isLate = Date.now() - begun >= limits.seconds * 1000;
  if (isLate && result.exitCode === TIMED_OUT_EXIT_CODE) return { output, ending: { status: "timed_out", produced } };
  const exitCode = result.exitCode === 0 && files.refusals() !== "" ? 1 : result.exitCode;
  return { output, ending: { status: "exited", exitCode, produced } };
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The engine says so of calls that are nested too deeply, and of patterns that it then has no room to run. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack size exceeded|stack overflow/i.test(error.message);
}

/** In the words of the runner's shell; undefined when commands can start in the folder. */
async function refuseFolder(files: ShellFiles, cwd: string): Promise<string | undefined> {
  const fault = (await files.exists(cwd))
    ? (await files.stat(cwd)).isDirectory
      ? undefined
      : "Not a directory"
    : "No such file or directory";
  return fault && `/bin/bash: line 1: cd: ${cwd}: ${fault}\n`;
}

function refused(message: string): ShellOutcome {
  const stderr = encoder.encode(message);
  const produced = { stdout: 0, stderr: stderr.byteLength };
  return { output: { stdout: new Uint8Array(0), stderr }, ending: { status: "exited", exitCode: 1, produced } };
}

function isTimeout({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
