import { and, asc, count, desc, eq, or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { v7 as uuid } from "uuid";
import type { z } from "@hono/zod-openapi";
import type { Caller } from "../auth/caller.ts";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import { organizations } from "../db/schema.ts";
import { taskSets, taskSetVersions } from "../db/task-set-schema.ts";
import { ApiError } from "../http/errors/error-table.ts";
import type { newTaskSet, SORT_KEYS, taskSetChange } from "./task-set-schemas.ts";

/** Queries for task sets. Each is bound to the caller's organization or to public sets. */

/** Values of a facet at most, the most frequent: enough to choose from. */
const FACET_VALUES = 100;

/** A set as its path names it. */
export interface SetReference {
  org: string;
  name: string;
}

export interface SetFilter {
  search?: string | undefined;
  tags: readonly string[];
  includePublic: boolean;
}

interface Paging {
  page: number;
  limit: number;
}

/** Under names of their own: in a batch D1 gives rows as objects, where two columns of one name are one. */
const summaryColumns = {
  set: {
    id: taskSets.id,
    name: taskSets.name,
    organizationId: taskSets.organizationId,
    description: taskSets.description,
    tags: taskSets.tags,
    isPublic: taskSets.isPublic,
    createdBy: taskSets.createdBy,
    createdAt: taskSets.createdAt,
    updatedAt: taskSets.updatedAt,
  },
  org: sql<string>`${organizations.key}`.as("owner_key"),
  version: taskSetVersions.version,
  taskCount: taskSetVersions.taskCount,
};

const detailColumns = { ...summaryColumns, tasks: taskSetVersions.tasks };

export type SetRow = Awaited<ReturnType<typeof searchSets>>["rows"][number];
export type SetDetailRow = SetRow & { tasks: string[] };

const isPublic = sql`${taskSets.isPublic} = 1`;

/** The sets of the organization with this key that the caller may read: all of the own one, else the public ones. */
function setsOf(caller: Caller, org: string): SQL | undefined {
  if (caller.organizationKey === org) return eq(taskSets.organizationId, caller.organizationId);
  const id = sql`(SELECT ${organizations.id} FROM ${organizations} WHERE ${organizations.key} = ${org})`;
  return and(sql`${taskSets.organizationId} = ${id}`, isPublic);
}

const isNamed = (caller: Caller, { org, name }: SetReference) => and(setsOf(caller, org), eq(taskSets.name, name));

const isOwn = (caller: Caller, name: string) =>
  and(eq(taskSets.organizationId, caller.organizationId), eq(taskSets.name, name));

const ofSet = eq(taskSetVersions.setId, taskSets.id);
const isLatest = and(ofSet, eq(taskSetVersions.version, taskSets.latestVersion));

const isVersion = (version: string) =>
  version === "latest" ? isLatest : and(ofSet, eq(taskSetVersions.version, Number(version)));

function selectDetail(db: Database, version: SQL | undefined, set: SQL | undefined) {
  return db
    .select(detailColumns)
    .from(taskSets)
    .innerJoin(organizations, eq(organizations.id, taskSets.organizationId))
    .innerJoin(taskSetVersions, version)
    .where(set);
}

/** One version of a set with its tasks; undefined where the caller knows none such. */
export async function findSet(
  db: Database,
  caller: Caller,
  set: SetReference,
  version: string,
): Promise<SetDetailRow | undefined> {
  const [row] = await selectDetail(db, isVersion(version), isNamed(caller, set)).limit(1);
  return row;
}

/** The version of the caller's own set of this name and of public ones: what a name without an organization may mean. */
export async function findSetsNamed(
  db: Database,
  caller: Caller,
  name: string,
  version: string,
): Promise<SetDetailRow[]> {
  const visible = or(eq(taskSets.organizationId, caller.organizationId), isPublic);
  const own = sql`${taskSets.organizationId} = ${caller.organizationId}`;
  return selectDetail(db, isVersion(version), and(eq(taskSets.name, name), visible))
    .orderBy(desc(own))
    .limit(2);
}

function matches(caller: Caller, org: string, filter: SetFilter): SQL | undefined {
  const scope = setsOf(caller, org);
  return and(
    filter.includePublic ? or(scope, isPublic) : scope,
    filter.search === undefined
      ? undefined
      : // Names are in lower case. Not LIKE: D1 takes patterns of at most 50 bytes.
        sql`instr(${taskSets.name}, ${filter.search.toLowerCase()}) > 0`,
    filter.tags.length === 0
      ? undefined
      : sql`EXISTS (SELECT 1 FROM json_each(${taskSets.tags}) AS own
          WHERE own.value IN (SELECT value FROM json_each(${JSON.stringify(filter.tags)})))`,
  );
}

const SORT_COLUMNS: Record<(typeof SORT_KEYS)[number], SQLiteColumn> = {
  name: taskSets.name,
  created_at: taskSets.createdAt,
  updated_at: taskSets.updatedAt,
};

const countSets = (db: Database, matching: SQL | undefined) =>
  db.select({ total: count() }).from(taskSets).where(matching);

const shows = (db: Database, caller: Caller, org: string) =>
  db.select({ id: taskSets.id }).from(taskSets).where(setsOf(caller, org)).limit(1);

/** 404 for another organization that has no public set: whether it exists is not told. */
function refuseHidden(caller: Caller, org: string, shown: readonly unknown[]): void {
  if (caller.organizationKey === org || shown.length > 0) return;
  throw new ApiError("not_found", `Organization '${org}' not found.`);
}

/** One page of the sets that match, and how many match, in one round trip. */
export async function searchSets(
  db: Database,
  caller: Caller,
  org: string,
  filter: SetFilter,
  { by, direction }: { by: (typeof SORT_KEYS)[number]; direction: "asc" | "desc" },
  { page, limit }: Paging,
) {
  const matching = matches(caller, org, filter);
  const ordered = direction === "asc" ? asc(SORT_COLUMNS[by]) : desc(SORT_COLUMNS[by]);
  const [shown, rows, [counted]] = await db.batch([
    shows(db, caller, org),
    db
      .select(summaryColumns)
      .from(taskSets)
      .innerJoin(organizations, eq(organizations.id, taskSets.organizationId))
      .innerJoin(taskSetVersions, isLatest)
      .where(matching)
      .orderBy(ordered, asc(taskSets.id))
      .limit(limit)
      .offset((page - 1) * limit),
    countSets(db, matching),
  ]);
  refuseHidden(caller, org, shown);
  return { rows, total: counted?.total ?? 0 };
}

/** How often each tag and each visibility stands in the sets that match, in one round trip. */
export async function countFacets(db: Database, caller: Caller, org: string, filter: SetFilter) {
  const matching = matches(caller, org, filter);
  const [shown, tags, visibility, [counted]] = await db.batch([
    shows(db, caller, org),
    db
      .select({ value: sql<string>`tag.value`.as("value"), count: count().as("count") })
      .from(taskSets)
      .innerJoin(sql`json_each(${taskSets.tags}) AS tag`, sql`true`)
      .where(matching)
      .groupBy(sql`tag.value`)
      .orderBy(sql`count DESC`, sql`tag.value`)
      .limit(FACET_VALUES),
    db
      .select({
        value: sql<string>`CASE WHEN ${taskSets.isPublic} THEN 'public' ELSE 'private' END`.as("value"),
        count: count().as("count"),
      })
      .from(taskSets)
      .where(matching)
      .groupBy(sql`value`)
      .orderBy(sql`count DESC`, sql`value`),
    countSets(db, matching),
  ]);
  refuseHidden(caller, org, shown);
  return { tags, visibility, total: counted?.total ?? 0 };
}

/** One page of a set's versions, highest first, in one round trip; undefined where there is no such set. */
export async function findVersions(db: Database, caller: Caller, set: SetReference, { page, limit }: Paging) {
  const [rows, [found]] = await db.batch([
    db
      .select({
        version: taskSetVersions.version,
        taskCount: taskSetVersions.taskCount,
        createdBy: taskSetVersions.createdBy,
        createdAt: taskSetVersions.createdAt,
      })
      .from(taskSets)
      .innerJoin(taskSetVersions, ofSet)
      .where(isNamed(caller, set))
      .orderBy(desc(taskSetVersions.version))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: taskSets.latestVersion }).from(taskSets).where(isNamed(caller, set)),
  ]);
  return found && { rows, total: found.total };
}

/** Adds a set of the caller's organization, whose tasks are `tasks`. Throws `already_exists` for a name that is taken. */
export async function insertSet(
  db: Database,
  caller: Caller,
  wanted: z.output<typeof newTaskSet>,
  tasks: string[],
): Promise<SetDetailRow> {
  const [id, now] = [uuid(), new Date()];
  const { name, description, tags, is_public } = wanted;
  const [, , [row]] = await db
    .batch([
      db.insert(taskSets).values({
        id,
        organizationId: caller.organizationId,
        name,
        description: description ?? null,
        tags,
        isPublic: is_public,
        latestVersion: 1,
        createdBy: caller.userId,
        createdAt: now,
        updatedAt: now,
      }),
      db.insert(taskSetVersions).values({
        id: uuid(),
        setId: id,
        version: 1,
        tasks,
        taskCount: tasks.length,
        createdBy: caller.userId,
        createdAt: now,
      }),
      selectDetail(db, isLatest, eq(taskSets.id, id)),
    ])
    .catch((error: unknown) => {
      if (violationOf(error)?.kind !== "unique") throw error;
      throw new ApiError("already_exists", `There is a task set '${name}' already.`);
    });
  if (!row) throw new Error("D1 returned no inserted row");
  return row;
}

/**
 * Changes what is given, in one transaction; other tasks than it has make a version, which is numbered in it. Undefined where
 * there is no such set.
 */
export async function updateSet(
  db: Database,
  caller: Caller,
  name: string,
  { description, tags, is_public }: z.output<typeof taskSetChange>,
  tasks: string[] | undefined,
): Promise<SetDetailRow | undefined> {
  const now = new Date();
  const json = JSON.stringify(tasks);
  const differ = sql`(SELECT ${taskSetVersions.tasks} <> ${json} FROM ${taskSetVersions}
    WHERE ${taskSetVersions.setId} = ${taskSets.id} AND ${taskSetVersions.version} = ${taskSets.latestVersion})`;
  const change = db
    .update(taskSets)
    .set({
      ...(description !== undefined && { description }),
      ...(tags !== undefined && { tags }),
      ...(is_public !== undefined && { isPublic: is_public }),
      ...(tasks !== undefined && { latestVersion: sql`${taskSets.latestVersion} + ${differ}` }),
      updatedAt: now,
    })
    .where(isOwn(caller, name));
  const detail = selectDetail(db, isLatest, isOwn(caller, name));
  if (tasks === undefined) return (await db.batch([change, detail]))[1][0];
  // Of the same tasks the version is there already.
  const version = db
    .insert(taskSetVersions)
    .select(
      db
        .select({
          id: sql<string>`${uuid()}`.as("id"),
          setId: sql<string>`${taskSets.id}`.as("set_id"),
          version: sql<number>`${taskSets.latestVersion}`.as("version"),
          tasks: sql<string[]>`${json}`.as("tasks"),
          taskCount: sql<number>`${tasks.length}`.as("task_count"),
          createdBy: sql<string>`${caller.userId}`.as("created_by"),
          createdAt: sql<Date>`${now.getTime()}`.as("created_at"),
        })
        .from(taskSets)
        .where(isOwn(caller, name)),
    )
    .onConflictDoNothing({ target: [taskSetVersions.setId, taskSetVersions.version] });
  return (await db.batch([change, version, detail]))[2][0];
}

/** Deletes a set with all its versions; whether there was one. */
export async function deleteSet(db: Database, caller: Caller, name: string): Promise<boolean> {
  const id = db.select({ id: taskSets.id }).from(taskSets).where(isOwn(caller, name));
  const [, deleted] = await db.batch([
    db.delete(taskSetVersions).where(eq(taskSetVersions.setId, sql`(${id})`)),
    db.delete(taskSets).where(isOwn(caller, name)).returning({ id: taskSets.id }),
  ]);
  return deleted.length > 0;
}
