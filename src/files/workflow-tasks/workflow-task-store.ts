import { and, desc, eq, inArray, isNotNull, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { agentRuns, agentTasks, taskFiles } from "../../db/agent-schema.ts";
import type { Database } from "../../db/client.ts";
import { projects, users } from "../../db/schema.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { RunScope } from "../../runs/model/run-outcome.ts";
import { LIVE_STATUSES } from "../../runs/model/run-status.ts";
import { isPresentFile, isTask, type WorkflowScope } from "../workflow-scope.ts";
import { NAME_MAX_LENGTH } from "./workflow-task-schema.ts";

/** Runs and variables that a task shows, and characters of a value: an output may have a megabyte of them, as of names. */
const RUNS_MAX = 50;
const VARIABLES_MAX = 500;
const VALUE_MAX_LENGTH = 4_096;

export function taskNotFound(): ApiError {
  return new ApiError("not_found", "Task not found");
}

const owner = alias(users, "owner");

function selectTask(db: Database, scope: WorkflowScope, taskNumber: number) {
  return db
    .select({
      number: agentTasks.number,
      id: agentTasks.id,
      projectNumber: agentTasks.projectNumber,
      title: agentTasks.title,
      createdAt: agentTasks.createdAt,
      updatedAt: agentTasks.updatedAt,
      projectName: sql<string>`${projects.name}`.as("project_name"),
      ownerEmail: sql<string | null>`${owner.email}`.as("owner_email"),
    })
    .from(agentTasks)
    .innerJoin(projects, eq(projects.number, agentTasks.projectNumber))
    .leftJoin(owner, eq(owner.number, agentTasks.createdBy))
    .where(isTask(scope, taskNumber));
}

function idOf(db: Database, scope: WorkflowScope, taskNumber: number): SQL {
  return sql`(${db.select({ id: agentTasks.id }).from(agentTasks).where(isTask(scope, taskNumber))})`;
}

function selectRuns(db: Database, scope: WorkflowScope, taskNumber: number) {
  return db
    .select({
      id: agentRuns.id,
      status: agentRuns.status,
      stage: agentRuns.stage,
      updatedAt: agentRuns.updatedAt,
      completedAt: agentRuns.completedAt,
      creatorEmail: sql<string | null>`${users.email}`.as("creator_email"),
    })
    .from(agentRuns)
    .leftJoin(users, eq(users.number, agentRuns.createdBy))
    .where(and(eq(agentRuns.taskId, idOf(db, scope, taskNumber)), eq(agentRuns.organizationId, scope.organizationId)))
    .orderBy(desc(agentRuns.createdAt), desc(agentRuns.id))
    .limit(RUNS_MAX);
}

/** A value that a run has for a variable; `type` is SQLite's word for the kind of JSON, or what an approval says. */
export interface ValueRow {
  runId: string;
  variableId: string;
  type: string;
  value: string | null;
}

/** The members of runs' outputs, and what approvals brought, cut out of the JSON inside D1: the latest first. */
function selectValues(db: Database, scope: WorkflowScope, taskNumber: number) {
  const found = sql`(
    WITH recent AS (
      SELECT id, output, state, created_at FROM ${agentRuns}
      WHERE task_id = ${idOf(db, scope, taskNumber)} AND organization_id = ${scope.organizationId}
      ORDER BY created_at DESC, id DESC LIMIT ${RUNS_MAX}
    )
    SELECT recent.id AS run_id, recent.created_at AS at, 0 AS part, member.id AS place,
      member.key AS variable_id, member.type AS type, substr(member.value, 1, ${VALUE_MAX_LENGTH}) AS value
    FROM recent, json_each(recent.output) AS member
    WHERE json_type(recent.output) = 'object' AND member.type <> 'null' AND length(member.key) <= ${NAME_MAX_LENGTH}
    UNION ALL
    SELECT recent.id, recent.created_at, 1, item.id, item.value ->> '$.variable_id',
      substr(coalesce(item.value ->> '$.type', 'text'), 1, ${NAME_MAX_LENGTH}),
      substr(item.value ->> '$.value', 1, ${VALUE_MAX_LENGTH})
    FROM recent, json_each(recent.state, '$.approval.variables') AS item
    WHERE item.type = 'object' AND typeof(item.value ->> '$.variable_id') = 'text'
      AND length(item.value ->> '$.variable_id') <= ${NAME_MAX_LENGTH}
  )`;
  return db
    .select({
      runId: sql<string>`run_id`.as("run_id"),
      variableId: sql<string>`variable_id`.as("variable_id"),
      type: sql<string>`type`.as("type"),
      value: sql<string | null>`value`.as("value"),
    })
    .from(found)
    .orderBy(sql`at DESC`, sql`run_id DESC`, sql`part DESC`, sql`place DESC`)
    .limit(VARIABLES_MAX);
}

function selectFileVariables(db: Database, scope: WorkflowScope, taskNumber: number) {
  return db
    .select({
      number: taskFiles.number,
      kind: taskFiles.kind,
      variableId: sql<string>`${taskFiles.variableId}`.as("variable_id"),
      stepId: taskFiles.stepId,
      runId: taskFiles.runId,
    })
    .from(taskFiles)
    .where(
      and(eq(taskFiles.taskId, idOf(db, scope, taskNumber)), isPresentFile(scope), isNotNull(taskFiles.variableId)),
    )
    .orderBy(desc(taskFiles.number))
    .limit(VARIABLES_MAX);
}

/** A task with what its wire form shows, in one round trip, all of it newest first; 404 without it. */
export async function findWorkflowTask(db: Database, scope: WorkflowScope, taskNumber: number) {
  const [[task], runs, values, files] = await db.batch([
    selectTask(db, scope, taskNumber),
    selectRuns(db, scope, taskNumber),
    selectValues(db, scope, taskNumber),
    selectFileVariables(db, scope, taskNumber),
  ]);
  if (!task) throw taskNotFound();
  return { task, runs, values, files };
}

export type WorkflowTaskRows = Awaited<ReturnType<typeof findWorkflowTask>>;

/** Where a task is, for what is to belong to it; 404 without it. */
export async function findTaskPlace(
  db: Database,
  scope: WorkflowScope,
  taskNumber: number,
): Promise<{ projectNumber: number; taskId: string }> {
  const [task] = await selectTask(db, scope, taskNumber);
  if (!task) throw taskNotFound();
  return { projectNumber: task.projectNumber, taskId: task.id };
}

/** A task's runs, as far as they can still change, newest first, and its latest one; 404 without the task. */
export async function findOpenRuns(db: Database, scope: WorkflowScope, taskNumber: number) {
  const ofTask = and(
    eq(agentRuns.taskId, idOf(db, scope, taskNumber)),
    eq(agentRuns.organizationId, scope.organizationId),
  );
  const newestFirst = [desc(agentRuns.createdAt), desc(agentRuns.id)];
  const status = { id: agentRuns.id, status: agentRuns.status };
  const isLive = inArray(agentRuns.status, [...LIVE_STATUSES]);
  const [[task], live, [latest]] = await db.batch([
    selectTask(db, scope, taskNumber),
    db
      .select(status)
      .from(agentRuns)
      .where(and(ofTask, isLive))
      .orderBy(...newestFirst)
      .limit(RUNS_MAX),
    db
      .select(status)
      .from(agentRuns)
      .where(ofTask)
      .orderBy(...newestFirst)
      .limit(1),
  ]);
  if (!task) throw taskNotFound();
  const { organizationId } = scope;
  const runScope: RunScope = { organizationId, projectNumber: task.projectNumber, taskId: task.id };
  return { runScope, live, latest };
}

export type OpenRuns = Awaited<ReturnType<typeof findOpenRuns>>;
