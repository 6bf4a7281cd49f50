/** What the commands of this folder share: how they fail in words and how they end when interrupted. */
import path from "node:path";
import { Interruption } from "../src/cli/base/interruption.ts";

/** The repository's folder. */
export const ROOT = path.resolve(import.meta.dirname, "..");

/** A failure that its message explains in full: printed without a stack. */
export class PlainError extends Error {
  override readonly name = "PlainError";
}

/** Milliseconds between two looks at whether npm is still there. */
const PARENT_CHECK_MS = 500;

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a command's main function and sets the exit code: 0, 1 after a failure, 128 + the signal's number after an
 * interruption. `signal` is aborted by the first Ctrl-C; `main` then cleans up and returns or throws.
 */
export async function runCommand(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  for (const name of ENDING_SIGNALS) process.on(name, () => controller.abort(new Interruption(name)));
  if (process.env["npm_lifecycle_event"] !== undefined) followParent(controller);
  try {
    await main(controller.signal);
  } catch (error) {
    const cause: unknown = controller.signal.aborted ? controller.signal.reason : error;
    if (cause instanceof Interruption) {
      console.error(`\n${cause.message}.`);
      process.exitCode = cause.exitCode;
    } else {
      console.error(cause instanceof PlainError ? `\n${cause.message}` : cause);
      process.exitCode = 1;
    }
  }
}

/** Ends the command with the process that started it: an npm that is killed tells its scripts nothing. */
function followParent(controller: AbortController): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) controller.abort(new Interruption("SIGHUP"));
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** Rejects with the signal's reason when it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
