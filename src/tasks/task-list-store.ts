import { and, asc, count, desc, eq, inArray, isNotNull, lte, type Placeholder, type SQL, sql } from "drizzle-orm";
import { agentRuns, agentTasks } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";
import { bytesBefore, PAGE_MAX_BYTES } from "../db/page-bytes.ts";
import { prefixColumns } from "../db/prefixed-columns.ts";
import { projects, users } from "../db/schema.ts";
import { Statement } from "../db/statement.ts";
import { ANY_PROJECT, notFound, type ProjectReference } from "./project.ts";
import { latestRun, matches, orderOf, presentIn } from "./task-filter.ts";
import type { TaskListQuery } from "./task-query.ts";
import type { TaskRow, TaskSummaryRow } from "./task-view.ts";

/** Repositories that a project's picker is offered, in alphabetical order. */
const REPOSITORIES_MAX = 1_000;

const taskColumns = prefixColumns(agentTasks, "task");
const runColumns = prefixColumns(agentRuns, "run");
const userColumns = prefixColumns(users, "user");

/** Joins the run with the greatest `created_at` (agent-tasks 2.1 `latest_run`). */
const isLatestRun: SQL = sql`${agentRuns.id} = ${latestRun("id")}`;

/** What the wire form of a task shows; `toRow` reads it. */
const selectedFields = {
  task: taskColumns,
  projectName: sql<string>`${projects.name}`.as("project_name"),
  latestRun: runColumns,
  createdBy: userColumns,
};

/** Selects tasks with all that their wire form shows. */
export function selectTasks(db: Database) {
  return db
    .select(selectedFields)
    .from(agentTasks)
    .innerJoin(projects, eq(projects.number, agentTasks.projectNumber))
    .leftJoin(agentRuns, isLatestRun)
    .leftJoin(users, eq(users.number, agentTasks.createdBy));
}

type SelectedTask = Awaited<ReturnType<typeof selectTasks>>[number];

/** What a left join did not find has columns of null. */
function joined<T extends { id: string }>(row: T): T | null {
  const id: string | null = row.id;
  return id === null ? null : row;
}

/** A selected task as views take it. */
export function toRow({ task, projectName, latestRun, createdBy }: SelectedTask): TaskRow {
  return { task, project: { name: projectName }, latestRun: joined(latestRun), createdBy: joined(createdBy) };
}

/** The project of a statement: one that a path names, or any. */
type ListedProject = Pick<ProjectReference, "condition" | "number">;

/** A list's query whose page may be left open. */
type ListShape = Omit<TaskListQuery, "limit" | "offset"> & Record<"limit" | "offset", number | Placeholder>;

function selectProject(db: Database, project: Pick<ProjectReference, "condition">) {
  return db.select({ number: projects.number }).from(projects).where(project.condition);
}

/** The numbers of a page's tasks: what is sorted and skipped is this narrow, however long the tasks' texts are. */
export function selectPage(db: Database, project: ListedProject, query: ListShape) {
  return db
    .select({ number: agentTasks.number })
    .from(agentTasks)
    .where(matches(project, query))
    .orderBy(...orderOf(query.ordering))
    .limit(query.limit)
    .offset(query.offset);
}

/** Texts of a task and its latest run that may be long. */
const LONG_COLUMNS = [
  agentTasks.description,
  agentTasks.ciPrompt,
  agentTasks.jsonSchema,
  agentRuns.errorMessage,
  agentRuns.output,
  agentRuns.state,
  agentRuns.artifacts,
];

/** The numbers of the page's tasks that come to PAGE_MAX_BYTES, and one more. */
function selectFittingPage(db: Database, project: ListedProject, query: ListShape) {
  const sized = db
    .select({
      number: agentTasks.number,
      before: bytesBefore(LONG_COLUMNS, orderOf(query.ordering)).as("before"),
    })
    .from(agentTasks)
    .leftJoin(agentRuns, isLatestRun)
    .where(inArray(agentTasks.number, selectPage(db, project, query)))
    .as("sized");
  return db.select({ number: sized.number }).from(sized).where(lte(sized.before, PAGE_MAX_BYTES));
}

/** How many tasks match. */
export function selectTotal(db: Database, project: ListedProject, query: ListShape) {
  return db.select({ count: count() }).from(agentTasks).where(matches(project, query));
}

/**
 * A page of tasks, each row with how many match in all, in one statement. A page without tasks is one row whose task has
 * no id; a project that is not there has no row.
 */
export function selectList(db: Database, project: ListedProject, query: ListShape) {
  return db
    .select({ ...selectedFields, total: sql<number>`(${selectTotal(db, project, query)})`.mapWith(Number).as("total") })
    .from(projects)
    .leftJoin(agentTasks, inArray(agentTasks.number, selectFittingPage(db, project, query)))
    .leftJoin(agentRuns, isLatestRun)
    .leftJoin(users, eq(users.number, agentTasks.createdBy))
    .where(project.condition)
    .orderBy(...orderOf(query.ordering));
}

/** The statements of lists that filter by flags alone, by how the path names the project and by their flags and order. */
const keptLists = new Map<string, ReturnType<typeof prepareList>>();

function prepareList(project: ListedProject, query: ListShape) {
  return new Statement((db) => selectList(db, project, query));
}

/** The statement of a list: a kept one where what it asks for is one of few, else made for it. */
function listOf(project: ProjectReference, query: TaskListQuery) {
  const { limit: _limit, offset: _offset, ordering, internal, archived, ...filters } = query;
  if (Object.values(filters).some((filter) => filter !== undefined)) return prepareList(project, query);
  const { by } = project.named;
  const shape = JSON.stringify([by, ordering, internal, archived]);
  const kept = keptLists.get(shape);
  if (kept) return kept;
  const page = { limit: sql.placeholder("limit"), offset: sql.placeholder("offset") };
  const number = sql<number>`${sql.placeholder("project")}`;
  const made = prepareList({ ...ANY_PROJECT[by], number }, { ...query, ...page });
  keptLists.set(shape, made);
  return made;
}

/** One page of a project's tasks (3.1), as long as `limit` and PAGE_MAX_BYTES let it be, and how many match, in one round trip; 404 without such a project. */
export async function listTasks(
  db: Database,
  project: ProjectReference,
  query: TaskListQuery,
): Promise<{ rows: TaskRow[]; total: number }> {
  const { limit, offset } = query;
  const rows = await listOf(project, query).all(db, { ...project.named.values, limit, offset });
  const [first] = rows;
  if (!first) throw notFound();
  return { rows: joined(first.task) ? rows.map(toRow) : [], total: first.total };
}

type SummaryRun = NonNullable<TaskSummaryRow["latestRun"]>;

/** A run that the left join did not find has a status of null. */
function withRunOrNull({ task, latestRun }: { task: TaskSummaryRow["task"]; latestRun: SummaryRun }): TaskSummaryRow {
  const status: string | null = latestRun.status;
  return { task, latestRun: status === null ? null : latestRun };
}

const summaryColumns = {
  id: taskColumns.id,
  title: taskColumns.title,
  repository: taskColumns.repository,
  originProduct: taskColumns.originProduct,
  createdAt: taskColumns.createdAt,
  updatedAt: taskColumns.updatedAt,
};

/** One page of the summaries of the tasks with these ids, newest first, and how many there are. */
export async function listSummaries(
  db: Database,
  project: ProjectReference,
  ids: readonly string[],
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: TaskSummaryRow[]; total: number }> {
  // All ids travel as one parameter: D1 takes at most 100.
  const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const matching = and(presentIn(project), inArray(agentTasks.id, wanted));
  const [found, rows, [counted]] = await db.batch([
    selectProject(db, project),
    db
      .select({ task: summaryColumns, latestRun: { status: runColumns.status, environment: runColumns.environment } })
      .from(agentTasks)
      .leftJoin(agentRuns, isLatestRun)
      .where(matching)
      .orderBy(desc(agentTasks.createdAt), desc(agentTasks.number))
      .limit(limit)
      .offset(offset),
    db.select({ total: count() }).from(agentTasks).where(matching),
  ]);
  if (found.length === 0) throw notFound();
  return { rows: rows.map(withRunOrNull), total: counted?.total ?? 0 };
}

/** The repositories of a project's tasks that are neither deleted nor internal. */
export async function listRepositories(db: Database, project: ProjectReference): Promise<string[]> {
  const [found, rows] = await db.batch([
    selectProject(db, project),
    db
      .selectDistinct({ repository: sql<string>`${agentTasks.repository}`.as("repository") })
      .from(agentTasks)
      .where(and(presentIn(project), eq(agentTasks.internal, false), isNotNull(agentTasks.repository)))
      .orderBy(asc(agentTasks.repository))
      .limit(REPOSITORIES_MAX),
  ]);
  if (found.length === 0) throw notFound();
  return rows.map(({ repository }) => repository);
}
