import type { ResolvedCommandContext, StatementNode, TransformPlugin } from "just-bash";
import { END_SITE, PACE_COMMAND } from "./words.ts";

/** Steps between two breaks: no clock runs while a script keeps its thread, so they are counted. A step takes up to 0.2 ms. */
const STEPS_PER_BREAK = 1_000;

/**
 * Commands that a script runs in a row without a break, at some 20 microseconds each: only loops in what is parsed while the
 * script runs (`eval`, `source`) have no breaks of ours.
 */
const MAX_COMMANDS_IN_A_ROW = 25_000;

/** Ends a script, or a command of it, at a place where the shell offers nothing better. */
export class EndError extends Error {
  override readonly name = "EndError";
}

/** Lets others have the thread between the steps of a command, and ends it when its time is up. */
export class Pacing {
  readonly #signal: AbortSignal;
  #steps = 0;
  #commands = 0;
  #hasKeptThread = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether the script was ended because it kept the thread that it shares. */
  get hasKeptThread(): boolean {
    return this.#hasKeptThread;
  }

  /** `isHeavy`: what comes may take long, so that it begins with a break. */
  async step(ctx: ResolvedCommandContext, isHeavy: boolean): Promise<void> {
    this.#steps += 1;
    if (isHeavy || this.#steps >= STEPS_PER_BREAK) {
      this.#steps = 0;
      this.#commands = 0;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.end(ctx);
  }

  /** The shell, or a command that is a language of its own, has come to the next thing that it does. */
  hit(feature: string): void {
    this.#steps += 1;
    if (feature.startsWith("bash:cmd:")) this.#commands += 1;
    if (this.#commands > MAX_COMMANDS_IN_A_ROW) this.#hasKeptThread = true;
    const isProgram = !feature.startsWith("bash:");
    // The shell itself ends with its output at the next step.
    if (this.#hasKeptThread || (isProgram && this.#signal.aborted)) throw new EndError(END_SITE);
  }

  /** Waits as sleep(1), no longer than the command's time. */
  async wait(ms: number, ctx: ResolvedCommandContext): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#signal.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      for (const signal of [this.#signal, ctx.signal]) signal?.addEventListener("abort", wake, { once: true });
    });
    this.end(ctx);
  }

  /**
   * Ends a script whose time is up, or that keeps its thread: a limit that is passed ends it with what it has printed, which
   * the shell's own signal forgets.
   */
  end(ctx: ResolvedCommandContext): void {
    if (this.#signal.aborted || this.#hasKeptThread)
      ctx.executionScope?.consumeWork(Number.POSITIVE_INFINITY, END_SITE);
  }
}

const LOOPS = new Set(["For", "While", "Until", "CStyleFor"]);

/** Each turn of a loop begins with a step, also where it does nothing but count. */
export const pacedLoops: TransformPlugin = {
  name: "paced-loops",
  transform({ ast }) {
    addSteps(ast);
    return { ast };
  },
};

function addSteps(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  for (const value of Object.values(node)) addSteps(value);
  if ("type" in node && typeof node.type === "string" && LOOPS.has(node.type) && "body" in node) {
    if (Array.isArray(node.body)) node.body.unshift(stepStatement());
  }
}

function stepStatement(): StatementNode {
  const name = { type: "Word" as const, parts: [{ type: "Literal" as const, value: PACE_COMMAND }] };
  const command = { type: "SimpleCommand" as const, assignments: [], name, args: [], redirections: [] };
  const pipeline = { type: "Pipeline" as const, commands: [command], negated: false };
  return { type: "Statement", pipelines: [pipeline], operators: [], background: false };
}
