import { and, count, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { discardedArchives, type StoredProblem, uploadParts, uploads } from "../db/schema.ts";

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

/** How an upload ends without a version. */
export interface UploadEnd {
  /** Kept with its problems for whoever asks, until `keptUntil`; null when nobody knows its id, or nobody asks again. */
  refused: { problems: StoredProblem[]; keptUntil: Date } | null;
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
  { refused, from }: UploadEnd,
): Promise<DiscardedArchive | undefined> {
  const ending = and(
    eq(uploads.organizationId, organizationId),
    eq(uploads.id, uploadId),
    inArray(uploads.state, [...from]),
  );
  const kept = { archiveKey: uploads.archiveKey, multipartId: uploads.multipartId };
  const [, , [ended]] = await db.batch([
    db
      .insert(discardedArchives)
      .select(
        db
          .select({ ...kept, discardedAt: sql<Date>`${Date.now()}`.as("discarded_at") })
          .from(uploads)
          .where(ending),
      )
      .onConflictDoNothing(),
    db
      .delete(uploadParts)
      .where(inArray(uploadParts.uploadId, db.select({ id: uploads.id }).from(uploads).where(ending))),
    refused
      ? db
          .update(uploads)
          .set({ state: "refused", problems: refused.problems, expiresAt: refused.keptUntil })
          .where(ending)
          .returning(kept)
      : db.delete(uploads).where(ending).returning(kept),
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
