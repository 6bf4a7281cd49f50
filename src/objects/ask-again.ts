import { logBackgroundFailure } from "../http/request-log.ts";

/** An object that is lost is there again within moments; how often it is asked before that is given up. */
const MAX_ATTEMPTS = 4;

/** Milliseconds before the second attempt at most; each further pause may be twice as long. */
const FIRST_PAUSE_MS = 100;

/**
 * Whether the platform says that the call may be made again, or that the object was reset under it, which these calls bear
 * like any repetition; one that is overloaded is to be left alone.
 */
export function mayAskAgain(error: unknown): boolean {
  if (!(error instanceof Error) || Reflect.get(error, "overloaded") === true) return false;
  return Reflect.get(error, "retryable") === true || Reflect.get(error, "durableObjectReset") === true;
}

/** Half to all of a pause that doubles, so that callers who failed together do not come back together. */
function pauseBefore(attempt: number): number {
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
}

/**
 * Asks a Durable Object again when it was lost on the way, with growing pauses: for calls that do no more when they are
 * repeated. Each `ask` has to open its own stub, since one that has failed stays broken. Any other error is thrown at once.
 */
export async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !mayAskAgain(error)) throw error;
      logBackgroundFailure("askAgain", error);
      await scheduler.wait(pauseBefore(attempt));
    }
  }
}
