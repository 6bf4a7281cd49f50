import { findEndedKeys } from "../auth/ended-keys.ts";
import type { Database } from "../db/client.ts";
import { logBackgroundFailure } from "../http/request-log.ts";
import type { HasEnded, StreamPass } from "./pass.ts";

/** Milliseconds between two looks at whether those who are connected still may be. */
export const PASS_CHECK_MS = 6_000;

/**
 * Tells which passes are good no more: tokens by their expiry, keys by one query for all of them. When the query fails, those
 * with keys stay until the next look.
 */
export async function findEndedPasses(db: Database, passes: readonly StreamPass[], now: Date): Promise<HasEnded> {
  const keyIds = passes.flatMap(({ keyId }) => keyId ?? []);
  const ended = await findEndedKeys(db, keyIds, now).catch((error: unknown) => {
    logBackgroundFailure("findEndedPasses", error);
    return new Set<string>();
  });
  return ({ keyId, expiresAt }) =>
    (keyId !== undefined && ended.has(keyId)) || (expiresAt !== undefined && expiresAt <= now.getTime());
}
