import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { HarborSettings } from "./harbor-settings.ts";

/** Milliseconds since 1970 in UTC; the wire shows ISO 8601. */
const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });
const createdAt = () =>
  timestamp("created_at")
    .notNull()
    .$defaultFn(() => new Date());
const updatedAt = () =>
  timestamp("updated_at")
    .notNull()
    .$defaultFn(() => new Date())
    .$onUpdateFn(() => new Date());

/** Tenants. `key` is the slug in paths. */
export const organizations = sqliteTable("organizations", {
  id: text("id").primaryKey(),
  key: text("key").notNull().unique(),
  name: text("name").notNull(),
  description: text("description"),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** People and machine users; a user belongs to one organization. `number` is the integer id that agent clients see. */
export const users = sqliteTable(
  "users",
  {
    number: integer("number").primaryKey({ autoIncrement: true }),
    id: text("id").notNull().unique(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    username: text("username").notNull(),
    email: text("email").notNull(),
    name: text("name"),
    role: text("role", { enum: ["owner", "contributor", "reader"] }).notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("users_organization_email").on(table.organizationId, table.email),
    uniqueIndex("users_organization_username").on(table.organizationId, table.username),
  ],
);

/** Groups of projects and environments inside an organization. */
export const workspaces = sqliteTable(
  "workspaces",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    key: text("key").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    isDefault: integer("is_default", { mode: "boolean" }).notNull().default(false),
    createdBy: text("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex("workspaces_organization_key").on(table.organizationId, table.key)],
);

/** Projects hold agent tasks. `number` is the integer id that agent clients use, `id` the UUID of the others. */
export const projects = sqliteTable(
  "projects",
  {
    number: integer("number").primaryKey({ autoIncrement: true }),
    id: text("id").notNull().unique(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    key: text("key").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    isDefault: integer("is_default", { mode: "boolean" }).notNull().default(false),
    /** The `task_number` of the next agent task; counted up in the batch that inserts it. */
    nextTaskNumber: integer("next_task_number").notNull().default(0),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("projects_workspace_key").on(table.workspaceId, table.key),
    index("projects_organization").on(table.organizationId),
  ],
);

/** API keys: `lookup` finds the row, `hash` is SHA-256 over the whole key; the key itself is never stored. */
export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** When set, the key acts in this project only. */
    projectId: text("project_id").references(() => projects.id),
    name: text("name").notNull(),
    lookup: text("lookup").notNull().unique(),
    hash: text("hash").notNull(),
    scopes: text("scopes", { mode: "json" }).$type<string[]>().notNull(),
    createdAt: createdAt(),
    expiresAt: timestamp("expires_at"),
    revokedAt: timestamp("revoked_at"),
    /** Since when the key is switched off; unlike a revoked one it can be switched on again. */
    suspendedAt: timestamp("suspended_at"),
    lastUsedAt: timestamp("last_used_at"),
  },
  (table) => [index("api_keys_organization").on(table.organizationId, table.createdAt)],
);

/** Registry tasks, one row per name. Visibility belongs to the name and so to every version. */
export const registryTasks = sqliteTable(
  "registry_tasks",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    name: text("name").notNull(),
    isPublic: integer("is_public", { mode: "boolean" }).notNull().default(false),
    /** The highest published version; null only while none is published. */
    latestVersionId: text("latest_version_id"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("registry_tasks_organization_name").on(table.organizationId, table.name),
    // Begins with is_public, so that "own or public" is two index searches.
    index("registry_tasks_public")
      .on(table.isPublic, table.name)
      .where(sql`is_public = 1`),
  ],
);

/** A block of task.yaml that runs a script; `timeout` in seconds. */
export interface ScriptBlock {
  script: string;
  timeout: number;
}

/** The script that is run before an environment is ready; it may start the services of `ports` itself. */
export interface ProvisionBlock extends ScriptBlock {
  starts_services?: boolean;
}

/** Published, immutable versions: where the archive lies, what its directory is, what task.yaml says. */
export const registryVersions = sqliteTable(
  "registry_versions",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id")
      .notNull()
      .references(() => registryTasks.id),
    version: text("version").notNull(),
    major: integer("major").notNull(),
    minor: integer("minor").notNull(),
    patch: integer("patch").notNull(),
    /** R2 key in ARCHIVES, and the etag that the check has seen. */
    archiveKey: text("archive_key").notNull().unique(),
    archiveEtag: text("archive_etag").notNull(),
    /** SHA-256 of the archive in hex. */
    sha256: text("sha256").notNull(),
    fileSize: integer("file_size").notNull(),
    /** Digest of the layer that it was pushed as; null for one that came as a zip (db/oci-schema.ts). */
    ociDigest: text("oci_digest"),
    /** Where the central directory lies, known from the check: a listing needs no search for it. */
    directoryOffset: integer("directory_offset").notNull(),
    directorySize: integer("directory_size").notNull(),
    entryCount: integer("entry_count").notNull(),
    /** The one folder at the archive's root, `name/`, that is taken away; empty when paths are as in the archive. */
    archiveRoot: text("archive_root").notNull().default(""),
    fileCount: integer("file_count").notNull(),
    description: text("description"),
    difficulty: text("difficulty"),
    author: text("author"),
    license: text("license"),
    source: text("source"),
    repository: text("repository"),
    instruction: text("instruction"),
    readmePath: text("readme_path"),
    tags: text("tags", { mode: "json" }).$type<string[]>(),
    ports: text("ports", { mode: "json" }).$type<Record<string, number[]>>(),
    provision: text("provision", { mode: "json" }).$type<ProvisionBlock>(),
    teardown: text("teardown", { mode: "json" }).$type<ScriptBlock>(),
    solution: text("solution", { mode: "json" }).$type<{ script: string }>(),
    verification: text("verification", { mode: "json" }).$type<Record<string, unknown>>(),
    /** What a task in Harbor's format asks of its machine; null for one of task.yaml. */
    harbor: text("harbor", { mode: "json" }).$type<HarborSettings>(),
    /** Paths in the archive that only writers of the owning organization may read (docs/publishing.md). */
    withheldPaths: text("withheld_paths", { mode: "json" }).$type<string[]>().notNull(),
    createdBy: text("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("registry_versions_task_version").on(table.taskId, table.version),
    index("registry_versions_order").on(table.taskId, table.major, table.minor, table.patch),
  ],
);

/** One problem that the archive check found, as the wire shows it in `errors[]`. */
export interface StoredProblem {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/**
 * Archives on their way in. A row stands before the first byte is stored, so that a crash at any point leaves something
 * for the sweeper to find. `open` takes bytes, `verifying` is being checked, `accepted` and `refused` are final.
 */
export const uploads = sqliteTable(
  "uploads",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    taskName: text("task_name").notNull(),
    version: text("version").notNull(),
    state: text("state", { enum: ["open", "verifying", "accepted", "refused"] }).notNull(),
    archiveKey: text("archive_key").notNull().unique(),
    /** R2's id of the multipart upload; null for an archive that came in one request. */
    multipartId: text("multipart_id"),
    /** Bytes announced for the whole archive. */
    size: integer("size").notNull(),
    partSize: integer("part_size"),
    /** SHA-256 in hex: announced by the client, or computed from what came. */
    sha256: text("sha256"),
    /** Whether a folder that all files lie in is taken away (docs/publishing.md). */
    strip: integer("strip", { mode: "boolean" }).notNull().default(true),
    /** Why it was refused. */
    problems: text("problems", { mode: "json" }).$type<StoredProblem[]>(),
    /** What task.yaml could do better, once accepted. */
    warnings: text("warnings", { mode: "json" }).$type<StoredProblem[]>(),
    createdBy: text("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    expiresAt: timestamp("expires_at").notNull(),
  },
  (table) => [
    index("uploads_expiry").on(table.state, table.expiresAt),
    index("uploads_version").on(table.organizationId, table.taskName, table.version),
  ],
);

/** Parts received of a multipart upload. Sending a part again replaces it. */
export const uploadParts = sqliteTable(
  "upload_parts",
  {
    uploadId: text("upload_id")
      .notNull()
      .references(() => uploads.id),
    partNumber: integer("part_number").notNull(),
    size: integer("size").notNull(),
    /** SHA-256 in hex of what came, for whoever resumes and wants to compare. */
    sha256: text("sha256").notNull(),
    /** R2's name of the part, needed to complete the upload. */
    etag: text("etag").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.uploadId, table.partNumber] })],
);

/** R2 keys that nothing refers to any more; removed at once where it works, else by the sweeper. */
export const discardedArchives = sqliteTable("discarded_archives", {
  archiveKey: text("archive_key").primaryKey(),
  /** R2's id of a multipart upload under the key that may still be open. */
  multipartId: text("multipart_id"),
  discardedAt: timestamp("discarded_at")
    .notNull()
    .$defaultFn(() => new Date()),
});

/** Where an environment is in its life (contract A3); the last two are final. */
export const ENVIRONMENT_STATES = ["building", "provisioning", "ready", "paused", "torn_down", "failed"] as const;

export type EnvironmentState = (typeof ENVIRONMENT_STATES)[number];

/** The projection of environments: their Durable Object owns them and writes these rows. */
export const environments = sqliteTable(
  "environments",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    /** Neither refers to its row: an environment that has ended keeps no workspace or project from being deleted. */
    workspaceId: text("workspace_id").notNull(),
    projectId: text("project_id"),
    /** The workspace's key, which never changes: the object knows its path without a look-up. */
    workspaceKey: text("workspace_key").notNull(),
    state: text("state", { enum: ENVIRONMENT_STATES }).notNull(),
    /** The reference that was asked for, and what it meant at that time. */
    taskRef: text("task_ref").notNull(),
    taskOrganizationId: text("task_organization_id").notNull(),
    taskOrganizationKey: text("task_organization_key").notNull(),
    taskName: text("task_name").notNull(),
    taskVersion: text("task_version").notNull(),
    provider: text("provider", { enum: ["embedded", "runner", "container"] }).notNull(),
    /** The task's verification block as it was then, with its flag. */
    verification: text("verification", { mode: "json" }).$type<Record<string, unknown>>(),
    /** With the placeholders filled in that have a value. */
    instruction: text("instruction"),
    serviceUrls: text("service_urls", { mode: "json" }).$type<
      Record<string, { url: string; port: number; urls?: Record<string, string> | undefined }>
    >(),
    /** What its runner lets it take; null in other sandboxes, and until it is ready. */
    limits: text("limits", { mode: "json" }).$type<{
      scope: "process" | "environment";
      memory_bytes: number;
      processes: number | null;
      cpus: number | null;
    }>(),
    modelOverrides: text("model_overrides", { mode: "json" }).$type<Record<string, string>>(),
    warnings: text("warnings", { mode: "json" }).$type<string[]>().notNull(),
    error: text("error"),
    /** Why it is torn down. */
    endReason: text("end_reason", { enum: ["deleted", "expired"] }),
    /** Who asked for it: id of the user. */
    createdBy: text("created_by").notNull(),
    /** `Idempotency-Key` of the request, and SHA-256 over what it asked for. */
    idempotencyKey: text("idempotency_key"),
    requestHash: text("request_hash").notNull(),
    createdAt: createdAt(),
    expiresAt: timestamp("expires_at").notNull(),
    endedAt: timestamp("ended_at"),
    /** Counts the changes, so that an older state never replaces a newer one. */
    revision: integer("revision").notNull(),
  },
  (table) => [
    uniqueIndex("environments_idempotency")
      .on(table.workspaceId, table.idempotencyKey)
      .where(sql`idempotency_key IS NOT NULL`),
    index("environments_workspace").on(table.workspaceId, table.createdAt, table.id),
    // What counts against an organization's capacity.
    index("environments_alive")
      .on(table.organizationId, table.expiresAt)
      .where(sql`ended_at IS NULL`),
  ],
);

/** `Idempotency-Key`s of requests (http/idempotency.ts), for a day. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    /** SHA-256 over the organization, the credential, the path and the key itself. */
    id: text("id").primaryKey(),
    /** The UUID from which the ids follow of what the request makes. */
    seed: text("seed").notNull(),
    /** SHA-256 of the request's body. */
    requestHash: text("request_hash").notNull(),
    /** The answer; null until there is one. */
    status: integer("status"),
    body: text("body"),
    expiresAt: timestamp("expires_at").notNull(),
  },
  (table) => [index("idempotency_keys_expiry").on(table.expiresAt)],
);
