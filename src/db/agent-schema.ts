import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organizations, projects } from "./schema.ts";

/**
 * Agent tasks and what lists show of their runs. Times are microseconds since 1970 in UTC, as the wire shows them
 * (agent-tasks 1.1 "Dates") and so that `updated_at` can strictly increase within a millisecond.
 */

/** Agent tasks (agent-tasks 2.1). `number` is the integer id of the workflow files' contract. */
export const agentTasks = sqliteTable(
  "agent_tasks",
  {
    number: integer("number").primaryKey({ autoIncrement: true }),
    id: text("id").notNull().unique(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    projectNumber: integer("project_number")
      .notNull()
      .references(() => projects.number),
    /** From 0 in each project, without gaps: taken from `projects.next_task_number` in the inserting batch. */
    taskNumber: integer("task_number").notNull(),
    title: text("title").notNull(),
    titleManuallySet: integer("title_manually_set", { mode: "boolean" }).notNull(),
    description: text("description").notNull(),
    originProduct: text("origin_product").notNull(),
    /** `org/repo` in lower case. */
    repository: text("repository"),
    jsonSchema: text("json_schema", { mode: "json" }).$type<unknown>(),
    internal: integer("internal", { mode: "boolean" }).notNull().default(false),
    archivedAt: integer("archived_at"),
    ciPrompt: text("ci_prompt"),
    /** `users.number`; the user may be gone. */
    createdBy: integer("created_by"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    lastActivityAt: integer("last_activity_at").notNull(),
    /** Soft deletion: the row stays, every look-up skips it. */
    deletedAt: integer("deleted_at"),
  },
  (table) => [
    uniqueIndex("agent_tasks_project_number").on(table.projectNumber, table.taskNumber),
    // Every list leaves out what is deleted, and by default what is internal or archived: with these in front of the
    // time, the default lists and their counts are read from the index alone, in order.
    index("agent_tasks_newest").on(
      table.projectNumber,
      table.deletedAt,
      table.internal,
      table.archivedAt,
      table.createdAt,
    ),
    index("agent_tasks_active").on(
      table.projectNumber,
      table.deletedAt,
      table.internal,
      table.archivedAt,
      table.lastActivityAt,
    ),
    index("agent_tasks_creator").on(
      table.projectNumber,
      table.createdBy,
      table.deletedAt,
      table.internal,
      table.archivedAt,
      table.createdAt,
    ),
    index("agent_tasks_origin").on(
      table.projectNumber,
      table.originProduct,
      table.deletedAt,
      table.internal,
      table.archivedAt,
      table.createdAt,
    ),
    index("agent_tasks_repository").on(
      table.projectNumber,
      table.repository,
      table.deletedAt,
      table.internal,
      table.archivedAt,
      table.createdAt,
    ),
  ],
);

export const RUN_STATUSES = ["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** An artifact in a run's manifest (agent-tasks 7.1), as it is kept and as clients see it. */
export type ManifestItem = {
  id: string;
  name: string;
  type: string;
  source?: string;
  metadata?: Record<string, unknown>;
  /** Bytes. */
  size: number;
  content_type: string;
  storage_path: string;
  /** ISO 8601 with six digits of a second and `+00:00`. */
  uploaded_at: string;
  uploaded_by: "agent" | "user";
  /** `users.number` of whose key sent it. */
  uploaded_by_user_id?: number;
  /** From then on its bytes are gone; absent where they are kept. */
  expires_at?: string;
};

/** The projection of runs (agent-tasks 2.2): their Durable Object owns them and writes these rows. */
export const agentRuns = sqliteTable(
  "agent_runs",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id")
      .notNull()
      .references(() => agentTasks.id),
    organizationId: text("organization_id").notNull(),
    projectNumber: integer("project_number").notNull(),
    status: text("status", { enum: RUN_STATUSES }).notNull(),
    environment: text("environment", { enum: ["local", "cloud"] }).notNull(),
    stage: text("stage"),
    branch: text("branch"),
    errorMessage: text("error_message"),
    output: text("output", { mode: "json" }).$type<unknown>(),
    state: text("state", { mode: "json" }).$type<Record<string, unknown>>().notNull(),
    artifacts: text("artifacts", { mode: "json" }).$type<ManifestItem[]>().notNull(),
    createdBy: integer("created_by"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    completedAt: integer("completed_at"),
  },
  (table) => [
    index("agent_runs_task").on(table.taskId, table.createdAt, table.id),
    // From a stage to the tasks that have a run in it.
    index("agent_runs_stage")
      .on(table.projectNumber, table.stage, table.taskId)
      .where(sql`stage IS NOT NULL`),
  ],
);

/** Runs that have ended and whose logs are kept. A row of its own, because the run's is written anew by its object. */
export const keptRunLogs = sqliteTable(
  "kept_run_logs",
  {
    runId: text("run_id")
      .primaryKey()
      .references(() => agentRuns.id),
    /** When the run ended; later where dropping the log failed and is to be tried again. Microseconds since 1970. */
    since: integer("since").notNull(),
  },
  (table) => [index("kept_run_logs_since").on(table.since)],
);

/** Which Slack thread a task's runs speak in; `runId` is empty when the thread is the whole task's. */
export const slackThreads = sqliteTable(
  "slack_threads",
  {
    taskId: text("task_id")
      .notNull()
      .references(() => agentTasks.id),
    runId: text("run_id").notNull().default(""),
    channel: text("channel").notNull(),
    threadTs: text("thread_ts").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.runId] })],
);

/** A value that clients keep with a file, in words: the workflow files' contract types it (`PATCH …/attributes`). */
export interface FileAttribute {
  name: string;
  data_type: "text" | "date" | "number" | "boolean" | "link";
  value: string;
}

/**
 * Files of tasks: run artifacts, attachments staged for a run (agent-tasks 7), and workflow task files, which are the
 * same ones seen through another contract. The bytes lie in ARTIFACTS under `storagePath`. A row stands before its first
 * byte is stored and goes, with the bytes, when it expires; rows of run artifacts follow the run's manifest.
 */
export const taskFiles = sqliteTable(
  "task_files",
  {
    /** The n of `document_{n}` and `attachment_{n}`. */
    number: integer("number").primaryKey({ autoIncrement: true }),
    /** The artifact's id: a UUID in 32 hex digits. */
    id: text("id").notNull().unique(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    projectNumber: integer("project_number").notNull(),
    /** Null for a document that belongs to no task. */
    taskId: text("task_id").references(() => agentTasks.id),
    /** Null while staged, and for what is attached to a task; the first run that has it. */
    runId: text("run_id"),
    /** What a step produced, or what a user uploaded. */
    kind: text("kind", { enum: ["document", "attachment"] }).notNull(),
    name: text("name").notNull(),
    type: text("type").notNull(),
    source: text("source"),
    /** As its sender says, which may be nothing: "". */
    contentType: text("content_type").notNull(),
    /** Bytes. */
    size: integer("size").notNull(),
    /** R2 key in ARTIFACTS; written once. */
    storagePath: text("storage_path").notNull().unique(),
    metadata: text("metadata", { mode: "json" }).$type<Record<string, unknown>>(),
    attributes: text("attributes", { mode: "json" }).$type<FileAttribute[]>(),
    variableId: text("variable_id"),
    stepId: text("step_id"),
    /** `users.number` of whose key sent it. */
    uploadedBy: integer("uploaded_by"),
    createdAt: integer("created_at").notNull(),
    /** When its bytes were complete; null while it is only prepared, and then nobody sees it. */
    finalizedAt: integer("finalized_at"),
    /** From then on it is gone for everyone, and the sweep removes it; null for one that is kept. */
    expiresAt: integer("expires_at"),
  },
  (table) => [
    index("task_files_task")
      .on(table.taskId, table.number)
      .where(sql`finalized_at IS NOT NULL`),
    index("task_files_expiry")
      .on(table.expiresAt)
      .where(sql`expires_at IS NOT NULL`),
  ],
);
