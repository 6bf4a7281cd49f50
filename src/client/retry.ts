import { NetworkError, type TaskyardError } from "./errors.ts";

/** Milliseconds before the first repetition; each later one waits for twice as long, up to the most. */
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 8_000;
/** Seconds of `Retry-After` that are waited for; what asks for more fails. */
const MOST_RETRY_AFTER_SECONDS = 120;

/** Statuses of answers that came before anything was done: with `Retry-After` they ask for a repetition. */
const REFUSED_FOR_NOW = new Set([409, 429, 503]);

/**
 * Milliseconds to wait before a request is sent again that has failed so many times, or null where it is not to be:
 * what the server has refused for now is repeated when it says so; what may have been done, only if that is safe.
 */
export function pauseBefore(failures: number, failure: TaskyardError, isRepeatable: boolean): number | null {
  const { status, retryAfter } = failure;
  if (retryAfter !== undefined && REFUSED_FOR_NOW.has(status)) {
    return retryAfter > MOST_RETRY_AFTER_SECONDS ? null : retryAfter * 1000 + spread(FIRST_PAUSE_MS);
  }
  const mayPass = failure instanceof NetworkError || status === 408 || status >= 500;
  return mayPass && status !== 501 && isRepeatable ? backOff(failures) : null;
}

/** Milliseconds to wait after so many failures in a row; spread, so that clients that failed together do not return together. */
export function backOff(failures: number): number {
  return spread(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MOST_PAUSE_MS));
}

function spread(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() / 2);
}

/** Waits; throws the signal's reason when it is aborted. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
