import { and, asc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { Caller } from "../../auth/caller.ts";
import type { Database } from "../../db/client.ts";
import { ociBlobs, ociManifests } from "../../db/oci-schema.ts";
import { organizations, registryTasks, registryVersions, uploads } from "../../db/schema.ts";
import { type TaskReference, tasksOf } from "../read/published-store.ts";
import type { NewUpload, Upload } from "../publish/upload-store.ts";
import type { Blob } from "./blob-store.ts";

export type Manifest = typeof ociManifests.$inferSelect;

/** Which manifest: that of a version, or of the highest one, or the one with this digest. */
export type ManifestReference = { tag: string } | { digest: string };

/** A manifest of a task that the caller may read. */
export async function findManifest(
  db: Database,
  caller: Caller,
  { org, name }: TaskReference,
  reference: ManifestReference,
): Promise<Pick<Manifest, "digest" | "mediaType" | "content" | "version"> | undefined> {
  const { digest, mediaType, content, version } = ociManifests;
  return await db
    .select({ digest, mediaType, content, version })
    .from(registryTasks)
    .innerJoin(registryVersions, eq(registryVersions.taskId, registryTasks.id))
    .innerJoin(ociManifests, eq(ociManifests.id, registryVersions.id))
    .where(and(tasksOf(caller, org), eq(registryTasks.name, name), isReferred(reference)))
    .limit(1)
    .get();
}

function isReferred(reference: ManifestReference): SQL {
  if ("digest" in reference) return eq(ociManifests.digest, reference.digest);
  if (reference.tag === "latest") return eq(registryVersions.id, registryTasks.latestVersionId);
  return eq(registryVersions.version, reference.tag);
}

/** Versions that have a manifest, in the order of their names as text, behind `last`; undefined when no such task is to be read. */
export async function listTags(
  db: Database,
  caller: Caller,
  { org, name }: TaskReference,
  { last, limit }: { last: string; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ tag: registryVersions.version })
    .from(registryTasks)
    .innerJoin(registryVersions, eq(registryVersions.taskId, registryTasks.id))
    .innerJoin(ociManifests, eq(ociManifests.id, registryVersions.id))
    .where(and(tasksOf(caller, org), eq(registryTasks.name, name), gt(registryVersions.version, last)))
    .orderBy(asc(registryVersions.version))
    .limit(limit);
  return rows.map(({ tag }) => tag);
}

/** Whether the caller may read a task of this name. */
export async function isTask(db: Database, caller: Caller, { org, name }: TaskReference): Promise<boolean> {
  const row = await db
    .select({ id: registryTasks.id })
    .from(registryTasks)
    .where(and(tasksOf(caller, org), eq(registryTasks.name, name)))
    .get();
  return row !== undefined;
}

/** A blob with what decides who reads it. */
export interface BlobAccess {
  blob: Blob;
  /** Whether a version that the caller may read has it, and whether one does whose archive has nothing withheld. */
  isReadable: boolean;
  isOpen: boolean;
}

export async function findBlob(
  db: Database,
  caller: Caller,
  org: string,
  digest: string,
): Promise<BlobAccess | undefined> {
  const versions = (more: SQL | undefined) =>
    sql<number>`EXISTS ${db
      .select({ one: sql`1` })
      .from(ociManifests)
      .innerJoin(registryVersions, eq(registryVersions.id, ociManifests.id))
      .innerJoin(registryTasks, eq(registryTasks.id, registryVersions.taskId))
      .where(
        and(
          sql`${ociBlobs.id} IN (${ociManifests.layerBlobId}, ${ociManifests.configBlobId})`,
          eq(ociManifests.organizationId, ociBlobs.organizationId),
          tasksOf(caller, org),
          more,
        ),
      )}`;
  const row = await db
    .select({
      blob: ociBlobs,
      isReadable: versions(undefined).as("is_readable"),
      isOpen: versions(sql`json_array_length(${registryVersions.withheldPaths}) = 0`).as("is_open"),
    })
    .from(ociBlobs)
    .innerJoin(organizations, eq(organizations.id, ociBlobs.organizationId))
    .where(and(eq(organizations.key, org), eq(ociBlobs.digest, digest)))
    .get();
  return row && { blob: row.blob, isReadable: row.isReadable === 1, isOpen: row.isOpen === 1 };
}

/** What a push goes by. */
export interface PushScene {
  published: { sha256: string; manifestDigest: string | null } | undefined;
  /** The same push, on its way. */
  pending: Upload | undefined;
  blobs: Blob[];
}

/** What is there of a version and its manifest's blobs, in one round trip. */
export async function readPushScene(
  db: Database,
  { organizationId, taskName, version, digest }: Pick<Manifest, "organizationId" | "taskName" | "version" | "digest">,
  digests: readonly string[],
): Promise<PushScene> {
  const [[published], [pending], blobs] = await db.batch([
    db
      .select({ sha256: registryVersions.sha256, manifestDigest: ociManifests.digest })
      .from(registryTasks)
      .innerJoin(registryVersions, eq(registryVersions.taskId, registryTasks.id))
      .leftJoin(ociManifests, eq(ociManifests.id, registryVersions.id))
      .where(
        and(
          eq(registryTasks.organizationId, organizationId),
          eq(registryTasks.name, taskName),
          eq(registryVersions.version, version),
        ),
      ),
    db
      .select()
      .from(uploads)
      .where(
        and(
          eq(uploads.state, "verifying"),
          inArray(
            uploads.id,
            db
              .select({ id: ociManifests.id })
              .from(ociManifests)
              .where(
                and(
                  eq(ociManifests.organizationId, organizationId),
                  eq(ociManifests.taskName, taskName),
                  eq(ociManifests.version, version),
                  eq(ociManifests.digest, digest),
                ),
              ),
          ),
        ),
      ),
    db
      .select()
      .from(ociBlobs)
      .where(and(eq(ociBlobs.organizationId, organizationId), inArray(ociBlobs.digest, [...digests]))),
  ]);
  return { published, pending, blobs };
}

/**
 * Begins the check of a push, in one transaction: the upload that is to become the version, and its manifest, by which
 * the blobs are in use. Throws when the same push is on its way, or a blob has been swept: `readPushScene` tells which.
 */
export async function insertPush(
  db: Database,
  upload: NewUpload,
  manifest: Pick<Manifest, "digest" | "mediaType" | "content" | "layerBlobId" | "configBlobId">,
): Promise<Upload> {
  const { id, organizationId, taskName, version } = upload;
  const [[inserted]] = await db.batch([
    db.insert(uploads).values(upload).returning(),
    db.insert(ociManifests).values({ id, organizationId, taskName, version, createdAt: new Date(), ...manifest }),
    db
      .update(ociBlobs)
      .set({ idleSince: null })
      .where(inArray(ociBlobs.id, [manifest.layerBlobId, manifest.configBlobId])),
  ]);
  if (!inserted) throw new Error("D1 inserted nothing, without a condition");
  return inserted;
}

/** Versions of a task whose manifest has this digest. */
export async function listVersionsOf(
  db: Database,
  organizationId: string,
  name: string,
  digest: string,
): Promise<string[]> {
  const rows = await db
    .select({ version: registryVersions.version })
    .from(registryTasks)
    .innerJoin(registryVersions, eq(registryVersions.taskId, registryTasks.id))
    .innerJoin(ociManifests, eq(ociManifests.id, registryVersions.id))
    .where(
      and(
        eq(registryTasks.organizationId, organizationId),
        eq(registryTasks.name, name),
        eq(ociManifests.digest, digest),
      ),
    );
  return rows.map(({ version }) => version);
}
