import { and, count, desc, eq, inArray, isNotNull, or, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { discardedArchives, type StoredProblem, uploadParts, uploads } from "../../db/schema.ts";
import { releaseManifests } from "./manifest-release.ts";

export type Upload = typeof uploads.$inferSelect;
export type NewUpload = typeof uploads.$inferInsert;

/** An R2 object that nothing refers to, and the multipart upload under its key that may still be open. */
export type DiscardedArchive = Pick<typeof discardedArchives.$inferSelect, "archiveKey" | "multipartId">;

type UploadState = Upload["state"];

/** States in which an upload still holds bytes of its own. */
export const UNFINISHED: readonly UploadState[] = ["open", "verifying"];

export async function insertUpload(db: Database, upload: NewUpload): Promise<Upload> {
  return await db.insert(uploads).values(upload).returning().get();
}

/** How an upload ends without a version of its own. */
export interface UploadEnd {
  /**
   * What is kept for whoever asks, until `expiresAt`: refused with its problems, or accepted when the same bytes have
   * become the version another way. Null when nobody asks again.
   */
  kept: { state: "refused" | "accepted"; problems: StoredProblem[] | null; expiresAt: Date } | null;
  /** States that may end so; an upload in another one stays as it is. */
  from: readonly UploadState[];
}

/**
 * Ends an upload and gives its object up for deletion, in one transaction. Undefined when the upload was not in a state
 * to end, above all when it has become a version meanwhile: then its object is not touched.
 */
export async function endUpload(
  db: Database,
  organizationId: string,
  uploadId: string,
  { kept, from }: UploadEnd,
): Promise<DiscardedArchive | undefined> {
  const ending = and(
    eq(uploads.organizationId, organizationId),
    eq(uploads.id, uploadId),
    inArray(uploads.state, [...from]),
  );
  const discarded = { archiveKey: uploads.archiveKey, multipartId: uploads.multipartId };
  const doomed = db.select({ id: uploads.id }).from(uploads).where(ending);
  const [, , , , [ended]] = await db.batch([
    ...releaseManifests(db, doomed),
    db
      .insert(discardedArchives)
      .select(
        db
          .select({ ...discarded, discardedAt: sql<Date>`${Date.now()}`.as("discarded_at") })
          .from(uploads)
          .where(ending),
      )
      .onConflictDoNothing(),
    db.delete(uploadParts).where(inArray(uploadParts.uploadId, doomed)),
    kept
      ? db.update(uploads).set(kept).where(ending).returning(discarded)
      : db.delete(uploads).where(ending).returning(discarded),
  ]);
  return ended;
}

/** Moves an open upload, all of whose bytes are there, into verification. Undefined when it is not open any more. */
export async function markVerifying(
  db: Database,
  organizationId: string,
  uploadId: string,
  sha256: string | undefined,
): Promise<Upload | undefined> {
  return await db
    .update(uploads)
    .set({ state: "verifying", ...(sha256 !== undefined && { sha256 }) })
    .where(and(eq(uploads.organizationId, organizationId), eq(uploads.id, uploadId), eq(uploads.state, "open")))
    .returning()
    .get();
}

/** Parts of an upload that have arrived. */
export interface Received {
  parts: number;
  bytes: number;
}

export async function countReceived(db: Database, uploadId: string): Promise<Received> {
  const row = await db
    .select({ parts: count(), bytes: sql<number>`coalesce(sum(${uploadParts.size}), 0)` })
    .from(uploadParts)
    .where(eq(uploadParts.uploadId, uploadId))
    .get();
  return row ?? { parts: 0, bytes: 0 };
}

export async function findUpload(db: Database, organizationId: string, id: string): Promise<Upload | undefined> {
  return await db
    .select()
    .from(uploads)
    .where(and(eq(uploads.organizationId, organizationId), eq(uploads.id, id)))
    .get();
}

/** Which version uploads are for. */
export interface UploadTarget {
  organizationId: string;
  name: string;
  version: string;
}

/** Uploads of a version that have not ended and whose ids clients may have lost, newest first. */
export async function listUnfinished(
  db: Database,
  { organizationId, name, version }: UploadTarget,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: { upload: Upload; received: Received }[]; total: number }> {
  const unfinished = and(
    eq(uploads.organizationId, organizationId),
    eq(uploads.taskName, name),
    eq(uploads.version, version),
    // An open one without a multipart upload is a request that is still running.
    or(eq(uploads.state, "verifying"), and(eq(uploads.state, "open"), isNotNull(uploads.multipartId))),
  );
  const [rows, [counted]] = await db.batch([
    db
      .select({
        upload: uploads,
        received: { parts: count(uploadParts.partNumber), bytes: sql<number>`coalesce(sum(${uploadParts.size}), 0)` },
      })
      .from(uploads)
      .leftJoin(uploadParts, eq(uploadParts.uploadId, uploads.id))
      .where(unfinished)
      .groupBy(uploads.id)
      .orderBy(desc(uploads.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(uploads).where(unfinished),
  ]);
  return { rows, total: counted?.total ?? 0 };
}
