import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { Cgroup } from "./cgroup.ts";
import { makeOutputPipes, type OutputPipes } from "./output-pipes.ts";
import { throughLauncher } from "./launcher.ts";

/** Milliseconds between asking a program to end and ending it, unless its launch says otherwise. */
const DEFAULT_GRACE_MS = 5_000;
/** Where bubblewrap reports, reads its options and its filter; it closes them before it becomes the program. */
const SANDBOX_DESCRIPTORS = [3, 4, 5];
/** Bytes of bubblewrap's report; two short lines. */
const REPORT_MAX_BYTES = 4_096;

/** A program to start: who starts it and where stands in the words and options, so that this knows no sandbox. */
export interface Launch {
  argv: readonly string[];
  cwd: string;
  /** All of its environment; bubblewrap's own where it is that. */
  env: Readonly<Record<string, string>>;
  /** Whom it runs as; the runner's own user when left out. */
  user?: { uid: number; gid: number } | undefined;
  /** What bubblewrap is told; left out where it is not used. */
  bubblewrap?: BubblewrapLaunch | undefined;
  /** Limits for it and all that it starts, where bubblewrap is used: it waits for its options until it is in there. */
  cgroup?: Cgroup | undefined;
  graceMs?: number | undefined;
  /** What it leaves running in its group when it ends by itself stays; else it is ended. */
  leavesRest?: boolean | undefined;
  /** Standard error goes where standard output goes, so that both come in the order in which they were written. */
  joinsErrors?: boolean | undefined;
}

export interface BubblewrapLaunch {
  /** Its options, which it reads from file descriptor 4; it reports on 3. */
  options: readonly string[];
  /** Its seccomp filter, which it reads from 5; left out where it takes none. */
  filter: Uint8Array | undefined;
}

/** How a program ended by its own account; `failure` when it never ran or its sandbox broke. */
export type ProgramEnd = { exitCode: number } | { failure: string };

export interface Program {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Settles when the program and all that it started have ended. Never rejects. */
  ended: Promise<ProgramEnd>;
  /** Asks it and all that it started to end, and ends them when they do not. */
  terminate(): void;
}

/** bubblewrap's report: a JSON document a line. */
const report = z.object({ "child-pid": z.int().positive().optional(), "exit-code": z.int().optional() });

/** Shells add this to the number of the signal that ended a program. */
const SIGNAL_EXIT_BASE = 128;

/** Starts a program in a process group of its own. Rejects where not even its pipes can be made. */
export async function startProgram(launch: Launch): Promise<Program> {
  const [program = "", ...words] = throughLauncher(launch.argv, {
    kept: launch.bubblewrap ? SANDBOX_DESCRIPTORS : [],
    clearsEnvironment: launch.bubblewrap !== undefined,
    joinsErrors: launch.joinsErrors === true,
  });
  const pipes = await makeOutputPipes();
  const child = spawn(program, words, {
    cwd: launch.cwd,
    env: { ...launch.env },
    detached: true,
    stdio: ["pipe", ...pipes.ends, ...(launch.bubblewrap ? (["pipe", "pipe", "pipe"] as const) : [])],
    ...launch.user,
  });
  // The types know of five descriptors at most.
  const [, , , , optionsPipe, filterPipe]: readonly unknown[] = child.stdio;
  if (launch.cgroup && child.pid !== undefined) {
    await launch.cgroup.add(child.pid).catch(async (error: unknown) => {
      child.kill("SIGKILL");
      await pipes.release();
      for (const stream of [pipes.stdout, pipes.stderr]) stream.destroy();
      throw error;
    });
  }
  give(optionsPipe, launch.bubblewrap?.options.map((word) => `${word}\0`).join(""));
  give(filterPipe, launch.bubblewrap?.filter);
  const running = new RunningProgram(child, launch, pipes);
  await pipes.release();
  return running;
}

/** Writes what bubblewrap reads from a descriptor of its own. */
function give(pipe: unknown, content: string | Uint8Array | undefined): void {
  if (!(pipe instanceof Writable)) return;
  // A bubblewrap that could not be started breaks the pipe; `ended` tells of it.
  pipe.on("error", () => undefined);
  pipe.end(content);
}

class RunningProgram implements Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  readonly #launch: Launch;
  readonly #reportClosed: Promise<void>;
  #report = "";
  #exited = false;
  #terminating: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, launch: Launch, { stdout, stderr }: OutputPipes) {
    if (!child.stdin) throw new Error("A program was started without its input");
    this.#child = child;
    this.#launch = launch;
    this.stdin = child.stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    // A program that has ended, or reads nothing, breaks this pipe; its end is told by `ended`.
    this.stdin.on("error", () => undefined);
    this.#reportClosed = this.#readReport();
    const killGroup = () => this.#signalGroup("SIGKILL");
    process.once("exit", killGroup);
    this.ended = this.#untilEnded().finally(() => process.off("exit", killGroup));
  }

  terminate(): void {
    if (this.#terminating || this.#exited) return;
    this.#terminating = setTimeout(() => this.#signalGroup("SIGKILL"), this.#launch.graceMs ?? DEFAULT_GRACE_MS);
    void this.#askToEnd();
  }

  async #untilEnded(): Promise<ProgramEnd> {
    const child = this.#child;
    const outcome = await new Promise<ProgramEnd>((resolve) => {
      child.once("error", (error) => resolve({ failure: `The program could not be started: ${error.message}` }));
      child.once("exit", (code, signal) => resolve({ exitCode: exitCodeOf(code, signal) }));
    });
    this.#exited = true;
    clearTimeout(this.#terminating);
    // What it left running in its group would hold its output open.
    if (!this.#launch.leavesRest || this.#terminating) this.#signalGroup("SIGKILL");
    if ("failure" in outcome || !this.#launch.bubblewrap) return outcome;
    await this.#reportClosed;
    return this.#reported();
  }

  async #readReport(): Promise<void> {
    const pipe = this.#child.stdio[3];
    if (!(pipe instanceof Readable)) return;
    pipe.on("data", (bytes: Buffer) => {
      if (this.#report.length < REPORT_MAX_BYTES) this.#report += bytes.toString("utf8");
    });
    await new Promise<void>((resolve) => {
      pipe.once("error", () => resolve());
      pipe.once("close", () => resolve());
    });
  }

  /** bubblewrap's own exit code may be one of its failures, so only its report counts. */
  #reported(): ProgramEnd {
    const exitCode = this.#reports().find((line) => line["exit-code"] !== undefined)?.["exit-code"];
    return exitCode === undefined ? { failure: "The sandbox ended before the program" } : { exitCode };
  }

  #reports(): z.output<typeof report>[] {
    return this.#report.split("\n").flatMap((line) => {
      try {
        return [report.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
  }

  /**
   * SIGTERM to the program's group. bubblewrap would end at once, and with it what it holds, so that the processes of
   * the sandbox are asked themselves: the children of its first one, each with a group of its own.
   */
  async #askToEnd(): Promise<void> {
    if (!this.#launch.bubblewrap) return this.#signalGroup("SIGTERM");
    const init = this.#reports().find((line) => line["child-pid"] !== undefined)?.["child-pid"];
    if (init === undefined) return this.#signalGroup("SIGKILL");
    const children = await readFile(`/proc/${init}/task/${init}/children`, "utf8").catch(() => "");
    if (this.#exited) return;
    for (const pid of children.split(" ").map(Number)) {
      if (pid > 1 && !sendSignal(-pid, "SIGTERM")) sendSignal(pid, "SIGTERM");
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) sendSignal(-this.#child.pid, signal);
  }
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? SIGNAL_EXIT_BASE + (signal === null ? 0 : constants.signals[signal]);
}

/** False when there is no such process or group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    // macOS says EPERM of processes that have ended and are not yet reaped.
    if (error instanceof Error && "code" in error && ["ESRCH", "EPERM"].includes(String(error.code))) return false;
    throw error;
  }
}
