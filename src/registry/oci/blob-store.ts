import { and, asc, eq, exists, inArray, isNotNull, lt, notExists, or, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { ociBlobs, ociManifests, ociSegments, ociUploads } from "../../db/oci-schema.ts";
import { discardedArchives } from "../../db/schema.ts";

export type Blob = typeof ociBlobs.$inferSelect;
export type BlobUpload = typeof ociUploads.$inferSelect;
export type Segment = Omit<typeof ociSegments.$inferSelect, "uploadId">;

/** An object in R2 whose bytes are known. */
export type StoredObject = Pick<Segment, "objectKey" | "size" | "sha256">;

/** Uploads, and blobs, that one run of the sweeper looks at. */
const SWEEP_BATCH = 50;

/** Segments of one upload at most: R2 deletes a thousand objects by one request. */
export const MAX_SEGMENTS = 990;

export async function insertUpload(db: Database, upload: Omit<BlobUpload, "received" | "chunks">): Promise<BlobUpload> {
  return await db.insert(ociUploads).values(upload).returning().get();
}

export async function findUpload(
  db: Database,
  { organizationId, taskName, id }: Pick<BlobUpload, "organizationId" | "taskName" | "id">,
): Promise<BlobUpload | undefined> {
  return await db
    .select()
    .from(ociUploads)
    .where(and(eq(ociUploads.organizationId, organizationId), eq(ociUploads.taskName, taskName), eq(ociUploads.id, id)))
    .get();
}

export async function listSegments(db: Database, uploadId: string): Promise<Segment[]> {
  const { offset, size, sha256, objectKey } = ociSegments;
  return await db
    .select({ offset, size, sha256, objectKey })
    .from(ociSegments)
    .where(eq(ociSegments.uploadId, uploadId))
    .orderBy(asc(ociSegments.offset));
}

/** Writes down an object before its first byte: whatever stops in between, the sweeper finds it after `keepUntil`. */
export async function announceObject(
  db: Database,
  archiveKey: string,
  multipartId: string | null,
  keepUntil: Date,
): Promise<void> {
  await db.insert(discardedArchives).values({ archiveKey, multipartId, discardedAt: keepUntil });
}

/** The upload as it was read; what another request has changed since is not this one's to go on with. */
const unchanged = ({ id, received }: BlobUpload) => and(eq(ociUploads.id, id), eq(ociUploads.received, received));

/** Appends an object to an upload, in one transaction. Undefined when the upload has ended, or another chunk came first. */
export async function insertSegment(
  db: Database,
  upload: BlobUpload,
  { objectKey, size, sha256 }: StoredObject,
  expiresAt: Date,
): Promise<BlobUpload | undefined> {
  const [, , [appended]] = await db.batch([
    db.insert(ociSegments).select(
      db
        .select({
          uploadId: ociUploads.id,
          offset: sql<number>`${upload.received}`.as("offset"),
          size: sql<number>`${size}`.as("size"),
          sha256: sql<string>`${sha256}`.as("sha256"),
          objectKey: sql<string>`${objectKey}`.as("object_key"),
        })
        .from(ociUploads)
        .where(unchanged(upload)),
    ),
    db.delete(discardedArchives).where(
      and(
        eq(discardedArchives.archiveKey, objectKey),
        exists(
          db
            .select({ one: sql`1` })
            .from(ociSegments)
            .where(eq(ociSegments.objectKey, objectKey)),
        ),
      ),
    ),
    db
      .update(ociUploads)
      .set({ received: upload.received + size, chunks: upload.chunks + 1, expiresAt })
      .where(unchanged(upload))
      .returning(),
  ]);
  return appended;
}

/**
 * Makes an object the blob with this digest and ends its upload, in one transaction; an object that is a blob of this
 * digest already stays that. Undefined when the upload has changed or ended meanwhile. What is no blob's is given up.
 */
export async function insertBlob(
  db: Database,
  upload: BlobUpload,
  blob: Pick<Blob, "id" | "digest" | "size" | "objectKey">,
): Promise<{ objectKey: string } | undefined> {
  const now = Date.now();
  const [[stored]] = await db.batch([
    db
      .insert(ociBlobs)
      .select(
        db
          .select({
            id: sql<string>`${blob.id}`.as("id"),
            organizationId: ociUploads.organizationId,
            digest: sql<string>`${blob.digest}`.as("digest"),
            size: sql<number>`${blob.size}`.as("size"),
            objectKey: sql<string>`${blob.objectKey}`.as("object_key"),
            createdAt: sql<Date>`${now}`.as("created_at"),
            idleSince: sql<Date>`${now}`.as("idle_since"),
          })
          .from(ociUploads)
          .where(unchanged(upload)),
      )
      .onConflictDoUpdate({
        target: [ociBlobs.organizationId, ociBlobs.digest],
        set: { idleSince: sql`iif(${ociBlobs.idleSince} IS NULL, NULL, ${now})` },
      })
      .returning({ objectKey: ociBlobs.objectKey }),
    db.delete(discardedArchives).where(
      and(
        eq(discardedArchives.archiveKey, blob.objectKey),
        exists(
          db
            .select({ one: sql`1` })
            .from(ociBlobs)
            .where(eq(ociBlobs.objectKey, blob.objectKey)),
        ),
      ),
    ),
    ...endUploads(db, unchanged(upload), now),
  ]);
  return stored;
}

/** Ends an upload and gives up what has arrived. Its objects are the answer's; undefined when it had ended. */
export async function endUpload(db: Database, upload: Pick<BlobUpload, "id">): Promise<string[] | undefined> {
  const [segments, , , [ended]] = await db.batch([
    db
      .select({ objectKey: ociSegments.objectKey })
      .from(ociSegments)
      .where(eq(ociSegments.uploadId, upload.id))
      .limit(MAX_SEGMENTS),
    ...endUploads(db, eq(ociUploads.id, upload.id), Date.now()),
  ]);
  return ended && segments.map(({ objectKey }) => objectKey);
}

/** Uploads past their time. */
export async function listExpired(db: Database, now: Date): Promise<{ id: string }[]> {
  return await db
    .select({ id: ociUploads.id })
    .from(ociUploads)
    .where(lt(ociUploads.expiresAt, now))
    .orderBy(asc(ociUploads.expiresAt))
    .limit(SWEEP_BATCH);
}

/** What gives up the segments of uploads, but one that has become a blob, and deletes them with their uploads. */
function endUploads(db: Database, ending: SQL | undefined, now: number) {
  const ids = db.select({ id: ociUploads.id }).from(ociUploads).where(ending);
  const isBlob = db
    .select({ one: sql`1` })
    .from(ociBlobs)
    .where(eq(ociBlobs.objectKey, ociSegments.objectKey));
  return [
    db
      .insert(discardedArchives)
      .select(
        db
          .select({
            archiveKey: ociSegments.objectKey,
            multipartId: sql<string | null>`NULL`.as("multipart_id"),
            discardedAt: sql<Date>`${now}`.as("discarded_at"),
          })
          .from(ociSegments)
          .where(and(inArray(ociSegments.uploadId, ids), notExists(isBlob))),
      )
      .onConflictDoNothing(),
    db.delete(ociSegments).where(inArray(ociSegments.uploadId, ids)),
    db.delete(ociUploads).where(ending).returning({ id: ociUploads.id }),
  ] as const;
}

/** Says that a blob is about to be used, if it is there: the sweeper then leaves it alone for as long as an upload may take. */
export async function touchBlob(db: Database, organizationId: string, digest: string): Promise<Blob | undefined> {
  return await db
    .update(ociBlobs)
    .set({ idleSince: sql`iif(${ociBlobs.idleSince} IS NULL, NULL, ${Date.now()})` })
    .where(and(eq(ociBlobs.organizationId, organizationId), eq(ociBlobs.digest, digest)))
    .returning()
    .get();
}

/**
 * Deletes blobs that nobody has needed since `before`, and gives their objects up. Those that a manifest names after all
 * are not idle any more.
 */
export async function deleteIdleBlobs(db: Database, before: Date): Promise<string[]> {
  const named = db
    .select({ one: sql`1` })
    .from(ociManifests)
    .where(or(eq(ociManifests.layerBlobId, ociBlobs.id), eq(ociManifests.configBlobId, ociBlobs.id)));
  const idle = and(isNotNull(ociBlobs.idleSince), lt(ociBlobs.idleSince, before));
  const doomed = db
    .select({ id: ociBlobs.id })
    .from(ociBlobs)
    .where(idle)
    .orderBy(asc(ociBlobs.idleSince))
    .limit(SWEEP_BATCH);
  const [, , deleted] = await db.batch([
    db
      .update(ociBlobs)
      .set({ idleSince: null })
      .where(and(idle, exists(named))),
    db
      .insert(discardedArchives)
      .select(
        db
          .select({
            archiveKey: ociBlobs.objectKey,
            multipartId: sql<string | null>`NULL`.as("multipart_id"),
            discardedAt: sql<Date>`${Date.now()}`.as("discarded_at"),
          })
          .from(ociBlobs)
          .where(inArray(ociBlobs.id, doomed)),
      )
      .onConflictDoNothing(),
    db.delete(ociBlobs).where(inArray(ociBlobs.id, doomed)).returning({ objectKey: ociBlobs.objectKey }),
  ]);
  return deleted.map(({ objectKey }) => objectKey);
}

/** Those of the objects that nothing refers to. */
export async function listGivenUp(db: Database, objectKeys: readonly string[]) {
  const keys = sql`(SELECT value FROM json_each(${JSON.stringify(objectKeys)}))`;
  return await db
    .select({ archiveKey: discardedArchives.archiveKey, multipartId: discardedArchives.multipartId })
    .from(discardedArchives)
    .where(sql`${discardedArchives.archiveKey} IN ${keys}`);
}

/** Forgets objects that have been deleted. */
export async function forgetObjects(db: Database, objectKeys: readonly string[]): Promise<void> {
  const keys = sql`(SELECT value FROM json_each(${JSON.stringify(objectKeys)}))`;
  await db.delete(discardedArchives).where(sql`${discardedArchives.archiveKey} IN ${keys}`);
}
