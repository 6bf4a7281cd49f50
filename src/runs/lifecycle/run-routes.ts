import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { describeOffsetPage, offsetQuery, pageOf } from "../../http/agent-api/agent-paging.ts";
import { callerOf, databaseOf } from "../../http/context.ts";
import { idToMake } from "../../http/idempotency.ts";
import { operation } from "../../http/operation.ts";
import { toPublicUrl } from "../../http/admission/public-origin.ts";
import { allowEmptyBody } from "../../http/validation.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { announcePullRequest } from "../slack/pull-request.ts";
import { notFound, readProject } from "../../tasks/project.ts";
import { refuseSandboxEnvironment } from "../model/run-options.ts";
import { run, RUN_EXAMPLE } from "../model/run-schema.ts";
import { takePendingArtifacts } from "../artifacts/pending-artifacts.ts";
import { runAnswer, showRun, showWaitingRuns } from "../access/run-answer.ts";
import { withoutProtectedState } from "../model/run-change.ts";
import { newRun, runPatch, toChange, toNewRun } from "./run-fields.ts";
import { openRun } from "../access/run-handle.ts";
import { resolveRun, readRun, readUuid, RUN_PATH, runPath, RUNS_PATH, runsPath, unwrap } from "../access/run-path.ts";
import { LIVE_STATUSES } from "../model/run-status.ts";
import { findOpenTask, listRuns } from "../access/run-store.ts";

const runPage = pageOf(run).openapi("AgentRunPage");

const list = operation({
  method: "get",
  path: RUNS_PATH,
  operationId: "listAgentRuns",
  tags: ["Agent runs"],
  summary: "List a task's runs, newest first",
  description: "The runs of a deleted task stay readable.",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: runsPath, query: z.object(offsetQuery) },
  responses: {
    200: {
      description: "Runs",
      content: {
        "application/json": {
          schema: runPage,
          example: { count: 1, next: null, previous: null, results: [RUN_EXAMPLE] },
        },
      },
    },
  },
});

const create = operation({
  method: "post",
  path: RUNS_PATH,
  operationId: "createAgentRun",
  tags: ["Agent runs"],
  summary: "Make a run without starting it",
  description:
    "Status, environment and state are what the request says. Where it does not: with one of the options of `run` " +
    "(mode, runtime_adapter, …) the run is local and queued, its options stand in `state`, and `start` starts it; " +
    "otherwise it is a cloud run that is not_started.",
  scope: "task:write",
  errors: ["not_found", "reference_invalid", "request_refused"],
  middleware: allowEmptyBody,
  isRepeatable: true,
  request: {
    params: runsPath,
    body: {
      content: {
        "application/json": { schema: newRun, example: { environment: "local", status: "in_progress", state: {} } },
      },
    },
  },
  responses: { 201: runAnswer("Created") },
});

const retrieve = operation({
  method: "get",
  path: RUN_PATH,
  operationId: "getAgentRun",
  tags: ["Agent runs"],
  summary: "Get a run",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found"],
  request: { params: runPath },
  responses: { 200: runAnswer("The run") },
});

const update = operation({
  method: "patch",
  path: RUN_PATH,
  operationId: "updateAgentRun",
  tags: ["Agent runs"],
  summary: "Change a run",
  description:
    "Objects given for `output` and `state` are merged key by key into what is there; `state_remove_keys` then go. " +
    "`github_credential_source`, `pr_authorship_mode` and `sandbox_id` are the server's and stay. A run that is " +
    "completed, failed or cancelled stays as it is and is the answer. Every change makes `updated_at` later.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: ["not_found"],
  middleware: allowEmptyBody,
  request: {
    params: runPath,
    body: {
      content: {
        "application/json": { schema: runPatch, example: { status: "in_progress", stage: "building" } },
      },
    },
  },
  responses: { 200: runAnswer("The run as it is now") },
});

/** Making, reading and changing runs (agent-tasks 4.1, 4.2). */
export function runRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const path = c.req.valid("param");
    const page = c.req.valid("query");
    const project = readProject(callerOf(c), path.project_id);
    const found = await listRuns(databaseOf(c), project, readUuid(path.task_id), page);
    if (!found) throw notFound();
    const runs = await showWaitingRuns(c, found.runs);
    return c.json(describeOffsetPage(toPublicUrl(c, c.req.url), page, found.total, runs), 200);
  });

  routes.openapi(create, async (c) => {
    const path = c.req.valid("param");
    const body = c.req.valid("json");
    const caller = callerOf(c);
    const project = readProject(caller, path.project_id);
    const scope = await findOpenTask(databaseOf(c), project, readUuid(path.task_id));
    if (!scope) throw notFound();
    refuseSandboxEnvironment(body);
    const artifacts = await takePendingArtifacts(c, scope, body.pending_user_artifact_ids);
    const id = idToMake(c, "run");
    const init = { ...toNewRun(body), id, artifacts, createdBy: caller.userNumber };
    const created = unwrap(await openRun(c.env, id).create(scope, init));
    return c.json(await showRun(c, created.run), 201);
  });

  routes.openapi(retrieve, async (c) => {
    const row = await readRun(c, c.req.valid("param"));
    const [shown = await showRun(c, row)] = await showWaitingRuns(c, [row]);
    return c.json(shown, 200);
  });

  routes.openapi(update, async (c) => {
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    const change = withoutProtectedState(toChange(c.req.valid("json")));
    const { run } = unwrap(await handle.change(scope, change, LIVE_STATUSES));
    announcePullRequest(c, run, change.output);
    return c.json(await showRun(c, run), 200);
  });

  return routes;
}
