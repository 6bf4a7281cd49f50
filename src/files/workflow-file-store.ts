import { and, asc, count, desc, eq, gt, isNull, or, type SQL, sql } from "drizzle-orm";
import { agentRuns, agentTasks, type FileAttribute, taskFiles } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { currentMicroseconds } from "../db/microseconds.ts";
import type { FileReference } from "./file-id.ts";
import { isPresentFile, isTask, type WorkflowScope } from "./workflow-scope.ts";
import { taskNotFound } from "./workflow-tasks/workflow-task-store.ts";

export type FileRow = typeof taskFiles.$inferSelect;

/** What lists show of a file: attributes and metadata of a page of them could be a hundred megabytes. */
const LISTED_COLUMNS = {
  number: taskFiles.number,
  kind: taskFiles.kind,
  name: taskFiles.name,
  variableId: taskFiles.variableId,
  stepId: taskFiles.stepId,
  runId: taskFiles.runId,
  createdAt: taskFiles.createdAt,
};
export type ListedFile = Pick<FileRow, keyof typeof LISTED_COLUMNS>;

/** Attributes that a file can have. */
const ATTRIBUTES_MAX = 200;

export function fileNotFound(): ApiError {
  return new ApiError("not_found", "File not found");
}

const selectTaskId = (db: Database, scope: WorkflowScope, taskNumber: number) =>
  db.select({ id: agentTasks.id }).from(agentTasks).where(isTask(scope, taskNumber));

function ofTask(db: Database, scope: WorkflowScope, taskNumber: number): SQL | undefined {
  return and(eq(taskFiles.taskId, sql`(${selectTaskId(db, scope, taskNumber)})`), isPresentFile(scope));
}

/** A page of a task's files in the order in which they came, and how many it has; 404 without the task. */
export async function listTaskFiles(
  db: Database,
  scope: WorkflowScope,
  taskNumber: number,
  { limit, after }: { limit: number; after: number },
): Promise<{ rows: ListedFile[]; total: number; hasMore: boolean }> {
  const mine = ofTask(db, scope, taskNumber);
  const [tasks, rows, [counted]] = await db.batch([
    selectTaskId(db, scope, taskNumber),
    db
      .select(LISTED_COLUMNS)
      .from(taskFiles)
      .where(and(mine, gt(taskFiles.number, after)))
      .orderBy(asc(taskFiles.number))
      .limit(limit + 1),
    db.select({ total: count() }).from(taskFiles).where(mine),
  ]);
  if (tasks.length === 0) throw taskNotFound();
  return { rows: rows.slice(0, limit), total: counted?.total ?? 0, hasMore: rows.length > limit };
}

/** A file that is there for the caller: complete, not expired, and of a task that is not deleted. */
export function isVisible(db: Database, scope: WorkflowScope, number: number): SQL | undefined {
  const task = db
    .select({ deletedAt: agentTasks.deletedAt })
    .from(agentTasks)
    .where(eq(agentTasks.id, taskFiles.taskId));
  // A file without a task finds no row here, which is null as well.
  return and(eq(taskFiles.number, number), isPresentFile(scope), sql`(${task}) IS NULL`);
}

/** A file by its id; 404 for one of the other kind, too. */
export async function findFile(db: Database, scope: WorkflowScope, { kind, number }: FileReference): Promise<FileRow> {
  const [row] = await db
    .select()
    .from(taskFiles)
    .where(and(isVisible(db, scope, number), eq(taskFiles.kind, kind)));
  if (!row) throw fileNotFound();
  return row;
}

/** The latest document of a task's step: 404 without task or step, `document_missing` when the step has none. */
export async function findStepDocument(
  db: Database,
  scope: WorkflowScope,
  taskNumber: number,
  stepId: string,
): Promise<FileRow> {
  const inStep = or(eq(taskFiles.stepId, stepId), and(isNull(taskFiles.stepId), eq(taskFiles.runId, stepId)));
  const files = and(ofTask(db, scope, taskNumber), inStep);
  const taskId = sql`(${selectTaskId(db, scope, taskNumber)})`;
  const [tasks, runs, [latest], [document]] = await db.batch([
    selectTaskId(db, scope, taskNumber),
    db
      .select({ id: agentRuns.id })
      .from(agentRuns)
      .where(and(eq(agentRuns.id, stepId), eq(agentRuns.taskId, taskId))),
    db.select({ number: taskFiles.number }).from(taskFiles).where(files).limit(1),
    db
      .select()
      .from(taskFiles)
      .where(and(files, eq(taskFiles.kind, "document")))
      .orderBy(desc(taskFiles.number))
      .limit(1),
  ]);
  if (tasks.length === 0) throw taskNotFound();
  if (document) return document;
  if (runs.length === 0 && !latest) throw new ApiError("not_found", "Step not found");
  throw new ApiError("document_missing");
}

/** A file whose bytes are to come. */
export type FileDraft = Omit<FileRow, "number" | "createdAt" | "finalizedAt" | "kind">;

/** Stores an attachment's row before its bytes; nobody sees it until it is finished. */
export async function insertAttachment(db: Database, draft: FileDraft): Promise<number> {
  const [row] = await db
    .insert(taskFiles)
    .values({
      ...draft,
      kind: "attachment",
      createdAt: currentMicroseconds(),
      finalizedAt: null,
    })
    .returning({ number: taskFiles.number });
  if (!row) throw new Error("D1 returned no inserted row");
  return row.number;
}

/** The statement that says that a file's bytes are complete; from then on it is kept. */
export function finishAttachment(db: Database, organizationId: string, number: number) {
  return db
    .update(taskFiles)
    .set({ finalizedAt: currentMicroseconds(), expiresAt: null })
    .where(and(eq(taskFiles.number, number), eq(taskFiles.organizationId, organizationId)))
    .returning();
}

/**
 * Gives a file of a task that agent clients have uploaded its variable and step, and keeps it: it is an attachment then.
 * 404 when the task has no such file.
 */
export async function attachUploaded(
  db: Database,
  scope: WorkflowScope,
  taskNumber: number,
  artifactId: string,
  place: { variableId: string | null; stepId: string | null },
): Promise<FileRow> {
  const [tasks, [row]] = await db.batch([
    selectTaskId(db, scope, taskNumber),
    db
      .update(taskFiles)
      .set({ ...place, kind: "attachment", expiresAt: null })
      .where(and(ofTask(db, scope, taskNumber), eq(taskFiles.id, artifactId), isNull(taskFiles.runId)))
      .returning(),
  ]);
  if (tasks.length === 0) throw taskNotFound();
  if (!row) throw new ApiError("not_found", "The task has no such upload");
  return row;
}

/**
 * Sets attributes by their names, all at once, and leaves the others. Requests at the same time lose nothing: the lists
 * are merged inside D1. 404 without the file, 409 when it would come to have too many.
 */
export async function upsertAttributes(
  db: Database,
  scope: WorkflowScope,
  number: number,
  attributes: readonly FileAttribute[],
): Promise<FileRow> {
  const sent = JSON.stringify(attributes);
  const merged = sql`(SELECT json_group_array(json(value)) FROM (
    SELECT value FROM json_each(coalesce(${taskFiles.attributes}, '[]'))
    WHERE value ->> '$.name' NOT IN (SELECT value ->> '$.name' FROM json_each(${sent}))
    UNION ALL SELECT value FROM json_each(${sent})))`;
  const visible = isVisible(db, scope, number);
  const [found, [row]] = await db.batch([
    db.select({ number: taskFiles.number }).from(taskFiles).where(visible),
    db
      .update(taskFiles)
      .set({ attributes: sql`${merged}` })
      .where(and(visible, sql`json_array_length(${merged}) <= ${ATTRIBUTES_MAX}`))
      .returning(),
  ]);
  if (found.length === 0) throw fileNotFound();
  if (!row) throw new ApiError("conflict", `A file has at most ${ATTRIBUTES_MAX} attributes`);
  return row;
}
