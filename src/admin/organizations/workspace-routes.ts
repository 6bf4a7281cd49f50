import { databaseOf } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { describePage } from "../../http/paging.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { nameChange, organizationPath, workspacePath } from "../fields.ts";
import { jsonAnswer, jsonBody, listQuery, NO_CONTENT, PAGE_EXAMPLE } from "../../http/json-media.ts";
import { newWorkspace, toWorkspace, workspace, WORKSPACE_EXAMPLE, workspaceList } from "./workspace-schemas.ts";
import { createWorkspace, deleteWorkspace, findWorkspace, listWorkspaces, updateWorkspace } from "./workspace-store.ts";

const list = operation({
  method: "get",
  path: "/api/v1/org/{org}/ws",
  operationId: "listWorkspaces",
  tags: ["Administration"],
  summary: "List workspaces, by key",
  scope: "any",
  errors: ["not_found", "validation_failed"],
  request: { params: organizationPath, query: listQuery },
  responses: {
    200: jsonAnswer("A page of workspaces", workspaceList, { workspaces: [WORKSPACE_EXAMPLE], ...PAGE_EXAMPLE }),
  },
});

const create = operation({
  method: "post",
  path: "/api/v1/org/{org}/ws",
  operationId: "createWorkspace",
  tags: ["Administration"],
  summary: "Create a workspace",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "already_exists"],
  request: { params: organizationPath, body: jsonBody(newWorkspace, { key: "red-team", name: "Red team" }) },
  responses: {
    201: jsonAnswer("The new workspace", workspace, {
      ...WORKSPACE_EXAMPLE,
      key: "red-team",
      name: "Red team",
      is_default: false,
      project_count: 0,
    }),
  },
});

const read = operation({
  method: "get",
  path: "/api/v1/org/{org}/ws/{ws}",
  operationId: "getWorkspace",
  tags: ["Administration"],
  summary: "Read a workspace",
  scope: "any",
  errors: ["not_found"],
  request: { params: workspacePath },
  responses: { 200: jsonAnswer("The workspace", workspace, WORKSPACE_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: "/api/v1/org/{org}/ws/{ws}",
  operationId: "updateWorkspace",
  tags: ["Administration"],
  summary: "Change a workspace's name or description",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: workspacePath, body: jsonBody(nameChange, { name: "Main", description: "Daily work" }) },
  responses: { 200: jsonAnswer("The workspace as it is now", workspace, WORKSPACE_EXAMPLE) },
});

const remove = operation({
  method: "delete",
  path: "/api/v1/org/{org}/ws/{ws}",
  operationId: "deleteWorkspace",
  tags: ["Administration"],
  summary: "Delete an empty workspace",
  description: "The default workspace, and one that holds projects, answer 409.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "conflict"],
  request: { params: workspacePath },
  responses: NO_CONTENT,
});

/** Workspaces of an organization. */
export function workspaceRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    const page = c.req.valid("query");
    const { rows, total } = await listWorkspaces(databaseOf(c), caller, page);
    return c.json({ workspaces: rows.map(toWorkspace), ...describePage(page, total) }, 200);
  });

  routes.openapi(create, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    const { key, name, description = null } = c.req.valid("json");
    const input = { key, name, description, createdBy: caller.userId };
    return c.json(toWorkspace(await createWorkspace(databaseOf(c), caller, input)), 201);
  });

  routes.openapi(read, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    return c.json(toWorkspace(await findWorkspace(databaseOf(c), caller, ws)), 200);
  });

  routes.openapi(update, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    return c.json(toWorkspace(await updateWorkspace(databaseOf(c), caller, ws, c.req.valid("json"))), 200);
  });

  routes.openapi(remove, async (c) => {
    const { org, ws } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    await deleteWorkspace(databaseOf(c), caller, ws);
    return c.body(null, 204);
  });

  return routes;
}
