import type { ResolvedCommandContext, StatementNode, TransformPlugin } from "just-bash";
import { PACE_COMMAND } from "./words.ts";

/** Light steps between two breaks: no clock runs while a script keeps its thread, so they are counted. */
const STEPS_PER_BREAK = 1_000;

/**
 * Commands that a script runs in a row without a break, at some 20 microseconds each: only loops in what is parsed while the
 * script runs (`eval`, `source`) have no steps of ours.
 */
const MAX_COMMANDS_IN_A_ROW = 25_000;

/** A script keeps the thread that it shares. */
export class NoBreakError extends Error {
  override readonly name = "NoBreakError";
}

/** Lets others have the thread between the steps of a command, and ends it when its time is up. */
export class Pacing {
  readonly #signal: AbortSignal;
  #steps = 0;
  #commands = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
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

  /** The shell has come to a command, whatever it is. Throws NoBreakError in a script that has not had a break for too long. */
  hit(feature: string): void {
    if (!feature.startsWith("bash:cmd:")) return;
    this.#commands += 1;
    if (this.#commands > MAX_COMMANDS_IN_A_ROW) throw new NoBreakError();
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

  /** A limit that is passed ends a script with what it has printed; the shell's own signal forgets that. */
  end(ctx: ResolvedCommandContext): void {
    if (this.#signal.aborted) ctx.executionScope?.consumeWork(Number.POSITIVE_INFINITY, "time");
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
