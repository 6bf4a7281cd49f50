import { and, count, desc, eq, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Caller } from "../../auth/caller.ts";
import type { Database } from "../../db/client.ts";
import { unlessLong } from "../../db/page-bytes.ts";
import { organizations, registryTasks, registryVersions } from "../../db/schema.ts";
import { type Select, Statement, type Values } from "../../db/statement.ts";
import type { DetailRow } from "./published-task-view.ts";

/** Queries for what is published. Each is bound to the caller's organization or to public tasks. */

/** A task as its path names it. */
export interface TaskReference {
  org: string;
  name: string;
}

/** Which version of it: by number, the highest, or the one with this id. */
export type VersionReference<Text = string> = { version: Text | "latest" } | { versionId: Text };

/** Under names of their own: in a batch D1 gives rows as objects, where two columns of one name are one. */
export const organizationColumns = {
  id: sql<string>`${organizations.id}`.as("owner_id"),
  key: sql<string>`${organizations.key}`.as("owner_key"),
};

export const taskColumns = {
  name: registryTasks.name,
  isPublic: registryTasks.isPublic,
  updatedAt: sql<Date>`${registryTasks.updatedAt}`.mapWith(registryTasks.updatedAt).as("task_updated_at"),
};

/**
 * `verification` without the flag, and without a judge's instructions, which may be long: a page of a hundred summaries
 * stays small. The detail has them.
 */
const verificationOutline = sql<DetailRow["version"]["verification"]>`json_remove(${registryVersions.verification},
  '$.value', '$.judge.rubric', '$.judge.system_prompt', '$.judge.task_context', '$.judge.model_params')`
  .mapWith(registryVersions.verification)
  .as("verification");

export const summaryColumns = {
  id: registryVersions.id,
  version: registryVersions.version,
  fileSize: registryVersions.fileSize,
  ociDigest: registryVersions.ociDigest,
  createdAt: registryVersions.createdAt,
  description: registryVersions.description,
  difficulty: registryVersions.difficulty,
  author: registryVersions.author,
  license: registryVersions.license,
  source: registryVersions.source,
  tags: registryVersions.tags,
  ports: unlessLong(registryVersions.ports),
  verification: verificationOutline,
};

/** What reading the archive of a version needs. */
const archiveColumns = {
  id: registryVersions.id,
  version: registryVersions.version,
  createdAt: registryVersions.createdAt,
  archiveKey: registryVersions.archiveKey,
  archiveEtag: registryVersions.archiveEtag,
  sha256: registryVersions.sha256,
  fileSize: registryVersions.fileSize,
  directoryOffset: registryVersions.directoryOffset,
  directorySize: registryVersions.directorySize,
  entryCount: registryVersions.entryCount,
  archiveRoot: registryVersions.archiveRoot,
  fileCount: registryVersions.fileCount,
  readmePath: registryVersions.readmePath,
  withheldPaths: registryVersions.withheldPaths,
};

export type ArchiveColumns = Pick<typeof registryVersions.$inferSelect, keyof typeof archiveColumns>;

/** A version as far as reading its archive goes. */
export interface ArchiveRow {
  organization: DetailRow["organization"];
  task: DetailRow["task"];
  version: ArchiveColumns;
}

/** A task that the caller may read; `version` is null when it has no such version. */
type Found<Row extends { version: unknown }> = Omit<Row, "version"> & { version: Row["version"] | null };

/** The tasks of the organization with this key that the caller may read: all of the own one, else the public ones. */
export function tasksOf(caller: Caller, org: string): SQL | undefined {
  return isOwn(caller, org) ? tasksOfOwn(caller.organizationId) : tasksOfOther(org);
}

function isOwn(caller: Caller, org: string): boolean {
  return caller.organizationKey === org;
}

function tasksOfOwn(organizationId: string | Placeholder): SQL | undefined {
  return eq(registryTasks.organizationId, organizationId);
}

function tasksOfOther(org: string | Placeholder): SQL | undefined {
  const id = sql`(SELECT ${organizations.id} FROM ${organizations} WHERE ${organizations.key} = ${org})`;
  return and(sql`${registryTasks.organizationId} = ${id}`, isPublic);
}

/** Spelled with a literal, so that SQLite can use the index of public tasks. */
export const isPublic = sql`${registryTasks.isPublic} = 1`;

/** One version with all its fields; undefined when there is no such task for this caller. */
export async function findDetail(
  db: Database,
  caller: Caller,
  task: TaskReference,
  version: VersionReference,
): Promise<Found<DetailRow> | undefined> {
  const [which, values] = describeTask(caller, task, version);
  return details[which].first(db, values);
}

/** One version as far as reading its archive goes; undefined when there is no such task for this caller. */
export async function findArchive(
  db: Database,
  caller: Caller,
  task: TaskReference,
  version: VersionReference,
): Promise<Found<ArchiveRow> | undefined> {
  const [which, values] = describeTask(caller, task, version);
  return archives[which].first(db, values);
}

/** Whose a task is, and how its version is referred to: what a statement that finds one depends on. */
type Which = `${"own" | "other"} ${"latest" | "version" | "id"}`;

/** The statement that finds a task's version, and its values. */
function describeTask(caller: Caller, { org, name }: TaskReference, reference: VersionReference): [Which, Values] {
  const own = isOwn(caller, org);
  const whose = own ? "own" : "other";
  const values = { org: own ? caller.organizationId : org, name };
  if ("versionId" in reference) return [`${whose} id`, { ...values, version: reference.versionId }];
  if (reference.version === "latest") return [`${whose} latest`, values];
  return [`${whose} version`, { ...values, version: reference.version }];
}

/** The statements of a select that has yet to be told which version it is of, and among which tasks. */
function eachOf<Row>(
  select: (db: Database, version: SQL | undefined, task: SQL | undefined) => Select<Row>,
): Record<Which, Statement<Row>> {
  const [org, name, version] = [sql.placeholder("org"), sql.placeholder("name"), sql.placeholder("version")];
  const among = (tasks: SQL | undefined, reference: VersionReference<Placeholder>) =>
    new Statement<Row>((db) => select(db, isVersion(reference), and(tasks, isNamed(name))));
  return {
    "own latest": among(tasksOfOwn(org), { version: "latest" }),
    "own version": among(tasksOfOwn(org), { version }),
    "own id": among(tasksOfOwn(org), { versionId: version }),
    "other latest": among(tasksOfOther(org), { version: "latest" }),
    "other version": among(tasksOfOther(org), { version }),
    "other id": among(tasksOfOther(org), { versionId: version }),
  };
}

const archives = eachOf((db, version, task) =>
  db
    .select({ organization: organizationColumns, task: taskColumns, version: archiveColumns })
    .from(registryTasks)
    .innerJoin(organizations, eq(organizations.id, registryTasks.organizationId))
    .leftJoin(registryVersions, version)
    .where(task)
    .limit(1),
);

const details = eachOf(selectDetail);

/** The latest version and one page of all, highest first, in one round trip; undefined when there is no such task. */
export async function findVersions(
  db: Database,
  caller: Caller,
  task: TaskReference,
  { page, limit }: { page: number; limit: number },
) {
  const summaries = () =>
    db
      .select({ organization: organizationColumns, task: taskColumns, version: summaryColumns })
      .from(registryTasks)
      .innerJoin(organizations, eq(organizations.id, registryTasks.organizationId));
  const ofTask = eq(registryVersions.taskId, registryTasks.id);
  const [[latest], versions, [counted]] = await db.batch([
    summaries()
      .innerJoin(registryVersions, isVersion({ version: "latest" }))
      .where(isTask(caller, task)),
    summaries()
      .innerJoin(registryVersions, ofTask)
      .where(isTask(caller, task))
      .orderBy(desc(registryVersions.major), desc(registryVersions.minor), desc(registryVersions.patch))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(registryTasks).innerJoin(registryVersions, ofTask).where(isTask(caller, task)),
  ]);
  return latest && { latest, versions, total: counted?.total ?? 0 };
}

/** Sets who may read a task of the caller's organization and reads its latest version back, in one transaction. */
export async function setVisibility(
  db: Database,
  caller: Caller,
  name: string,
  isPublic: boolean,
): Promise<Found<DetailRow> | undefined> {
  const task = { org: caller.organizationKey, name };
  const [, [row]] = await db.batch([
    db
      .update(registryTasks)
      .set({ isPublic })
      .where(and(eq(registryTasks.organizationId, caller.organizationId), eq(registryTasks.name, name))),
    selectDetail(db, isVersion({ version: "latest" }), isTask(caller, task)),
  ]);
  return row;
}

function selectDetail(db: Database, version: SQL | undefined, task: SQL | undefined) {
  return db
    .select({ organization: organizationColumns, task: taskColumns, version: registryVersions })
    .from(registryTasks)
    .innerJoin(organizations, eq(organizations.id, registryTasks.organizationId))
    .leftJoin(registryVersions, version)
    .where(task)
    .limit(1);
}

/** A name none of whose versions is published is no task yet. */
function isNamed(name: string | Placeholder): SQL | undefined {
  return and(eq(registryTasks.name, name), sql`${registryTasks.latestVersionId} IS NOT NULL`);
}

function isTask(caller: Caller, { org, name }: TaskReference): SQL | undefined {
  return and(tasksOf(caller, org), isNamed(name));
}

function isVersion(reference: VersionReference<string | Placeholder>): SQL | undefined {
  if ("version" in reference && reference.version === "latest") {
    return eq(registryVersions.id, registryTasks.latestVersionId);
  }
  const chosen =
    "version" in reference
      ? eq(registryVersions.version, reference.version)
      : eq(registryVersions.id, reference.versionId);
  return and(eq(registryVersions.taskId, registryTasks.id), chosen);
}
