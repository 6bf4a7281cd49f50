import { and, gt, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { apiKeys } from "../db/schema.ts";

/** Milliseconds between two looks at whether the keys of open connections are still good. */
export const LOOK_MS = 6_000;

/** Settles when the key is good no more; rejects with the signal's reason when that is aborted. A look that fails is made again. */
export async function untilKeyEnds(db: Database, keyId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await scheduler.wait(LOOK_MS, { signal });
    const ended = await findEndedKeys(db, [keyId], new Date()).catch(() => new Set<string>());
    if (ended.has(keyId)) return;
  }
}

/** Which of these keys (ids) are good no more: revoked, expired, switched off, or gone. One query, however many they are. */
export async function findEndedKeys(db: Database, keyIds: readonly string[], now: Date): Promise<Set<string>> {
  const ended = new Set(keyIds);
  if (ended.size === 0) return ended;
  const good = await db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(
      and(
        sql`${apiKeys.id} IN (SELECT value FROM json_each(${JSON.stringify([...ended])}))`,
        isNull(apiKeys.revokedAt),
        isNull(apiKeys.suspendedAt),
        or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)),
      ),
    );
  for (const { id } of good) ended.delete(id);
  return ended;
}

/**
 * Which of these passes are good no more, as a test: one query for all keys. When it fails, those with keys stay until the
 * next look, and `report` is told.
 */
export async function findEndedPasses(
  db: Database,
  passes: readonly { keyId?: string | undefined }[],
  now: Date,
  report: (error: unknown) => void,
): Promise<(pass: { keyId?: string | undefined; expiresAt?: number | undefined }) => boolean> {
  const keyIds = passes.flatMap(({ keyId }) => keyId ?? []);
  const ended = await findEndedKeys(db, keyIds, now).catch((error: unknown) => {
    report(error);
    return new Set<string>();
  });
  return ({ keyId, expiresAt }) =>
    (keyId !== undefined && ended.has(keyId)) || (expiresAt !== undefined && expiresAt <= now.getTime());
}
