import { and, asc, desc, eq, isNotNull, isNull, ne, or, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { agentRuns, agentTasks } from "../db/agent-schema.ts";
import { projects } from "../db/schema.ts";
import type { ProjectReference } from "./project.ts";
import type { Flag, TaskListQuery, TaskOrder } from "./task-query.ts";

/**
 * The tasks of a project that are not deleted. The project is looked up in its organization, so that its tasks need not
 * be: a count is then read from an index alone.
 */
export function presentIn(project: Pick<ProjectReference, "condition">): SQL | undefined {
  const number = sql`(SELECT ${projects.number} FROM ${projects} WHERE ${project.condition})`;
  return and(eq(agentTasks.projectNumber, number), isNull(agentTasks.deletedAt));
}

const candidate = alias(agentRuns, "candidate");

/** A column of a task's run with the greatest `created_at`. */
export function latestRun(column: "id" | "status"): SQL {
  return sql`(SELECT ${candidate[column]} FROM ${agentRuns} AS candidate
    WHERE ${candidate.taskId} = ${agentTasks.id}
    ORDER BY ${candidate.createdAt} DESC, ${candidate.id} DESC LIMIT 1)`;
}

/** The tasks of a project that a list's query asks for (agent-tasks 3.1). */
export function matches(
  project: Pick<ProjectReference, "condition" | "number">,
  query: Omit<TaskListQuery, "limit" | "offset">,
): SQL | undefined {
  const { origin_product, exclude_origin_product, created_by, repository, organization, stage, search } = query;
  return and(
    presentIn(project),
    flag(query.internal, eq(agentTasks.internal, true), eq(agentTasks.internal, false)),
    flag(query.archived, isNotNull(agentTasks.archivedAt), isNull(agentTasks.archivedAt)),
    given(origin_product, (origin) => eq(agentTasks.originProduct, origin)),
    given(exclude_origin_product, (origin) => ne(agentTasks.originProduct, origin)),
    given(created_by, (number) => eq(agentTasks.createdBy, number)),
    given(repository, isRepository),
    given(organization, isOfOrganization),
    given(stage, (name) => hasStage(project, name)),
    given(query.status, (status) => eq(latestRun("status"), status)),
    given(search, contains),
  );
}

function given<T>(value: T | undefined, condition: (value: T) => SQL | undefined): SQL | undefined {
  return value === undefined ? undefined : condition(value);
}

function flag(wanted: Flag = "false", yes: SQL, no: SQL): SQL | undefined {
  return { true: yes, false: no, all: undefined }[wanted];
}

function isRepository(wanted: string): SQL {
  const name = wanted.toLowerCase();
  if (name.includes("/")) return eq(agentTasks.repository, name);
  return sql`substr(${agentTasks.repository}, instr(${agentTasks.repository}, '/') + 1) = ${name}`;
}

/** All that begin with `organization/`, as a range of the index: `0` is the character after the slash. */
function isOfOrganization(wanted: string): SQL {
  const name = wanted.toLowerCase();
  return sql`${agentTasks.repository} >= ${`${name}/`} AND ${agentTasks.repository} < ${`${name}0`}`;
}

function hasStage(project: Pick<ProjectReference, "number">, stage: string): SQL {
  return sql`${agentTasks.id} IN (SELECT ${agentRuns.taskId} FROM ${agentRuns}
    WHERE ${agentRuns.projectNumber} = ${project.number} AND ${agentRuns.stage} = ${stage})`;
}

/** `instr` and not LIKE, whose patterns D1 limits to 50 bytes. */
function contains(text: string): SQL | undefined {
  const part = sql`lower(${text})`;
  return or(
    sql`instr(lower(${agentTasks.title}), ${part})`,
    sql`instr(lower(${agentTasks.description}), ${part})`,
    /^\d{1,15}$/.test(text) ? eq(agentTasks.taskNumber, Number(text)) : undefined,
  );
}

/** The order of a list; the integer settles ties, so that pages never overlap. */
export function orderOf(order: TaskOrder): SQL[] {
  const column = order.endsWith("created_at") ? agentTasks.createdAt : agentTasks.lastActivityAt;
  const direct = order.startsWith("-") ? desc : asc;
  return [direct(column), direct(agentTasks.number)];
}
