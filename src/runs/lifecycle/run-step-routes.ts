import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { jsonField } from "../../http/agent-api/agent-fields.ts";
import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { allowEmptyBody } from "../../http/validation.ts";
import { readProject } from "../../tasks/project.ts";
import { runOptionFields } from "../model/run-options.ts";
import type { RunRow } from "../model/run-view.ts";
import { showTask, taskAnswer } from "../../tasks/task-answer.ts";
import { findTask } from "../../tasks/task-store.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { findPendingArtifacts } from "../artifacts/pending-artifacts.ts";
import { announcePullRequest } from "../slack/pull-request.ts";
import { runAnswer, showRun } from "../access/run-answer.ts";
import type { RunChange } from "../model/run-change.ts";
import type { RunScope } from "../model/run-outcome.ts";
import { toOutputChange } from "./run-output.ts";
import { resolveRun, RUN_PATH, runPath, unwrap } from "../access/run-path.ts";
import { LIVE_STATUSES, STARTABLE_STATUSES } from "../model/run-status.ts";
import { findOutputSchema } from "../access/run-store.ts";

/** The body of `start`, as the desktop client sends it: what the agent is to be told first. */
const startRequest = z
  .object({
    pending_user_message: runOptionFields.pending_user_message,
    pending_user_artifact_ids: runOptionFields.pending_user_artifact_ids,
  })
  .openapi("AgentRunStart");

const start = operation({
  method: "post",
  path: `${RUN_PATH}/start`,
  operationId: "startAgentRun",
  tags: ["Agent runs"],
  summary: "Start a run that was made before",
  description:
    "The run becomes queued, with what is given here in its `state`; artifacts are those of the run, or staged ones of the task, which it then has. Only a run that is " +
    "not_started or queued can be started. The answer is its task, as that of `run` is.",
  scope: "task:write",
  errors: ["not_found", "request_refused", "reference_invalid"],
  middleware: allowEmptyBody,
  isRepeatable: true,
  request: {
    params: runPath,
    body: {
      content: {
        "application/json": { schema: startRequest, example: { pending_user_message: "Please add a test" } },
      },
    },
  },
  responses: { 200: taskAnswer("The task; the run is queued") },
});

const cancel = operation({
  method: "post",
  path: `${RUN_PATH}/cancel`,
  operationId: "cancelAgentRun",
  tags: ["Agent runs"],
  summary: "Cancel a run",
  description: "A run that is completed, failed or cancelled already stays as it is and is the answer.",
  scope: "task:write",
  errors: ["not_found"],
  request: { params: runPath },
  responses: { 200: runAnswer("The run as it is now") },
});

const setOutput = operation({
  method: "patch",
  path: `${RUN_PATH}/set_output`,
  operationId: "setAgentRunOutput",
  tags: ["Agent runs"],
  summary: "Replace a run's output",
  description:
    "Without `output` it becomes `{}`. When the task has a `json_schema`, the output has to match it, and the run is " +
    "completed with it; otherwise it has to be an object. The output of a run that has ended can still be set.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: ["not_found", "request_refused"],
  middleware: allowEmptyBody,
  request: {
    params: runPath,
    body: {
      content: {
        "application/json": {
          schema: z.object({ output: jsonField({ nullable: true }) }).openapi("AgentRunOutput"),
          example: { output: { pr_url: "https://github.com/acme/website/pull/7" } },
        },
      },
    },
  },
  responses: { 200: runAnswer("The run with its output") },
});

/**
 * What a run is to begin with: its state, and the task's files that it does not have yet. Throws for artifacts that
 * neither has.
 */
async function toStart(
  c: AppContext,
  scope: RunScope,
  run: RunRow,
  { pending_user_message, pending_user_artifact_ids = [] }: z.output<typeof startRequest>,
): Promise<Pick<RunChange, "state" | "artifacts">> {
  const own = new Set(run.artifacts.map(({ id }) => id));
  const others = pending_user_artifact_ids.filter((id) => !own.has(id));
  const { artifacts, missing } = await findPendingArtifacts(c, scope, others);
  if (missing.length > 0) {
    const problem = "Some pending_user_artifact_ids are invalid for this run";
    throw new ApiError("reference_invalid", problem, { bareFields: { missing_artifact_ids: missing } });
  }
  const state = {
    ...(pending_user_message && { pending_user_message }),
    ...(pending_user_artifact_ids.length > 0 && { pending_user_artifact_ids }),
  };
  return { state, artifacts };
}

/** Starting, cancelling and finishing runs (agent-tasks 4.3, 9). */
export function runStepRoutes(): Router {
  const routes = newRouter();

  routes.openapi(start, async (c) => {
    const path = c.req.valid("param");
    const { handle, scope } = await resolveRun(c, path);
    const project = readProject(callerOf(c), path.project_id);
    const [task, found] = await Promise.all([findTask(databaseOf(c), project, path.task_id), handle.read(scope)]);
    const given = await toStart(c, scope, unwrap(found).run, c.req.valid("json"));
    const change = { status: "queued", ...given } as const;
    const { run, applied } = unwrap(await handle.change(scope, change, STARTABLE_STATUSES, "start"));
    if (!applied) throw new ApiError("request_refused", `A run that is ${run.status} cannot be started`);
    const isLatest = task.latestRun === null || task.latestRun.id === run.id;
    return c.json(await showTask(c, isLatest ? { ...task, latestRun: run } : task), 200);
  });

  routes.openapi(cancel, async (c) => {
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const { run } = unwrap(await handle.change(scope, { status: "cancelled" }, LIVE_STATUSES));
    return c.json(await showRun(c, run), 200);
  });

  routes.openapi(setOutput, async (c) => {
    const { output = {} } = c.req.valid("json");
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const [schema, found] = await Promise.all([findOutputSchema(databaseOf(c), scope), handle.read(scope)]);
    unwrap(found);
    const change = toOutputChange(schema, output);
    const { run } = unwrap(await handle.change(scope, change));
    announcePullRequest(c, run, output);
    return c.json(await showRun(c, run), 200);
  });

  return routes;
}
