import { and, eq } from "drizzle-orm";
import { agentRuns } from "../../db/agent-schema.ts";
import type { Database } from "../../db/client.ts";
import { notFound, type ProjectReference } from "../../tasks/project.ts";
import type { RunRow } from "../model/run-view.ts";
import { toRow } from "../../tasks/task-list-store.ts";
import { findTask, selectTask } from "../../tasks/task-store.ts";
import type { TaskRow } from "../../tasks/task-view.ts";

/**
 * The task to start, and the run of the same task that the new one resumes; undefined when it has none of that id. One
 * round trip. 404 without the task.
 */
export async function findTaskToStart(
  db: Database,
  project: ProjectReference,
  taskId: string,
  resumeId: string | undefined,
): Promise<{ row: TaskRow; resumed?: RunRow | undefined }> {
  if (resumeId === undefined) return { row: await findTask(db, project, taskId) };
  const ofTask = and(
    eq(agentRuns.id, resumeId),
    eq(agentRuns.taskId, taskId.toLowerCase()),
    eq(agentRuns.organizationId, project.organizationId),
  );
  const [[task], [resumed]] = await db.batch([
    selectTask(db, project, taskId),
    db.select().from(agentRuns).where(ofTask),
  ]);
  if (!task) throw notFound();
  return { row: toRow(task), resumed };
}
