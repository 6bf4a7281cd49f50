import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

/** Milliseconds between asking a group of processes to end and ending it. */
const STOP_TIMEOUT_MS = 5_000;
/** Lines of output kept for a failure's message. */
const KEPT_LINES = 80;

/** A program with everything that it starts, in a process group of its own, its output read line by line, without colours. */
export interface ProcessGroup {
  /** The program's process id; undefined when it could not be started. */
  pid: number | undefined;
  /** Settles with the exit code (null after a signal) once the program has ended and its output is read. */
  ended: Promise<number | null>;
  /** The last lines of output, as text. */
  output(): string;
  /** Calls `listener` with each further line until the returned function is called. */
  onLine(listener: (line: string) => void): () => void;
  /** Asks the whole group to end, ends it after five seconds, and waits until it has. */
  stop(): Promise<void>;
}

export interface ProcessGroupOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** Starts a program detached from the terminal, so that Ctrl-C reaches it through `stop` only. */
export function startProcessGroup(program: string, args: string[], options: ProcessGroupOptions): ProcessGroup {
  const child = spawn(program, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const kept: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (coloured) => {
      const line = stripVTControlCharacters(coloured);
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
      for (const listener of listeners) listener(line);
    });
  }
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      // Every process of the group has ended already; macOS says EPERM of those not yet reaped.
      if (!(error instanceof Error && "code" in error && ["ESRCH", "EPERM"].includes(String(error.code)))) throw error;
    }
  };
  const killGroup = () => signalGroup("SIGKILL");
  process.once("exit", killGroup);
  // What the program leaves running would hold its output open, and `close` would never come.
  child.once("exit", killGroup);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => process.off("exit", killGroup));

  return {
    pid: child.pid,
    ended,
    output: () => kept.join("\n").trim(),
    onLine: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      signalGroup("SIGTERM");
      const patience = setTimeout(killGroup, STOP_TIMEOUT_MS);
      await ended.finally(() => clearTimeout(patience));
    },
  };
}
