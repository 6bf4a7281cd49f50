import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { uploadParts, uploads } from "../../db/schema.ts";

export type UploadPart = Omit<typeof uploadParts.$inferSelect, "uploadId">;

const columns = {
  partNumber: uploadParts.partNumber,
  size: uploadParts.size,
  sha256: uploadParts.sha256,
  etag: uploadParts.etag,
  createdAt: uploadParts.createdAt,
};

/** Records a part, over an earlier one of its number. Undefined when the upload is not open any more. */
export async function recordPart(
  db: Database,
  uploadId: string,
  part: Omit<UploadPart, "createdAt">,
): Promise<UploadPart | undefined> {
  const now = new Date();
  return await db
    .insert(uploadParts)
    .select(
      db
        .select({
          uploadId: uploads.id,
          partNumber: sql<number>`${part.partNumber}`.as("part_number"),
          size: sql<number>`${part.size}`.as("size"),
          sha256: sql<string>`${part.sha256}`.as("sha256"),
          etag: sql<string>`${part.etag}`.as("etag"),
          createdAt: sql<Date>`${now.getTime()}`.as("created_at"),
        })
        .from(uploads)
        .where(and(eq(uploads.id, uploadId), eq(uploads.state, "open"))),
    )
    .onConflictDoUpdate({
      target: [uploadParts.uploadId, uploadParts.partNumber],
      set: { sha256: part.sha256, etag: part.etag, createdAt: now },
    })
    .returning(columns)
    .get();
}

/** Forgets a part whose bytes in R2 are not the ones that were meant. */
export async function forgetPart(db: Database, uploadId: string, partNumber: number): Promise<void> {
  await db.delete(uploadParts).where(and(eq(uploadParts.uploadId, uploadId), eq(uploadParts.partNumber, partNumber)));
}

/** All parts in order: at most the 10,000 that R2 takes. */
export async function listAllParts(db: Database, uploadId: string): Promise<R2UploadedPart[]> {
  return await db
    .select({ partNumber: uploadParts.partNumber, etag: uploadParts.etag })
    .from(uploadParts)
    .where(eq(uploadParts.uploadId, uploadId))
    .orderBy(asc(uploadParts.partNumber));
}

export async function listParts(
  db: Database,
  uploadId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ parts: UploadPart[]; total: number }> {
  const ofUpload = eq(uploadParts.uploadId, uploadId);
  const [parts, [counted]] = await db.batch([
    db
      .select(columns)
      .from(uploadParts)
      .where(ofUpload)
      .orderBy(asc(uploadParts.partNumber))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(uploadParts).where(ofUpload),
  ]);
  return { parts, total: counted?.total ?? 0 };
}
