import { databaseOf } from "../http/context.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { describePage } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { organizationPath } from "./fields.ts";
import { jsonAnswer, jsonBody, listQuery, NO_CONTENT, PAGE_EXAMPLE } from "../http/json-media.ts";
import { newUser, toUser, user, USER_EXAMPLE, userChange, userList, userPath } from "./user-schemas.ts";
import { createUser, deleteUser, findUser, listUsers, updateUser } from "./user-store.ts";

const list = operation({
  method: "get",
  path: "/api/v1/org/{org}/users",
  operationId: "listUsers",
  tags: ["Administration"],
  summary: "List the organization's users, by username",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: organizationPath, query: listQuery },
  responses: { 200: jsonAnswer("A page of users", userList, { users: [USER_EXAMPLE], ...PAGE_EXAMPLE }) },
});

const create = operation({
  method: "post",
  path: "/api/v1/org/{org}/users",
  operationId: "createUser",
  tags: ["Administration"],
  summary: "Add a user to the organization",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "member_exists", "member_limit_exceeded"],
  request: {
    params: organizationPath,
    body: jsonBody(newUser, { email: "grace@example.com", username: "grace", name: "Grace", role: "contributor" }),
  },
  responses: {
    201: jsonAnswer("The new user", user, {
      ...USER_EXAMPLE,
      email_address: "grace@example.com",
      username: "grace",
      name: "Grace",
      full_name: "Grace",
      role: "contributor",
    }),
  },
});

const read = operation({
  method: "get",
  path: "/api/v1/org/{org}/users/{user_id}",
  operationId: "getUser",
  tags: ["Administration"],
  summary: "Read a user",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: userPath },
  responses: { 200: jsonAnswer("The user", user, USER_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: "/api/v1/org/{org}/users/{user_id}",
  operationId: "updateUser",
  tags: ["Administration"],
  summary: "Change a user's name or role",
  description: "The last owner stays one (409).",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "conflict"],
  request: { params: userPath, body: jsonBody(userChange, { role: "reader" }) },
  responses: { 200: jsonAnswer("The user as it is now", user, { ...USER_EXAMPLE, role: "reader" }) },
});

const remove = operation({
  method: "delete",
  path: "/api/v1/org/{org}/users/{user_id}",
  operationId: "deleteUser",
  tags: ["Administration"],
  summary: "Delete a user and all of the user's keys",
  description: "The last owner, and the user who calls, answer 409.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed", "conflict"],
  request: { params: userPath },
  responses: NO_CONTENT,
});

/** Users of an organization. */
export function userRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { organizationId } = requireOwnOrganization(c, c.req.valid("param").org);
    const page = c.req.valid("query");
    const { rows, total } = await listUsers(databaseOf(c), organizationId, page);
    return c.json({ users: rows.map(toUser), ...describePage(page, total) }, 200);
  });

  routes.openapi(create, async (c) => {
    const { organizationId } = requireOwnOrganization(c, c.req.valid("param").org);
    const { name = null, ...input } = c.req.valid("json");
    return c.json(toUser(await createUser(databaseOf(c), organizationId, { name, ...input })), 201);
  });

  routes.openapi(read, async (c) => {
    const { org, user_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    return c.json(toUser(await findUser(databaseOf(c), organizationId, user_id)), 200);
  });

  routes.openapi(update, async (c) => {
    const { org, user_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    return c.json(toUser(await updateUser(databaseOf(c), organizationId, user_id, c.req.valid("json"))), 200);
  });

  routes.openapi(remove, async (c) => {
    const { org, user_id } = c.req.valid("param");
    const { organizationId, userId } = requireOwnOrganization(c, org);
    if (user_id === userId) throw new ApiError("conflict", "A key cannot delete the user whom it belongs to.");
    await deleteUser(databaseOf(c), organizationId, user_id);
    return c.body(null, 204);
  });

  return routes;
}
