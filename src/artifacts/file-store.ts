import { and, eq, getTableColumns, gt, inArray, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import { taskFiles } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";

export type FileRow = typeof taskFiles.$inferSelect;
/** A row before D1 has given it its number. */
export type NewFileRow = Omit<FileRow, "number">;

/** Microseconds that a file is kept which nobody finished or took into a run (agent-tasks 7.4 "kept 24 h"). */
export const UNCLAIMED_LIFE_US = 24 * 3600 * 1_000_000;

/**
 * Microseconds that the sweep waits beyond a file's expiry: a request may have found it there a moment before, by a clock
 * of its own, and be on its way to hold it.
 */
const SWEEP_DELAY_US = 60 * 1_000_000;

/** How many rows one statement of the sweep takes: what R2 deletes at once. */
const SWEEP_BATCH = 1000;

/** Bytes of rows that one statement inserts, unless one row alone has more: D1 takes a parameter of 2,000,000. */
const INSERT_MAX_BYTES = 1_000_000;

const excluded = (column: { name: string }) => sql`excluded.${sql.identifier(column.name)}`;

/** Ids as one parameter: D1 takes a hundred. */
const idsOf = (ids: readonly string[]) => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/** From then on it is there for nobody. */
const isLive = (now: number) => or(isNull(taskFiles.expiresAt), gt(taskFiles.expiresAt, now));

/** Rows as lists of JSON, none larger than a statement takes. */
function cutRows(files: readonly NewFileRow[]): string[] {
  const lists: string[][] = [];
  let bytes = Infinity;
  for (const row of files.map((file) => JSON.stringify(file))) {
    const size = new TextEncoder().encode(row).length;
    bytes += size;
    if (bytes > INSERT_MAX_BYTES) {
      lists.push([]);
      bytes = size;
    }
    lists.at(-1)?.push(row);
  }
  return lists.map((rows) => `[${rows.join()}]`);
}

function insertRows(db: Database, rows: string) {
  const values = Object.keys(getTableColumns(taskFiles)).map((key) => sql`value ->> ${sql.raw(`'$.${key}'`)}`);
  const { runId, finalizedAt, expiresAt } = taskFiles;
  return db
    .insert(taskFiles)
    .select(sql`SELECT ${sql.join(values, sql`, `)} FROM json_each(${rows}) WHERE true ORDER BY key`)
    .onConflictDoUpdate({
      target: taskFiles.id,
      set: {
        runId: sql`coalesce(${runId}, ${excluded(runId)})`,
        finalizedAt: sql`coalesce(${finalizedAt}, ${excluded(finalizedAt)})`,
        expiresAt: sql`max(${expiresAt}, ${excluded(expiresAt)})`,
      },
    });
}

/**
 * The statements that insert files in their order; for those that are there they set what is known since: when the bytes
 * were complete, the first run that has them, and the later of both expiries. Safe to repeat and to overtake.
 */
export function recordFiles(db: Database, files: readonly NewFileRow[]) {
  return cutRows(files).map((rows) => insertRows(db, rows));
}

/** Inserts files whose bytes are still to come. */
export async function addFiles(db: Database, files: readonly NewFileRow[]): Promise<void> {
  const [first, ...others] = recordFiles(db, files);
  if (first) await db.batch([first, ...others]);
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
function holdFiles(db: Database, scope: FileScope, ids: readonly string[], now: number, condition?: SQL) {
  return db
    .update(taskFiles)
    .set({ expiresAt: sql`max(${taskFiles.expiresAt}, ${now + UNCLAIMED_LIFE_US})` })
    .where(and(inArray(taskFiles.id, idsOf(ids)), inScope(scope), condition, isLive(now)))
    .returning();
}

/** Holds files that were prepared for the task or a run of it, finished or not. */
export function holdPrepared(db: Database, scope: FileScope, ids: readonly string[], now: number) {
  return holdFiles(db, scope, ids, now);
}

/** Holds complete files of the task, whatever run has them already. */
export function holdComplete(db: Database, scope: FileScope, ids: readonly string[], now: number) {
  // The plus sign keeps SQLite from going through all complete files of the task instead of these ids.
  return holdFiles(db, scope, ids, now, sql`+${taskFiles.finalizedAt} IS NOT NULL`);
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

/** Files that expired a while ago, the longest gone first. Nobody takes one of them any more: expired is for good. */
export function listExpired(db: Database, now: number): Promise<Pick<FileRow, "number" | "storagePath">[]> {
  return db
    .select({ number: taskFiles.number, storagePath: taskFiles.storagePath })
    .from(taskFiles)
    .where(lte(taskFiles.expiresAt, now - SWEEP_DELAY_US))
    .orderBy(taskFiles.expiresAt)
    .limit(SWEEP_BATCH);
}

/** Forgets files whose bytes are gone. */
export async function forgetFiles(db: Database, numbers: readonly number[]): Promise<void> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(numbers)}))`;
  await db.delete(taskFiles).where(inArray(taskFiles.number, listed));
}
