import { and, asc, eq, inArray, lt } from "drizzle-orm";
import { connect, type Database } from "../db/client.ts";
import { discardedArchives, uploads } from "../db/schema.ts";
import { disposeArchive } from "./publish/archive-disposal.ts";
import { endUpload } from "./publish/upload-store.ts";
import { rescueVerification, SILENT_AFTER_MS } from "./uploads/verification-rescue.ts";

/** Uploads and objects of each kind that one run looks at; the next run goes on. A few requests to R2 and D1 each. */
const BATCH = 50;

/** Rows of finished uploads that one run deletes: one statement. */
const FORGET_BATCH = 1000;

/** Milliseconds that a request has to delete an object which it has discarded. */
const DISPOSAL_GRACE_MS = 60 * 1000;

/** What one run did. */
export interface SweepResult {
  /** Open uploads past their time, aborted. */
  expired: number;
  /** Finished uploads past their time, forgotten. */
  forgotten: number;
  /** Verifications found without a running Workflow: started again, or refused. */
  rescued: number;
  /** Discarded objects looked after. */
  disposed: number;
}

/**
 * Clears away what uploads have left: called by the cron trigger. Each run does a bounded amount of work, and repeating
 * one is harmless. What a published version refers to is never touched: an upload that became a version is `accepted`,
 * or has no row any more.
 */
export async function sweepUploads(env: Cloudflare.Env, now: Date): Promise<SweepResult> {
  const db = connect(env.DB);
  return {
    expired: await abortExpired(env, db, now),
    forgotten: await forgetFinished(db, now),
    rescued: await rescueVerifications(env, db, now),
    disposed: await disposeDiscarded(env, db, now),
  };
}

async function abortExpired(env: Cloudflare.Env, db: Database, now: Date): Promise<number> {
  const expired = await db
    .select()
    .from(uploads)
    .where(and(eq(uploads.state, "open"), lt(uploads.expiresAt, now)))
    .orderBy(asc(uploads.expiresAt))
    .limit(BATCH);
  for (const { organizationId, id } of expired) {
    const ended = await endUpload(db, organizationId, id, { kept: null, from: ["open"] });
    if (ended) await disposeArchive(env, ended);
  }
  return expired.length;
}

async function forgetFinished(db: Database, now: Date): Promise<number> {
  const finished = db
    .select({ id: uploads.id })
    .from(uploads)
    .where(and(inArray(uploads.state, ["accepted", "refused"]), lt(uploads.expiresAt, now)))
    .limit(FORGET_BATCH);
  const forgotten = await db.delete(uploads).where(inArray(uploads.id, finished)).returning({ id: uploads.id });
  return forgotten.length;
}

async function rescueVerifications(env: Cloudflare.Env, db: Database, now: Date): Promise<number> {
  const silent = await db
    .select()
    .from(uploads)
    .where(and(eq(uploads.state, "verifying"), lt(uploads.updatedAt, new Date(now.getTime() - SILENT_AFTER_MS))))
    .orderBy(asc(uploads.updatedAt))
    .limit(BATCH);
  for (const upload of silent) await rescueVerification(env, upload, now);
  return silent.length;
}

async function disposeDiscarded(env: Cloudflare.Env, db: Database, now: Date): Promise<number> {
  const discarded = await db
    .select()
    .from(discardedArchives)
    .where(lt(discardedArchives.discardedAt, new Date(now.getTime() - DISPOSAL_GRACE_MS)))
    .orderBy(asc(discardedArchives.discardedAt))
    .limit(BATCH);
  for (const archive of discarded) await disposeArchive(env, archive);
  return discarded.length;
}
