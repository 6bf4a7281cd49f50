import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { uuidField } from "../../http/agent-api/agent-fields.ts";
import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { idToMake } from "../../http/idempotency.ts";
import { operation } from "../../http/operation.ts";
import { allowEmptyBody } from "../../http/validation.ts";
import { readProject } from "../../tasks/project.ts";
import {
  checkRuntime,
  refuseSandboxEnvironment,
  type RunOptions,
  runOptionFields,
  toInitialState,
} from "../model/run-options.ts";
import type { RunRow } from "../model/run-view.ts";
import { showTask, taskAnswer } from "../../tasks/task-answer.ts";
import { TASK_PATH, taskPath } from "../../tasks/task-path.ts";
import type { TaskRow } from "../../tasks/task-view.ts";
import { takePendingArtifacts } from "../artifacts/pending-artifacts.ts";
import { openRun } from "../access/run-handle.ts";
import { unwrap } from "../access/run-path.ts";
import { findTaskToStart } from "./start-task-store.ts";

/** The body of `POST …/run` (agent-tasks 3.4). */
const startRequest = z
  .object({ ...runOptionFields, resume_from_run_id: uuidField({}) })
  .superRefine(checkRuntime)
  .openapi("AgentTaskStart");

const start = operation({
  method: "post",
  path: `${TASK_PATH}/run`,
  operationId: "runAgentTask",
  tags: ["Agent tasks"],
  summary: "Start a run of a task in the cloud",
  description: "Every call makes a new run, which is queued; its state is what was given here.",
  scope: "task:write",
  errors: ["not_found", "reference_invalid", "request_refused"],
  middleware: allowEmptyBody,
  isRepeatable: true,
  request: {
    params: taskPath,
    body: {
      content: { "application/json": { schema: startRequest, example: { mode: "background", branch: "main" } } },
    },
  },
  responses: { 200: taskAnswer("The task with the new run") },
});

/** What a run goes on with when it resumes another one (3.4 "Effect"). */
function resumedState(run: RunRow): Record<string, unknown> {
  const snapshot = run.state["snapshot_external_id"];
  return { resume_from_run_id: run.id, ...(snapshot !== undefined && { snapshot_external_id: snapshot }) };
}

/** Makes a queued run of a task in the cloud, with the task's files that the options name. */
export async function startCloudRun(
  c: AppContext,
  task: TaskRow["task"],
  options: RunOptions,
  resumed?: RunRow,
): Promise<RunRow> {
  const { id: taskId, organizationId, projectNumber } = task;
  const scope = { organizationId, projectNumber, taskId };
  const artifacts = await takePendingArtifacts(c, scope, options.pending_user_artifact_ids);
  const id = idToMake(c, "run");
  const created = await openRun(c.env, id).create(
    scope,
    {
      id,
      status: "queued",
      environment: "cloud",
      stage: null,
      branch: options.branch ?? null,
      errorMessage: null,
      output: null,
      state: { ...toInitialState(options), ...(resumed && resumedState(resumed)) },
      artifacts,
      createdBy: callerOf(c).userNumber,
    },
    "start",
  );
  return unwrap(created).run;
}

/** Starting a task (3.4). */
export function startTaskRoutes(): Router {
  const routes = newRouter();

  routes.openapi(start, async (c) => {
    const { project_id, task_id } = c.req.valid("param");
    const { resume_from_run_id: resumeId, ...options } = c.req.valid("json");
    const project = readProject(callerOf(c), project_id);
    const { row, resumed } = await findTaskToStart(databaseOf(c), project, task_id, resumeId);
    if (resumeId !== undefined && !resumed) throw new ApiError("reference_invalid", "Invalid resume_from_run_id");
    refuseSandboxEnvironment(options);
    const latestRun = await startCloudRun(c, row.task, options, resumed);
    return c.json(await showTask(c, { ...row, latestRun }), 200);
  });

  return routes;
}
