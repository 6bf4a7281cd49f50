import { and, asc, count, desc, eq, isNotNull, or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Caller } from "../../auth/caller.ts";
import type { Database } from "../../db/client.ts";
import { organizations, registryTasks, registryVersions } from "../../db/schema.ts";
import { isPublic, organizationColumns, summaryColumns, taskColumns, tasksOf } from "./published-store.ts";
import type { SummaryRow } from "./published-task-view.ts";

/** Values of one facet at most, the most frequent: enough to choose from. */
const FACET_VALUES = 100;

/** Which tasks a list or its facets are about (A2). Values of one filter are alternatives, filters all apply. */
export interface TaskFilter {
  difficulty: string[];
  tags: string[];
  author: string[];
  source: string[];
  /** Part of the name. */
  search?: string | undefined;
  /** Also the public tasks of every other organization. */
  includePublic: boolean;
}

export const SORT_KEYS = ["name", "difficulty", "source", "author", "created_at", "file_size"] as const;

export interface TaskOrder {
  by: (typeof SORT_KEYS)[number];
  direction: "asc" | "desc";
}

const SORT_COLUMNS: Record<TaskOrder["by"], SQLiteColumn> = {
  name: registryTasks.name,
  difficulty: registryVersions.difficulty,
  source: registryVersions.source,
  author: registryVersions.author,
  created_at: registryVersions.createdAt,
  file_size: registryVersions.fileSize,
};

/**
 * One page of the latest versions that match, and how many match, in one round trip. Undefined for another organization
 * that has no public task: whether it exists is not told.
 */
export async function searchTasks(
  db: Database,
  caller: Caller,
  org: string,
  filter: TaskFilter,
  order: TaskOrder,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: SummaryRow[]; total: number } | undefined> {
  const matching = matches(caller, org, filter);
  const [shown, rows, [counted]] = await db.batch([
    showsTasks(db, caller, org),
    db
      .select({ organization: organizationColumns, task: taskColumns, version: summaryColumns })
      .from(registryTasks)
      .innerJoin(registryVersions, eq(registryVersions.id, registryTasks.latestVersionId))
      .innerJoin(organizations, eq(organizations.id, registryTasks.organizationId))
      .where(matching)
      .orderBy(...orderBy(order))
      .limit(limit)
      .offset((page - 1) * limit),
    countTasks(db, matching),
  ]);
  return isShown(caller, org, shown) ? { rows, total: counted?.total ?? 0 } : undefined;
}

/**
 * How often each value stands in the latest versions that match, most frequent first, in one round trip. Undefined as in
 * `searchTasks`.
 */
export async function countFacets(db: Database, caller: Caller, org: string, filter: TaskFilter) {
  const matching = matches(caller, org, filter);
  const facet = (value: SQLiteColumn) =>
    db
      .select({ value: sql<string>`${value}`.as("value"), count: count().as("count") })
      .from(registryTasks)
      .innerJoin(registryVersions, eq(registryVersions.id, registryTasks.latestVersionId))
      .where(and(matching, isNotNull(value)))
      .groupBy(value)
      .orderBy(sql`count DESC`, sql`value`)
      .limit(FACET_VALUES);
  const tags = db
    .select({ value: sql<string>`tag.value`.as("value"), count: count().as("count") })
    .from(registryTasks)
    .innerJoin(registryVersions, eq(registryVersions.id, registryTasks.latestVersionId))
    .innerJoin(sql`json_each(${registryVersions.tags}) AS tag`, sql`true`)
    .where(matching)
    .groupBy(sql`tag.value`)
    .orderBy(sql`count DESC`, sql`tag.value`)
    .limit(FACET_VALUES);
  const [shown, difficulty, tagRows, author, source, [counted]] = await db.batch([
    showsTasks(db, caller, org),
    facet(registryVersions.difficulty),
    tags,
    facet(registryVersions.author),
    facet(registryVersions.source),
    countTasks(db, matching),
  ]);
  if (!isShown(caller, org, shown)) return undefined;
  return { difficulty, tags: tagRows, author, source, total: counted?.total ?? 0 };
}

function showsTasks(db: Database, caller: Caller, org: string) {
  return db.select({ id: registryTasks.id }).from(registryTasks).where(tasksOf(caller, org)).limit(1);
}

function isShown(caller: Caller, org: string, shown: unknown[]): boolean {
  return caller.organizationKey === org || shown.length > 0;
}

function countTasks(db: Database, matching: SQL | undefined) {
  return db
    .select({ total: count() })
    .from(registryTasks)
    .innerJoin(registryVersions, eq(registryVersions.id, registryTasks.latestVersionId))
    .where(matching);
}

function matches(caller: Caller, org: string, filter: TaskFilter): SQL | undefined {
  const scope = tasksOf(caller, org);
  return and(
    filter.includePublic ? or(scope, isPublic) : scope,
    filter.search === undefined
      ? undefined
      : // Names are in lower case. Not LIKE: D1 takes patterns of at most 50 bytes.
        sql`instr(${registryTasks.name}, ${filter.search.toLowerCase()}) > 0`,
    isOneOf(registryVersions.difficulty, filter.difficulty),
    isOneOf(registryVersions.author, filter.author),
    isOneOf(registryVersions.source, filter.source),
    overlaps(registryVersions.tags, filter.tags),
  );
}

/** All values travel as one JSON parameter: D1 takes at most 100. */
function isOneOf(column: SQLiteColumn | SQL, values: string[]): SQL | undefined {
  if (values.length === 0) return undefined;
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}

function overlaps(column: SQLiteColumn, values: string[]): SQL | undefined {
  if (values.length === 0) return undefined;
  return sql`EXISTS (SELECT 1 FROM json_each(${column}) AS own WHERE ${isOneOf(sql`own.value`, values)})`;
}

/** Rows without a value come last either way; the version's id settles ties, so that pages never overlap. */
function orderBy({ by, direction }: TaskOrder): SQL[] {
  const column = SORT_COLUMNS[by];
  const ordered = direction === "asc" ? asc(column) : desc(column);
  return [sql`${ordered} NULLS LAST`, asc(registryVersions.id)];
}
