import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { operation } from "../http/operation.ts";
import { allowEmptyBody } from "../http/validation.ts";
import { readProject } from "./project.ts";
import { showTask, taskAnswer } from "./task-answer.ts";
import { type TaskChange, taskChange } from "./task-fields.ts";
import { TASK_PATH, taskPath } from "./task-path.ts";
import { deleteTask, findTask, updateTask } from "./task-store.ts";

const retrieve = operation({
  method: "get",
  path: TASK_PATH,
  operationId: "getAgentTask",
  tags: ["Agent tasks"],
  summary: "Get a task with its latest run",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: taskPath },
  responses: { 200: taskAnswer("The task") },
});

const changes = {
  path: TASK_PATH,
  tags: ["Agent tasks"] as [string],
  description: "A title that is set counts as set by hand, unless `title_manually_set` says otherwise.",
  scope: "task:write" as const,
  errors: ["not_found"] as const,
  middleware: allowEmptyBody,
  request: {
    params: taskPath,
    body: {
      content: {
        "application/json": { schema: taskChange, example: { title: "Fix the login redirect", archived: true } },
      },
    },
  },
  responses: { 200: taskAnswer("The task as it is now") },
};

const update = operation({
  ...changes,
  method: "patch",
  operationId: "updateAgentTask",
  summary: "Change a task",
});

const replace = operation({
  ...changes,
  method: "put",
  operationId: "putAgentTask",
  summary: "Change a task, as PATCH does",
});

const remove = operation({
  method: "delete",
  path: TASK_PATH,
  operationId: "deleteAgentTask",
  tags: ["Agent tasks"],
  summary: "Delete a task",
  description: "It is gone from lists and look-ups; its runs stay readable.",
  scope: "task:write",
  errors: ["not_found"],
  request: { params: taskPath },
  responses: { 204: { description: "Done" } },
});

async function change(c: AppContext, path: { project_id: string; task_id: string }, body: TaskChange) {
  const project = readProject(callerOf(c), path.project_id);
  return showTask(c, await updateTask(databaseOf(c), project, path.task_id, body));
}

/** Reading, changing and deleting a task (agent-tasks 3.3). */
export function taskRoutes(): Router {
  const routes = newRouter();

  routes.openapi(retrieve, async (c) => {
    const { project_id, task_id } = c.req.valid("param");
    const project = readProject(callerOf(c), project_id);
    return c.json(await showTask(c, await findTask(databaseOf(c), project, task_id)), 200);
  });

  routes.openapi(update, async (c) => c.json(await change(c, c.req.valid("param"), c.req.valid("json")), 200));

  routes.openapi(replace, async (c) => c.json(await change(c, c.req.valid("param"), c.req.valid("json")), 200));

  routes.openapi(remove, async (c) => {
    const { project_id, task_id } = c.req.valid("param");
    await deleteTask(databaseOf(c), readProject(callerOf(c), project_id), task_id);
    return c.body(null, 204);
  });

  return routes;
}
