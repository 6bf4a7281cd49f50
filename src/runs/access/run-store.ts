import { and, count, desc, eq, inArray, isNull, lte, sql } from "drizzle-orm";
import { agentRuns, agentTasks } from "../../db/agent-schema.ts";
import type { Database } from "../../db/client.ts";
import { bytesBefore, PAGE_MAX_BYTES } from "../../db/page-bytes.ts";
import { projects } from "../../db/schema.ts";
import { askTogether, Statement } from "../../db/statement.ts";
import type { OutputSchema } from "../../tasks/json-schema.ts";
import { ANY_PROJECT, type ProjectReference } from "../../tasks/project.ts";
import type { RunRow } from "../model/run-view.ts";
import type { RunScope } from "../model/run-outcome.ts";

/** The task of a path, deleted or not: its runs stay readable (agent-tasks 3.3). */
function ofTask({ organizationId, number }: ProjectReference, taskId: string) {
  return and(
    eq(agentTasks.organizationId, organizationId),
    eq(agentTasks.projectNumber, number),
    eq(agentTasks.id, taskId),
  );
}

/** Texts of a run that may be long. */
const LONG_COLUMNS = [agentRuns.errorMessage, agentRuns.output, agentRuns.state, agentRuns.artifacts];

/** A page of a task's runs, newest first, as long as `limit` and PAGE_MAX_BYTES let it be; undefined when there is no such task. */
export async function listRuns(
  db: Database,
  project: ProjectReference,
  taskId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ runs: RunRow[]; total: number } | undefined> {
  const { by, values } = project.named;
  const ofTask = { ...values, task: taskId };
  const statements = runLists[by];
  const [tasks, [counted], runs] = await askTogether(db, [
    statements.task.with(ofTask),
    statements.total.with({ organization: project.organizationId, task: taskId }),
    statements.page.with({ organization: project.organizationId, task: taskId, limit, offset }),
  ]);
  return tasks.length === 0 ? undefined : { runs, total: counted?.total ?? 0 };
}

const runsOfTask = and(
  eq(agentRuns.organizationId, sql.placeholder("organization")),
  eq(agentRuns.taskId, sql.placeholder("task")),
);
const newestFirst = [desc(agentRuns.createdAt), desc(agentRuns.id)];

const runLists = {
  number: prepareRunList(ANY_PROJECT.number),
  id: prepareRunList(ANY_PROJECT.id),
};

/** Whether the task is there, how many runs it has, and a page of them. */
function prepareRunList({ condition }: Pick<ProjectReference, "condition">) {
  const number = sql`(SELECT ${projects.number} FROM ${projects} WHERE ${condition})`;
  return {
    task: new Statement((db) =>
      db
        .select({ id: agentTasks.id })
        .from(agentTasks)
        .where(
          and(
            eq(agentTasks.organizationId, sql.placeholder("organization")),
            eq(agentTasks.projectNumber, number),
            eq(agentTasks.id, sql.placeholder("task")),
          ),
        ),
    ),
    total: new Statement((db) => db.select({ total: count() }).from(agentRuns).where(runsOfTask)),
    page: new Statement((db) => {
      const page = db
        .select({ id: agentRuns.id })
        .from(agentRuns)
        .where(runsOfTask)
        .orderBy(...newestFirst)
        .limit(sql.placeholder("limit"))
        .offset(sql.placeholder("offset"));
      const sized = db
        .select({ id: agentRuns.id, before: bytesBefore(LONG_COLUMNS, newestFirst).as("before") })
        .from(agentRuns)
        .where(inArray(agentRuns.id, page))
        .as("sized");
      const fitting = db.select({ id: sized.id }).from(sized).where(lte(sized.before, PAGE_MAX_BYTES));
      return db
        .select()
        .from(agentRuns)
        .where(inArray(agentRuns.id, fitting))
        .orderBy(...newestFirst);
    }),
  };
}

/** The scope of a task's new run; undefined when there is no such task or it is deleted. */
export async function findOpenTask(
  db: Database,
  project: ProjectReference,
  taskId: string,
): Promise<RunScope | undefined> {
  const [task] = await db
    .select({ projectNumber: agentTasks.projectNumber })
    .from(agentTasks)
    .where(and(ofTask(project, taskId), isNull(agentTasks.deletedAt)));
  return task && { organizationId: project.organizationId, projectNumber: task.projectNumber, taskId };
}

/** The JSON Schema that a task's runs have to fulfil with their output; null without one. */
export async function findOutputSchema(db: Database, scope: RunScope): Promise<OutputSchema | null> {
  const task = await outputSchema.first(db, { organization: scope.organizationId, task: scope.taskId });
  return task?.jsonSchema ?? null;
}

const isTaskOfRun = and(
  eq(agentTasks.organizationId, sql.placeholder("organization")),
  eq(agentTasks.id, sql.placeholder("task")),
);

const outputSchema = new Statement((db) =>
  db.select({ jsonSchema: agentTasks.jsonSchema }).from(agentTasks).where(isTaskOfRun),
);

/** What an agent is told of the task of its run; undefined when there is no such task. */
export async function findTaskOfRun(db: Database, scope: RunScope) {
  return taskOfRun.first(db, { organization: scope.organizationId, task: scope.taskId });
}

const taskOfRun = new Statement((db) => {
  const { title, description, repository, jsonSchema } = agentTasks;
  return db.select({ title, description, repository, json_schema: jsonSchema }).from(agentTasks).where(isTaskOfRun);
});

/** The organization of a project, for links that carry their own permission; undefined for an unknown one. */
export async function findOrganization(db: Database, projectNumber: number): Promise<string | undefined> {
  const project = await organizationOfProject.first(db, { project: projectNumber });
  return project?.organizationId;
}

const organizationOfProject = new Statement((db) =>
  db
    .select({ organizationId: projects.organizationId })
    .from(projects)
    .where(eq(projects.number, sql.placeholder("project"))),
);
