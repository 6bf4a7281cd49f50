import { and, eq, inArray, type Placeholder, type SQL, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { agentTasks } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import { projects } from "../db/schema.ts";
import { Statement } from "../db/statement.ts";
import { announce } from "../webhooks/outbox.ts";
import { ANY_PROJECT, notFound, type ProjectReference } from "./project.ts";
import type { TaskChange } from "./task-fields.ts";
import { presentIn } from "./task-filter.ts";
import { selectTasks, toRow } from "./task-list-store.ts";
import type { TaskRow } from "./task-view.ts";
import { titleFrom } from "./title.ts";
import { currentMicroseconds } from "../db/microseconds.ts";

function isTask(project: Pick<ProjectReference, "condition">, id: string | Placeholder): SQL | undefined {
  return and(presentIn(project), eq(agentTasks.id, typeof id === "string" ? id.toLowerCase() : id));
}

const taskById = {
  number: new Statement((db) => selectTasks(db).where(isTask(ANY_PROJECT.number, sql.placeholder("id")))),
  id: new Statement((db) => selectTasks(db).where(isTask(ANY_PROJECT.id, sql.placeholder("id")))),
};

/** The statement that finds a task, for whoever has more to ask in the same round trip. */
export function selectTask(db: Database, project: ProjectReference, id: string) {
  return selectTasks(db).where(isTask(project, id));
}

function firstRow(rows: Awaited<ReturnType<typeof selectTask>>): TaskRow {
  const [row] = rows;
  if (!row) throw notFound();
  return toRow(row);
}

/** A task that is not deleted, or 404. */
export async function findTask(db: Database, project: ProjectReference, id: string): Promise<TaskRow> {
  const { by, values } = project.named;
  return firstRow(await taskById[by].all(db, { ...values, id: id.toLowerCase() }));
}

/**
 * Creates a task (agent-tasks 3.2). Its number is taken from the project in the batch that inserts it, so that numbers
 * have neither gaps nor repeats, whatever happens at the same time. Webhooks are told in the same batch; their
 * deliveries are to be started. With the id of a task that is there, it is that task, and nothing is done. 404 without
 * such a project.
 */
export async function insertTask(
  db: Database,
  project: ProjectReference,
  id: string,
  createdBy: number,
  input: TaskChange,
): Promise<{ row: TaskRow; deliveries: { id: string }[] }> {
  const now = currentMicroseconds();
  const { title, description = "" } = input;
  const insertion = await db
    .batch([
      db
        .update(projects)
        .set({ nextTaskNumber: sql`${projects.nextTaskNumber} + 1` })
        .where(project.condition),
      db.insert(agentTasks).values({
        id,
        organizationId: project.organizationId,
        projectNumber: project.number,
        taskNumber: sql`(SELECT ${projects.nextTaskNumber} - 1 FROM ${projects} WHERE ${project.condition})`,
        title: title || titleFrom(description),
        titleManuallySet: input.title_manually_set ?? Boolean(title),
        description,
        originProduct: input.origin_product ?? "user_created",
        repository: input.repository ?? null,
        jsonSchema: input.json_schema ?? null,
        internal: input.internal ?? false,
        archivedAt: input.archived ? now : null,
        ciPrompt: input.ci_prompt ?? null,
        createdBy,
        createdAt: now,
        updatedAt: now,
        lastActivityAt: now,
      }),
      selectTask(db, project, id),
      announce(db, {
        event: "flows.tasks.created",
        eventId: uuid(),
        organizationId: project.organizationId,
        taskId: id,
        occurredAt: new Date(),
        data: { status: "pending" },
      }),
    ])
    .catch((error: unknown) => {
      // Without the project there is no number to insert.
      const kind = violationOf(error)?.kind;
      if (kind === "not_null") throw notFound();
      // The whole batch was undone: the request that was quicker has taken the number and told the webhooks.
      if (kind === "unique") return undefined;
      throw error;
    });
  if (!insertion) return { row: await findTask(db, project, id), deliveries: [] };
  const [, , rows, deliveries] = insertion;
  return { row: firstRow(rows), deliveries };
}

/** Changes what is given (3.3): a title that is set counts as set by hand unless the request says otherwise. */
export async function updateTask(
  db: Database,
  project: ProjectReference,
  id: string,
  change: TaskChange,
): Promise<TaskRow> {
  const now = currentMicroseconds();
  const { title, title_manually_set = title === undefined ? undefined : true, archived } = change;
  const [, rows] = await db.batch([
    db
      .update(agentTasks)
      .set({
        title,
        titleManuallySet: title_manually_set,
        description: change.description,
        originProduct: change.origin_product,
        repository: change.repository,
        jsonSchema: change.json_schema,
        internal: change.internal,
        ciPrompt: change.ci_prompt,
        ...(archived !== undefined && {
          archivedAt: archived ? sql`coalesce(${agentTasks.archivedAt}, ${now})` : null,
        }),
        updatedAt: sql`max(${now}, ${agentTasks.updatedAt} + 1)`,
      })
      .where(isTask(project, id)),
    selectTask(db, project, id),
  ]);
  return firstRow(rows);
}

/** Deletes a task for all who look for it (3.3); its row and its runs stay. 404 when it is gone already. */
export async function deleteTask(db: Database, project: ProjectReference, id: string): Promise<void> {
  const deleted = await db
    .update(agentTasks)
    .set({ deletedAt: currentMicroseconds() })
    .where(isTask(project, id))
    .returning({ id: agentTasks.id });
  if (deleted.length === 0) throw notFound();
}

/** The statement by which something happened to these tasks at `now`, in microseconds since 1970. Safe to repeat and to overtake. */
export function touchTasks(db: Database, organizationId: string, ids: readonly string[], now: number) {
  const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  return db
    .update(agentTasks)
    .set({ lastActivityAt: sql`max(${agentTasks.lastActivityAt}, ${now})` })
    .where(and(eq(agentTasks.organizationId, organizationId), inArray(agentTasks.id, wanted)));
}
