import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { databaseOf } from "../../http/context.ts";
import { operation } from "../../http/operation.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { nameChange, projectPath, workspacePath } from "../fields.ts";
import { jsonAnswer, jsonBody, listQuery, NO_CONTENT } from "../../http/json-media.ts";
import { newProject, project, PROJECT_EXAMPLE, projectList, toProject } from "./project-schemas.ts";
import { createProject, deleteProject, findProject, listProjects, updateProject } from "./project-store.ts";

const totalCount = z.object({
  "X-Total-Count": z.string().openapi({ example: "1", description: "Rows in all pages" }),
});

const list = operation({
  method: "get",
  path: "/api/v1/org/{org}/ws/{ws}/projects",
  operationId: "listProjects",
  tags: ["Administration"],
  summary: "List a workspace's projects, by key",
  description: "A bare array, as published clients read it. A key that is bound to a project sees that one only.",
  scope: "any",
  errors: ["not_found", "validation_failed"],
  request: { params: workspacePath, query: listQuery },
  responses: { 200: { ...jsonAnswer("A page of projects", projectList, [PROJECT_EXAMPLE]), headers: totalCount } },
});

const create = operation({
  method: "post",
  path: "/api/v1/org/{org}/ws/{ws}/projects",
  operationId: "createProject",
  tags: ["Administration"],
  summary: "Create a project",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "already_exists"],
  request: { params: workspacePath, body: jsonBody(newProject, { key: "nightly", name: "Nightly" }) },
  responses: {
    201: jsonAnswer("The new project", project, {
      ...PROJECT_EXAMPLE,
      number: 2,
      key: "nightly",
      name: "Nightly",
      is_default: false,
    }),
  },
});

const read = operation({
  method: "get",
  path: "/api/v1/org/{org}/ws/{ws}/projects/{project}",
  operationId: "getProject",
  tags: ["Administration"],
  summary: "Read a project",
  scope: "any",
  errors: ["not_found"],
  request: { params: projectPath },
  responses: { 200: jsonAnswer("The project", project, PROJECT_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: "/api/v1/org/{org}/ws/{ws}/projects/{project}",
  operationId: "updateProject",
  tags: ["Administration"],
  summary: "Change a project's name or description",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: projectPath, body: jsonBody(nameChange, { name: "Default" }) },
  responses: { 200: jsonAnswer("The project as it is now", project, PROJECT_EXAMPLE) },
});

const remove = operation({
  method: "delete",
  path: "/api/v1/org/{org}/ws/{ws}/projects/{project}",
  operationId: "deleteProject",
  tags: ["Administration"],
  summary: "Delete an empty project and the keys that are bound to it",
  description: "The default project, and one that holds anything but keys, answer 409.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "conflict"],
  request: { params: projectPath },
  responses: NO_CONTENT,
});

/** Projects of a workspace. */
export function projectRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const { rows, total } = await listProjects(databaseOf(c), caller, ws, c.req.valid("query"));
    return c.json(rows.map(toProject), 200, { "X-Total-Count": String(total) });
  });

  routes.openapi(create, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const { key, name, description = null } = c.req.valid("json");
    return c.json(toProject(await createProject(databaseOf(c), caller, ws, { key, name, description })), 201);
  });

  routes.openapi(read, async (c) => {
    const { org, ws, project } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    return c.json(toProject(await findProject(databaseOf(c), caller, ws, project)), 200);
  });

  routes.openapi(update, async (c) => {
    const { org, ws, project } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    return c.json(toProject(await updateProject(databaseOf(c), caller, ws, project, c.req.valid("json"))), 200);
  });

  routes.openapi(remove, async (c) => {
    const { org, ws, project } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    await deleteProject(databaseOf(c), caller, ws, project);
    return c.body(null, 204);
  });

  return routes;
}
