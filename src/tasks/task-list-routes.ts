import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { describeOffsetPage, offsetQuery } from "../http/agent-api/agent-paging.ts";
import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { idToMake } from "../http/idempotency.ts";
import { operation } from "../http/operation.ts";
import { toPublicUrl } from "../http/admission/public-origin.ts";
import { allowEmptyBody } from "../http/validation.ts";
import { logUrlSigner } from "./log-links.ts";
import { readProject } from "./project.ts";
import { refuseSandboxEnvironment, refuseUnknownArtifacts, type RunOptions } from "../runs/model/run-options.ts";
import type { RunRow } from "../runs/model/run-view.ts";
import { showTask, taskAnswer } from "./task-answer.ts";
import { newTask, summariesRequest } from "./task-fields.ts";
import { listRepositories, listSummaries, listTasks } from "./task-list-store.ts";
import { TASKS_PATH, tasksPath } from "./task-path.ts";
import { taskListQuery } from "./task-query.ts";
import { TASK_EXAMPLE, TASK_SUMMARY_EXAMPLE, taskPage, taskRepositories, taskSummaryPage } from "./task-schema.ts";
import { insertTask } from "./task-store.ts";
import { type TaskRow, toTask, toTaskSummary } from "./task-view.ts";
import { startDeliveries } from "../webhooks/outbox.ts";

/** Starts a run of a task in the cloud; runs bring it, because tasks know nothing of them. */
export type StartRun = (c: AppContext, task: TaskRow["task"], options: RunOptions) => Promise<RunRow>;

const ONE_PAGE = { count: 1, next: null, previous: null };

const list = operation({
  method: "get",
  path: TASKS_PATH,
  operationId: "listAgentTasks",
  tags: ["Agent tasks"],
  summary: "List tasks with their latest runs, newest first",
  description: "All filters apply together. Internal and archived tasks are left out unless asked for.",
  scope: "task:read",
  errors: ["not_found", "validation_failed"],
  request: { params: tasksPath, query: taskListQuery },
  responses: {
    200: {
      description: "A page of tasks",
      content: { "application/json": { schema: taskPage, example: { ...ONE_PAGE, results: [TASK_EXAMPLE] } } },
    },
  },
});

const create = operation({
  method: "post",
  path: TASKS_PATH,
  operationId: "createAgentTask",
  tags: ["Agent tasks"],
  summary: "Create a task",
  description:
    "All fields are optional. Without a title it is the description's first line. `start_run` starts a run in the " +
    "cloud with the run options given here, as `run` does.",
  scope: "task:write",
  errors: ["not_found", "reference_invalid", "request_refused"],
  middleware: allowEmptyBody,
  isRepeatable: true,
  request: {
    params: tasksPath,
    body: {
      content: {
        "application/json": {
          schema: newTask,
          example: {
            title: TASK_EXAMPLE.title,
            description: TASK_EXAMPLE.description,
            origin_product: "user_created",
            repository: "acme/website",
          },
        },
      },
    },
  },
  responses: { 201: taskAnswer("The new task") },
});

const summarize = operation({
  method: "post",
  path: `${TASKS_PATH}/summaries`,
  operationId: "listAgentTaskSummaries",
  tags: ["Agent tasks"],
  summary: "List the summaries of up to 5,000 tasks, newest first",
  description: "Ids that lead to no task are left out. Paged like the list of tasks: send the same ids to `next`.",
  scope: "task:read",
  errors: ["not_found"],
  request: {
    params: tasksPath,
    query: z.object(offsetQuery),
    body: {
      required: true,
      content: { "application/json": { schema: summariesRequest, example: { ids: [TASK_EXAMPLE.id] } } },
    },
  },
  responses: {
    200: {
      description: "A page of summaries",
      content: {
        "application/json": { schema: taskSummaryPage, example: { ...ONE_PAGE, results: [TASK_SUMMARY_EXAMPLE] } },
      },
    },
  },
});

const repositories = operation({
  method: "get",
  path: `${TASKS_PATH}/repositories`,
  operationId: "listAgentTaskRepositories",
  tags: ["Agent tasks"],
  summary: "List the repositories of a project's tasks, in alphabetical order",
  description: "Of tasks that are neither deleted nor internal; the first 1,000.",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: tasksPath },
  responses: {
    200: {
      description: "The repositories",
      content: { "application/json": { schema: taskRepositories, example: { repositories: ["acme/website"] } } },
    },
  },
});

/**
 * Listing and creating tasks (agent-tasks 3.1, 3.2, 9). Mounted before `taskRoutes`, whose `{task_id}` would take
 * `summaries` and `repositories`.
 */
export function taskListRoutes(startRun: StartRun): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const query = c.req.valid("query");
    const project = readProject(callerOf(c), c.req.valid("param").project_id);
    const { rows, total } = await listTasks(databaseOf(c), project, query);
    const sign = logUrlSigner(c);
    const tasks = await Promise.all(rows.map((row) => toTask(row, sign)));
    return c.json(describeOffsetPage(toPublicUrl(c, c.req.url), query, total, tasks), 200);
  });

  routes.openapi(create, async (c) => {
    const caller = callerOf(c);
    const body = c.req.valid("json");
    const project = readProject(caller, c.req.valid("param").project_id);
    if (body.start_run) {
      refuseSandboxEnvironment(body);
      // A task that is only being made has no files yet.
      refuseUnknownArtifacts(body.pending_user_artifact_ids ?? []);
    }
    const { row, deliveries } = await insertTask(databaseOf(c), project, idToMake(c, "task"), caller.userNumber, body);
    if (deliveries.length > 0) c.executionCtx.waitUntil(startDeliveries(c.env, deliveries));
    const latestRun = body.start_run ? await startRun(c, row.task, body) : null;
    return c.json(await showTask(c, { ...row, latestRun }), 201);
  });

  routes.openapi(summarize, async (c) => {
    const page = c.req.valid("query");
    const project = readProject(callerOf(c), c.req.valid("param").project_id);
    const { rows, total } = await listSummaries(databaseOf(c), project, c.req.valid("json").ids, page);
    return c.json(describeOffsetPage(toPublicUrl(c, c.req.url), page, total, rows.map(toTaskSummary)), 200);
  });

  routes.openapi(repositories, async (c) => {
    const project = readProject(callerOf(c), c.req.valid("param").project_id);
    return c.json({ repositories: await listRepositories(databaseOf(c), project) }, 200);
  });

  return routes;
}
