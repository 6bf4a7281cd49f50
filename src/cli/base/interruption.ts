import { constants } from "node:os";

/** Ctrl-C, or a request to end from outside. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`);
    this.signal = signal;
  }

  /** As shells have it: 128 and the signal's number. */
  get exitCode(): number {
    return 128 + constants.signals[this.signal];
  }
}

/** How long a server has for what is cleared away at the end, in milliseconds: whoever has pressed Ctrl-C is not held up. */
const CLEARING_MS = 10_000;

/** The signal of requests that clear away what a call has begun: they are sent after an interruption too. */
export function clearingSignal(): AbortSignal {
  return AbortSignal.timeout(CLEARING_MS);
}

/** A controller that is aborted by the first signal to end; a second one ends the program at once. */
export function listenForSignals(): AbortController {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      const interruption = new Interruption(name);
      if (controller.signal.aborted) process.exit(interruption.exitCode);
      controller.abort(interruption);
    });
  }
  return controller;
}
