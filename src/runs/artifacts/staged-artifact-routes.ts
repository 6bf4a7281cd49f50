import { type AppContext, callerOf, configOf, databaseOf } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { notFound, readProject } from "../../tasks/project.ts";
import { TASK_PATH } from "../../tasks/task-path.ts";
import { checkSizes } from "./artifact-fields.ts";
import { finalizeStagedUploads, prepareUploads } from "./prepared-upload.ts";
import type { RunScope } from "../model/run-outcome.ts";
import { readUuid, runsPath } from "../access/run-path.ts";
import { findOpenTask } from "../access/run-store.ts";
import { finalizeBody, itemsAnswer, prepareBody, preparedAnswer } from "./prepared-upload-schemas.ts";

const prepare = operation({
  method: "post",
  path: `${TASK_PATH}/staged_artifacts/prepare_upload`,
  operationId: "prepareStagedUploads",
  tags: ["Agent tasks"],
  summary: "Prepare uploads before there is a run",
  description:
    "As for a run. What is finalized is kept for 24 hours: name the ids as `pending_user_artifact_ids` when a run of the " +
    "task is made or started, and they become its artifacts.",
  scope: "task:write",
  errors: ["not_found", "request_refused"],
  request: { params: runsPath, body: prepareBody },
  responses: { 200: preparedAnswer },
});

const finalize = operation({
  method: "post",
  path: `${TASK_PATH}/staged_artifacts/finalize_upload`,
  operationId: "finalizeStagedUploads",
  tags: ["Agent tasks"],
  summary: "Finish uploads before there is a run",
  description: "All of them or, where one is refused, none. Repeating it has the same answer; the 24 hours begin anew.",
  scope: "task:write",
  errors: ["not_found", "request_refused"],
  request: { params: runsPath, body: finalizeBody },
  responses: { 200: itemsAnswer("The staged artifacts") },
});

/** The task that the path names; 404 for one that is not there. */
async function nameTask(c: AppContext, path: { project_id: string; task_id: string }): Promise<RunScope> {
  const project = readProject(callerOf(c), path.project_id);
  const scope = await findOpenTask(databaseOf(c), project, readUuid(path.task_id));
  if (!scope) throw notFound();
  return scope;
}

/** Artifacts of a task that has no run yet (agent-tasks 7.4 `staged_artifacts`). */
export function stagedArtifactRoutes(): Router {
  const routes = newRouter();

  routes.openapi(prepare, async (c) => {
    const announced = c.req.valid("json").artifacts;
    checkSizes(configOf(c), announced);
    const scope = await nameTask(c, c.req.valid("param"));
    return c.json({ artifacts: await prepareUploads(c, scope, null, announced) }, 200);
  });

  routes.openapi(finalize, async (c) => {
    const uploaded = c.req.valid("json").artifacts;
    const scope = await nameTask(c, c.req.valid("param"));
    return c.json({ artifacts: await finalizeStagedUploads(c, scope, uploaded) }, 200);
  });

  return routes;
}
