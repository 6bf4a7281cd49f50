import { and, eq, getTableColumns, gt, inArray, isNotNull, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import { taskFiles } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";

export type FileRow = typeof taskFiles.$inferSelect;
/** A row before D1 has given it its number. */
export type NewFileRow = Omit<FileRow, "number">;

/** Microseconds that a file is kept which nobody finished or took into a run (agent-tasks 7.4 "kept 24 h"). */
export const UNCLAIMED_LIFE_US = 24 * 3600 * 1_000_000;

/** How many rows one statement of the sweep takes: what R2 deletes at once. */
const SWEEP_BATCH = 1000;

const excluded = (column: { name: string }) => sql`excluded.${sql.identifier(column.name)}`;

/** Ids as one parameter: D1 takes a hundred. */
const idsOf = (ids: readonly string[]) => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/** From then on it is there for nobody. */
const isLive = (now: number) => or(isNull(taskFiles.expiresAt), gt(taskFiles.expiresAt, now));

/**
 * The statement that inserts files in their order; for those that are there it sets what is known since: when the bytes
 * were complete, the first run that has them, and the later of both expiries. Safe to repeat and to overtake.
 */
export function recordFiles(db: Database, files: readonly NewFileRow[]) {
  const values = Object.keys(getTableColumns(taskFiles)).map((key) => sql`value ->> ${sql.raw(`'$.${key}'`)}`);
  const { runId, finalizedAt, expiresAt } = taskFiles;
  return db
    .insert(taskFiles)
    .select(sql`SELECT ${sql.join(values, sql`, `)} FROM json_each(${JSON.stringify(files)}) WHERE true ORDER BY key`)
    .onConflictDoUpdate({
      target: taskFiles.id,
      set: {
        runId: sql`coalesce(${runId}, ${excluded(runId)})`,
        finalizedAt: sql`coalesce(${finalizedAt}, ${excluded(finalizedAt)})`,
        expiresAt: sql`max(${expiresAt}, ${excluded(expiresAt)})`,
      },
    });
}

/** Whose files are meant. */
export interface FileScope {
  organizationId: string;
  projectNumber: number;
  taskId: string;
}

function inScope({ organizationId, projectNumber, taskId }: FileScope): SQL | undefined {
  return and(
    eq(taskFiles.organizationId, organizationId),
    eq(taskFiles.projectNumber, projectNumber),
    eq(taskFiles.taskId, taskId),
  );
}

/**
 * Finds files of a task that have not expired and keeps them from expiring for another day, so that whoever goes on to
 * take them cannot lose them to the sweep. Those that are not there are left out.
 */
async function holdFiles(
  db: Database,
  scope: FileScope,
  ids: readonly string[],
  condition: SQL,
  now: number,
): Promise<FileRow[]> {
  return db
    .update(taskFiles)
    .set({ expiresAt: sql`max(${taskFiles.expiresAt}, ${now + UNCLAIMED_LIFE_US})` })
    .where(and(inArray(taskFiles.id, idsOf(ids)), inScope(scope), condition, isLive(now)))
    .returning();
}

/** Holds files that were prepared for a run, or for the task where `runId` is null, finished or not. */
export function holdPrepared(
  db: Database,
  scope: FileScope,
  runId: string | null,
  ids: readonly string[],
  now: number,
): Promise<FileRow[]> {
  const prepared = runId === null ? isNull(taskFiles.runId) : eq(taskFiles.runId, runId);
  return holdFiles(db, scope, ids, prepared, now);
}

/** Holds complete files of the task, whatever run has them already. */
export function holdComplete(db: Database, scope: FileScope, ids: readonly string[], now: number): Promise<FileRow[]> {
  return holdFiles(db, scope, ids, isNotNull(taskFiles.finalizedAt), now);
}

/** Says of files without a run that their bytes are complete. */
export async function finishStaged(
  db: Database,
  scope: FileScope,
  ids: readonly string[],
  now: number,
): Promise<FileRow[]> {
  return db
    .update(taskFiles)
    .set({ finalizedAt: sql`coalesce(${taskFiles.finalizedAt}, ${now})` })
    .where(and(inArray(taskFiles.id, idsOf(ids)), inScope(scope)))
    .returning();
}

/** Lets files expire at once that were prepared and came to nothing. */
export async function abandonPrepared(db: Database, ids: readonly string[], now: number): Promise<void> {
  await db
    .update(taskFiles)
    .set({ expiresAt: now })
    .where(and(inArray(taskFiles.id, idsOf(ids)), isNull(taskFiles.finalizedAt)));
}

/** Files that have expired, the longest gone first. Nobody takes one of them any more: expired is for good. */
export function listExpired(db: Database, now: number): Promise<Pick<FileRow, "number" | "storagePath">[]> {
  return db
    .select({ number: taskFiles.number, storagePath: taskFiles.storagePath })
    .from(taskFiles)
    .where(lte(taskFiles.expiresAt, now))
    .orderBy(taskFiles.expiresAt)
    .limit(SWEEP_BATCH);
}

/** Forgets files whose bytes are gone. */
export async function forgetFiles(db: Database, numbers: readonly number[]): Promise<void> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(numbers)}))`;
  await db.delete(taskFiles).where(inArray(taskFiles.number, listed));
}
