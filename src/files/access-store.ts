import { and, desc, eq, inArray, lt } from "drizzle-orm";
import type { Caller } from "../auth/caller.ts";
import { connect, type Database } from "../db/client.ts";
import { fileAccesses } from "../db/workflow-schema.ts";

/** How long it is known who was given a file. */
const KEPT_MS = 365 * 24 * 3_600_000;
/** Rows that one sweep deletes in one statement: small ones, and more than a busy deployment writes in ten minutes. */
const FORGET_BATCH = 10_000;

export type FileAccess = typeof fileAccesses.$inferSelect;

/** Writes down that a caller is given a link to a file, and for whom it says it is. */
export async function recordAccess(
  db: Database,
  { organizationId, keyId, userId }: Caller,
  fileNumber: number,
  userEmail: string | null,
): Promise<void> {
  await db.insert(fileAccesses).values({ organizationId, fileNumber, keyId, userId, userEmail, createdAt: new Date() });
}

/** Who was given a file, latest first. */
export function listAccesses(
  db: Database,
  organizationId: string,
  fileNumber: number,
  limit: number,
): Promise<FileAccess[]> {
  return db
    .select()
    .from(fileAccesses)
    .where(and(eq(fileAccesses.organizationId, organizationId), eq(fileAccesses.fileNumber, fileNumber)))
    .orderBy(desc(fileAccesses.number))
    .limit(limit);
}

/** Forgets accesses of more than a year ago, some at a time: called by the cron trigger. Gives how many it forgot. */
export async function sweepAccesses(env: Pick<Cloudflare.Env, "DB">, now: Date): Promise<number> {
  const db = connect(env.DB);
  const old = db
    .select({ number: fileAccesses.number })
    .from(fileAccesses)
    .where(lt(fileAccesses.createdAt, new Date(now.getTime() - KEPT_MS)))
    .limit(FORGET_BATCH);
  const forgotten = await db
    .delete(fileAccesses)
    .where(inArray(fileAccesses.number, old))
    .returning({ number: fileAccesses.number });
  return forgotten.length;
}
