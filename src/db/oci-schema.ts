import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organizations } from "./schema.ts";

/** What is pushed the OCI way (contract A4): blobs, their uploads, and the manifests of versions. */

const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });

const ofOrganization = () =>
  text("organization_id")
    .notNull()
    .references(() => organizations.id);

/** Layers and configurations, each once in an organization; immutable. One that no manifest names is swept. */
export const ociBlobs = sqliteTable(
  "oci_blobs",
  {
    id: text("id").primaryKey(),
    organizationId: ofOrganization(),
    /** `sha256:` and 64 hex digits. */
    digest: text("digest").notNull(),
    size: integer("size").notNull(),
    /** R2 key in ARCHIVES. */
    objectKey: text("object_key").notNull().unique(),
    createdAt: timestamp("created_at").notNull(),
    /** Since when nobody has needed it; null while a manifest names it. */
    idleSince: timestamp("idle_since"),
  },
  (table) => [
    uniqueIndex("oci_blobs_digest").on(table.organizationId, table.digest),
    index("oci_blobs_idle")
      .on(table.idleSince)
      .where(sql`idle_since IS NOT NULL`),
  ],
);

/** Blobs on their way in. */
export const ociUploads = sqliteTable(
  "oci_uploads",
  {
    id: text("id").primaryKey(),
    organizationId: ofOrganization(),
    taskName: text("task_name").notNull(),
    /** Bytes that have arrived: the sizes of its segments. */
    received: integer("received").notNull().default(0),
    /** How many these are. */
    chunks: integer("chunks").notNull().default(0),
    createdAt: timestamp("created_at").notNull(),
    expiresAt: timestamp("expires_at").notNull(),
  },
  (table) => [index("oci_uploads_expiry").on(table.expiresAt)],
);

/** What each request has brought of a blob, an object of its own: nobody can write into another one's bytes. */
export const ociSegments = sqliteTable(
  "oci_segments",
  {
    uploadId: text("upload_id")
      .notNull()
      .references(() => ociUploads.id),
    /** Where it begins in the blob. */
    offset: integer("offset").notNull(),
    size: integer("size").notNull(),
    /** SHA-256 in hex. */
    sha256: text("sha256").notNull(),
    objectKey: text("object_key").notNull().unique(),
  },
  (table) => [primaryKey({ columns: [table.uploadId, table.offset] })],
);

/** Manifests of pushes: of versions, and of those that are being checked. */
export const ociManifests = sqliteTable(
  "oci_manifests",
  {
    /** The id of the upload that is checked, and then of the version. */
    id: text("id").primaryKey(),
    organizationId: ofOrganization(),
    taskName: text("task_name").notNull(),
    version: text("version").notNull(),
    digest: text("digest").notNull(),
    mediaType: text("media_type").notNull(),
    /** As it was pushed: its bytes are UTF-8. */
    content: text("content").notNull(),
    layerBlobId: text("layer_blob_id")
      .notNull()
      .references(() => ociBlobs.id),
    configBlobId: text("config_blob_id")
      .notNull()
      .references(() => ociBlobs.id),
    createdAt: timestamp("created_at").notNull(),
  },
  (table) => [
    // A manifest is on its way to its version once at a time.
    uniqueIndex("oci_manifests_version").on(table.organizationId, table.taskName, table.version, table.digest),
    index("oci_manifests_layer").on(table.layerBlobId),
    index("oci_manifests_config").on(table.configBlobId),
  ],
);
