import { z } from "@hono/zod-openapi";
import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { findProjectNumber, notFound, readProject } from "../tasks/project.ts";
import type { RunRow } from "../tasks/run-view.ts";
import { openRun, type RunHandle } from "./run-handle.ts";
import type { RunScope } from "./run-object.ts";

/** The path of everything about one run. */
export const RUN_PATH = "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}";

/** The parameters of RUN_PATH. */
export const runPath = z.object({
  project_id: z.string().openapi({ example: "@current", description: "The project's number or id, or `@current`" }),
  task_id: z.string().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101" }),
  run_id: z.string().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102" }),
});

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A run that a path names: its object, and whose run the path says it is. */
export interface NamedRun {
  handle: RunHandle;
  scope: RunScope;
}

/** The run that the path names; its object tells whether it is there. Ids that are no UUIDs are 404 (1.1 "Ids"). */
export async function nameRun(c: AppContext, path: z.output<typeof runPath>): Promise<NamedRun> {
  const project = readProject(callerOf(c), path.project_id);
  const [taskId, runId] = [path.task_id.toLowerCase(), path.run_id.toLowerCase()];
  if (!UUID.test(taskId) || !UUID.test(runId)) throw notFound();
  const projectNumber = await findProjectNumber(databaseOf(c), project);
  const scope = { organizationId: project.organizationId, projectNumber, taskId };
  return { handle: openRun(c.env, runId), scope };
}

/** The run that the path names, as it is now; 404 for one that is not there. */
export async function readRun(c: AppContext, path: z.output<typeof runPath>): Promise<RunRow> {
  const { handle, scope } = await nameRun(c, path);
  const answer = await handle.read(scope);
  if (!answer.ok) throw notFound();
  return answer.run;
}
