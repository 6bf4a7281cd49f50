import { callerOf, databaseOf } from "../http/context.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { operation } from "../http/operation.ts";
import { findCaller, findProject } from "./identity-store.ts";
import {
  AGENT_CALLER_EXAMPLE,
  AGENT_KEY_EXAMPLE,
  AGENT_PROJECT_EXAMPLE,
  agentCaller,
  agentKey,
  agentProject,
  toAgentCaller,
  toAgentKey,
  toAgentProject,
} from "./identity-view.ts";
import { readProject } from "./project.ts";
import { PROJECT_PATH, tasksPath } from "./task-path.ts";

const whoAmI = operation({
  method: "get",
  path: "/api/users/@me",
  operationId: "getAgentCaller",
  tags: ["Agent tasks"],
  summary: "Who calls, in the words of agent clients",
  scope: "any",
  errors: ["not_found"],
  responses: {
    200: {
      description: "The user with its organization and current project",
      content: { "application/json": { schema: agentCaller, example: AGENT_CALLER_EXAMPLE } },
    },
  },
});

const project = operation({
  method: "get",
  path: PROJECT_PATH,
  operationId: "getAgentProject",
  tags: ["Agent tasks"],
  summary: "Get a project, by number, id, or as `@current`",
  scope: "any",
  errors: ["not_found"],
  request: { params: tasksPath },
  responses: {
    200: {
      description: "The project",
      content: { "application/json": { schema: agentProject, example: AGENT_PROJECT_EXAMPLE } },
    },
  },
});

const key = operation({
  method: "get",
  path: "/api/personal_api_keys/@current",
  operationId: "getAgentApiKey",
  tags: ["Agent tasks"],
  summary: "What the presented key may do",
  scope: "any",
  errors: ["not_found"],
  responses: {
    200: {
      description: "The key, without its secret",
      content: { "application/json": { schema: agentKey, example: AGENT_KEY_EXAMPLE } },
    },
  },
});

/** What agent clients ask about themselves before anything else (agent-tasks 9). */
export function identityRoutes(): Router {
  const routes = newRouter();

  routes.openapi(whoAmI, async (c) => c.json(toAgentCaller(await findCaller(databaseOf(c), callerOf(c))), 200));

  routes.openapi(project, async (c) => {
    const reference = readProject(callerOf(c), c.req.valid("param").project_id);
    return c.json(toAgentProject(await findProject(databaseOf(c), reference)), 200);
  });

  routes.openapi(key, async (c) => c.json(toAgentKey(await findCaller(databaseOf(c), callerOf(c))), 200));

  return routes;
}
