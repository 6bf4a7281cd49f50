import { and, desc, eq, inArray, notExists, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { ociBlobs, ociManifests } from "../../db/oci-schema.ts";
import { discardedArchives, registryTasks, registryVersions, uploadParts, uploads } from "../../db/schema.ts";
import { v7 as uuid } from "uuid";
import type { DirectoryPlace } from "../../zip/read/locate.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { releaseManifests } from "./manifest-release.ts";
import { type DiscardedArchive, UNFINISHED, type Upload } from "./upload-store.ts";

/** What the check and the store know of an accepted archive. */
export interface AcceptedArchive {
  etag: string;
  /** In hex. */
  sha256: string;
  directory: DirectoryPlace;
  files: number;
}

/** A version with the task it belongs to. */
export interface PublishedVersion {
  task: typeof registryTasks.$inferSelect;
  version: typeof registryVersions.$inferSelect;
}

/** The version if it is published. */
export async function findPublished(
  db: Database,
  organizationId: string,
  name: string,
  version: string,
): Promise<PublishedVersion | undefined> {
  return await db
    .select({ task: registryTasks, version: registryVersions })
    .from(registryVersions)
    .innerJoin(registryTasks, eq(registryTasks.id, registryVersions.taskId))
    .where(and(ofTask(organizationId, name), eq(registryVersions.version, version)))
    .get();
}

/** Why an archive with another SHA-256, or an unknown one, cannot become a version that is published. */
export function describeConflict({ task, version }: PublishedVersion, sha256: string | undefined): string {
  const other = sha256 === undefined ? "" : `; these bytes have ${sha256}`;
  const published = `Version ${version.version} of task '${task.name}' is published with SHA-256 ${version.sha256}`;
  return `${published}${other}. Versions never change: publish a new one.`;
}

/** Whether an upload has become a version. */
export async function isVersion(db: Database, uploadId: string): Promise<boolean> {
  const row = await db
    .select({ id: registryVersions.id })
    .from(registryVersions)
    .where(eq(registryVersions.id, uploadId))
    .get();
  return row !== undefined;
}

const ofTask = (organizationId: string, name: string) =>
  and(eq(registryTasks.organizationId, organizationId), eq(registryTasks.name, name));

/** Points the task at its highest version. */
const recomputeLatest = (db: Database, organizationId: string, name: string) =>
  db
    .update(registryTasks)
    .set({
      latestVersionId: sql`(${db
        .select({ id: registryVersions.id })
        .from(registryVersions)
        .where(eq(registryVersions.taskId, registryTasks.id))
        .orderBy(desc(registryVersions.major), desc(registryVersions.minor), desc(registryVersions.patch))
        .limit(1)})`,
    })
    .where(ofTask(organizationId, name));

/**
 * Makes an upload a version, in one transaction: task when new (private), version, the task's latest, the end of the
 * upload. The version's id is the upload's, so that whoever repeats this sees that it is done. Throws, and changes
 * nothing, when the version exists or the upload has ended: `findPublished` tells which.
 */
export async function insertVersion(
  db: Database,
  upload: Upload,
  archive: AcceptedArchive,
  manifest: Manifest,
  keptUntil: Date,
): Promise<void> {
  const { organizationId, taskName } = upload;
  const [major = 0, minor = 0, patch = 0] = upload.version.split(".").map(Number);
  const unfinished = db
    .select({ id: uploads.id })
    .from(uploads)
    .where(and(eq(uploads.id, upload.id), inArray(uploads.state, [...UNFINISHED])));
  const task = db
    .select({ id: registryTasks.id })
    .from(registryTasks)
    .where(and(ofTask(organizationId, taskName), sql`exists ${unfinished}`));
  const layerDigest = db
    .select({ digest: ociBlobs.digest })
    .from(ociManifests)
    .innerJoin(ociBlobs, eq(ociBlobs.id, ociManifests.layerBlobId))
    .where(eq(ociManifests.id, upload.id));
  await db.batch([
    db.insert(registryTasks).values({ id: uuid(), organizationId, name: taskName }).onConflictDoNothing(),
    db.insert(registryVersions).values({
      id: upload.id,
      // Null, and so refused by the column, when the upload has ended: its object may be deleted already.
      taskId: sql`${task}`,
      version: upload.version,
      major,
      minor,
      patch,
      archiveKey: upload.archiveKey,
      archiveEtag: archive.etag,
      sha256: archive.sha256,
      fileSize: upload.size,
      ociDigest: sql`${layerDigest}`,
      directoryOffset: archive.directory.offset,
      directorySize: archive.directory.size,
      entryCount: archive.directory.entries,
      archiveRoot: archive.directory.root ?? "",
      fileCount: archive.files,
      ...manifest.fields,
      readmePath: manifest.readmePath,
      withheldPaths: manifest.withheldPaths,
      createdBy: upload.createdBy,
    }),
    recomputeLatest(db, organizationId, taskName),
    db.delete(uploadParts).where(eq(uploadParts.uploadId, upload.id)),
    upload.state === "verifying"
      ? db
          .update(uploads)
          .set({
            state: "accepted",
            sha256: archive.sha256,
            warnings: manifest.warnings,
            expiresAt: keptUntil,
          })
          .where(eq(uploads.id, upload.id))
      : db.delete(uploads).where(eq(uploads.id, upload.id)),
  ]);
}

/**
 * Deletes a version, gives its object up, points the task at the version that is now highest, and deletes the task with
 * its last version: one transaction. Undefined when there is no such version.
 */
export async function deleteVersion(
  db: Database,
  organizationId: string,
  name: string,
  version: string,
): Promise<DiscardedArchive | undefined> {
  const task = db.select({ id: registryTasks.id }).from(registryTasks).where(ofTask(organizationId, name));
  const doomed = and(inArray(registryVersions.taskId, task), eq(registryVersions.version, version));
  const named = db.select({ id: registryVersions.id }).from(registryVersions).where(doomed);
  const [, , , [deleted]] = await db.batch([
    ...releaseManifests(db, named),
    db.insert(discardedArchives).select(
      db
        .select({
          archiveKey: registryVersions.archiveKey,
          multipartId: sql<string | null>`null`.as("multipart_id"),
          discardedAt: sql<Date>`${Date.now()}`.as("discarded_at"),
        })
        .from(registryVersions)
        .where(doomed),
    ),
    db.delete(registryVersions).where(doomed).returning({ archiveKey: registryVersions.archiveKey }),
    recomputeLatest(db, organizationId, name),
    db.delete(registryTasks).where(
      and(
        ofTask(organizationId, name),
        notExists(
          db
            .select({ one: sql`1` })
            .from(registryVersions)
            .where(eq(registryVersions.taskId, registryTasks.id)),
        ),
      ),
    ),
  ]);
  return deleted && { archiveKey: deleted.archiveKey, multipartId: null };
}
