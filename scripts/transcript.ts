import { type ChildProcess, spawn } from "node:child_process";
import { PlainError } from "./command.ts";

/** Milliseconds for a command to end, or to be ready. */
const COMMAND_MS = 240_000;
/** Milliseconds between asking a program to end and ending it. */
const STOP_MS = 8_000;

/** A command, and what is typed into it. */
export interface Command {
  command: string;
  background?: true;
  types?: readonly (readonly [after: string, keys: string])[];
  shows: RegExp;
}

/** Runs commands of a shell one after the other, and keeps what each shows; those in the background go on until `stop`. */
export class Transcript {
  readonly #env: NodeJS.ProcessEnv;
  readonly #cwd: string;
  readonly #background: ChildProcess[] = [];

  constructor(env: NodeJS.ProcessEnv, cwd: string) {
    this.#env = env;
    this.#cwd = cwd;
  }

  /** What a command shows until it has ended, or is ready; fails where it ends otherwise than with 0. */
  async run(step: Command): Promise<string> {
    const child = step.types ? this.#onTerminal(step.command) : this.#start(step.command);
    const typing = [...(step.types ?? [])];
    let text = "";
    let seen = 0;
    const ended = Promise.withResolvers<void>();
    const take = (bytes: Buffer) => {
      text += bytes.toString("utf8");
      const [next] = typing;
      const at = next ? text.indexOf(next[0], seen) : -1;
      if (next && at >= 0) {
        seen = at + next[0].length + next[1].length;
        typing.shift();
        child.stdin?.write(next[1]);
      }
      if (step.background && step.shows.test(text)) ended.resolve();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", ended.reject);
    child.once("close", (code) => {
      if (code === 0 && !step.background) ended.resolve();
      else ended.reject(new PlainError(`${step.command} ended with ${code}:\n\n${text}`));
    });
    const timer = setTimeout(
      () => ended.reject(new PlainError(`${step.command} takes too long:\n\n${text}`)),
      COMMAND_MS,
    );
    if (step.background) this.#background.push(child);
    try {
      await ended.promise;
    } catch (error) {
      kill(child, "SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return text;
  }

  /** Ends what is in the background, the latest first. */
  async stop(): Promise<void> {
    for (const child of this.#background.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      kill(child, "SIGTERM");
      const patience = setTimeout(() => kill(child, "SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(patience);
    }
  }

  #start(command: string): ChildProcess {
    // In one stream, so that what is said comes in its order.
    const line = command.includes("|") ? command : `exec ${command} 2>&1`;
    return spawn("bash", ["-c", line], {
      env: this.#env,
      cwd: this.#cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  #onTerminal(command: string): ChildProcess {
    const line = `stty rows 30 cols 100; exec ${command}`;
    return spawn("script", ["-qefc", line, "/dev/null"], {
      env: { ...this.#env, TERM: "xterm", SHELL: "/bin/bash" },
      cwd: this.#cwd,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
  }
}

/** Tells a program and all that it has started. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
