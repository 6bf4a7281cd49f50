import { OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonField } from "../http/agent-fields.ts";
import { type AppEnv, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { operation } from "../http/operation.ts";
import { allowEmptyBody, refuseInvalid } from "../http/validation.ts";
import { announcePullRequest } from "./pull-request.ts";
import { runAnswer, showRun } from "./run-answer.ts";
import { toOutputChange } from "./run-output.ts";
import { nameRun, RUN_PATH, runPath, unwrap } from "./run-path.ts";
import { LIVE_STATUSES, STARTABLE_STATUSES } from "./run-status.ts";
import { findOutputSchema } from "./run-store.ts";

const start = operation({
  method: "post",
  path: `${RUN_PATH}/start`,
  operationId: "startAgentRun",
  tags: ["Agent runs"],
  summary: "Start a run that was made before",
  description: "The run becomes queued. Only a run that is not_started or queued can be started.",
  scope: "task:write",
  errors: ["not_found", "request_refused"],
  request: { params: runPath },
  responses: { 200: runAnswer("The run, queued") },
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
  errors: ["not_found", "request_refused", "validation_failed", "malformed_json", "body_too_large"],
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

/** Starting, cancelling and finishing runs (agent-tasks 4.3, 9). */
export function runStepRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  routes.openapi(start, async (c) => {
    const { handle, scope } = await nameRun(c, c.req.valid("param"));
    const { run, applied } = unwrap(await handle.change(scope, { status: "queued" }, STARTABLE_STATUSES));
    if (!applied) throw new ApiError("request_refused", `A run that is ${run.status} cannot be started`);
    return c.json(await showRun(c, run), 200);
  });

  routes.openapi(cancel, async (c) => {
    const { handle, scope } = await nameRun(c, c.req.valid("param"));
    const { run } = unwrap(await handle.change(scope, { status: "cancelled" }, LIVE_STATUSES));
    return c.json(await showRun(c, run), 200);
  });

  routes.openapi(setOutput, async (c) => {
    const { output = {} } = c.req.valid("json");
    const { handle, scope } = await nameRun(c, c.req.valid("param"));
    const change = toOutputChange(await findOutputSchema(databaseOf(c), scope), output);
    const { run } = unwrap(await handle.change(scope, change));
    announcePullRequest(c, run, output);
    return c.json(await showRun(c, run), 200);
  });

  return routes;
}
