import { untilKeyEnds } from "../auth/ended-keys.ts";
import { type AppContext, callerOf, databaseOf } from "./context.ts";
import { ApiError } from "./errors/error-table.ts";

/**
 * Does what may last, with a promise that rejects within ten seconds of the end of the caller's key: 401 `key_invalid`
 * with `detail`. The promise of a request that a token let in never settles.
 */
export async function withWatchedKey<T>(
  c: AppContext,
  detail: string,
  work: (keyEnded: Promise<never>) => Promise<T>,
): Promise<T> {
  if (!c.get("caller")) return await work(new Promise<never>(() => undefined));
  const over = new AbortController();
  const ended = untilKeyEnds(databaseOf(c), callerOf(c).keyId, over.signal).then((): never => {
    throw new ApiError("key_invalid", detail);
  });
  // Where nobody waits for it any more, it rejects because it was aborted.
  ended.catch(() => undefined);
  try {
    return await work(ended);
  } finally {
    over.abort();
  }
}
