import { v7 as uuid } from "uuid";
import { organizationPath } from "../admin/fields.ts";
import { type AppContext, configOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { jsonAnswer, jsonBody, listQuery, NO_CONTENT, PAGE_EXAMPLE } from "../http/json-media.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { operation } from "../http/operation.ts";
import { describePage } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { sealValue } from "./sealed-value.ts";
import { newSecret, secret, SECRET_EXAMPLE, secretChange, secretList, secretPath, toSecret } from "./secret-schemas.ts";
import { deleteSecret, findSecret, insertSecret, listSecrets, updateSecret } from "./secret-store.ts";

const SECRETS_PATH = "/api/v1/org/{org}/secrets";
const SECRET_PATH = `${SECRETS_PATH}/{secret}` as const;

const list = operation({
  method: "get",
  path: SECRETS_PATH,
  operationId: "listSecrets",
  tags: ["Secrets"],
  summary: "List the organization's secrets, by name",
  scope: "secret:read",
  errors: ["not_found", "validation_failed"],
  request: { params: organizationPath, query: listQuery },
  responses: { 200: jsonAnswer("A page of secrets", secretList, { secrets: [SECRET_EXAMPLE], ...PAGE_EXAMPLE }) },
});

const create = operation({
  method: "post",
  path: SECRETS_PATH,
  operationId: "createSecret",
  tags: ["Secrets"],
  summary: "Create a secret",
  description: "An organization has at most 200. No answer shows the value.",
  scope: "secret:write",
  projectKeys: "refused",
  errors: ["not_found", "already_exists", "conflict"],
  request: {
    params: organizationPath,
    body: jsonBody(newSecret, { name: "API_TOKEN", value: "correct-horse-battery-staple" }),
  },
  responses: { 201: jsonAnswer("The new secret", secret, SECRET_EXAMPLE) },
});

const read = operation({
  method: "get",
  path: SECRET_PATH,
  operationId: "getSecret",
  tags: ["Secrets"],
  summary: "Read what is known of a secret, without its value",
  scope: "secret:read",
  errors: ["not_found"],
  request: { params: secretPath },
  responses: { 200: jsonAnswer("The secret", secret, SECRET_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: SECRET_PATH,
  operationId: "updateSecret",
  tags: ["Secrets"],
  summary: "Replace a secret's value, or change its description",
  description: "Environments that have it keep the former value until they end.",
  scope: "secret:write",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: secretPath, body: jsonBody(secretChange, { value: "another-correct-horse-battery" }) },
  responses: { 200: jsonAnswer("The secret as it is now", secret, SECRET_EXAMPLE) },
});

const remove = operation({
  method: "delete",
  path: SECRET_PATH,
  operationId: "deleteSecret",
  tags: ["Secrets"],
  summary: "Delete a secret",
  description: "Environments that have it keep it until they end.",
  scope: "secret:write",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: secretPath },
  responses: NO_CONTENT,
});

/** A value as it is stored, and its size. */
async function seal(c: AppContext, secretId: string, value: string): Promise<{ sealedValue: string; size: number }> {
  const [key] = configOf(c).SECRET_ENCRYPTION_KEYS;
  if (!key) throw new ApiError("server_error", "This server has no SECRET_ENCRYPTION_KEYS to keep secrets.");
  return { sealedValue: await sealValue(key, secretId, value), size: new TextEncoder().encode(value).byteLength };
}

/** `/api/v1/org/{org}/secrets…`: values that environments get as variables, and that nobody reads back. */
export function secretRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { organizationId } = requireOwnOrganization(c, c.req.valid("param").org);
    const page = c.req.valid("query");
    const { rows, total } = await listSecrets(databaseOf(c), organizationId, page);
    return c.json({ secrets: rows.map(toSecret), ...describePage(page, total) }, 200);
  });

  routes.openapi(create, async (c) => {
    const { organizationId, userId } = requireOwnOrganization(c, c.req.valid("param").org);
    const { name, value, description = null } = c.req.valid("json");
    const id = uuid();
    const input = { id, name, description, createdBy: userId, ...(await seal(c, id, value)) };
    return c.json(toSecret(await insertSecret(databaseOf(c), organizationId, input)), 201);
  });

  routes.openapi(read, async (c) => {
    const { org, secret: segment } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    return c.json(toSecret(await findSecret(databaseOf(c), organizationId, segment)), 200);
  });

  routes.openapi(update, async (c) => {
    const { org, secret: segment } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const { value, ...change } = c.req.valid("json");
    const { id } = await findSecret(databaseOf(c), organizationId, segment);
    const sealed = value === undefined ? {} : await seal(c, id, value);
    return c.json(toSecret(await updateSecret(databaseOf(c), organizationId, id, { ...change, ...sealed })), 200);
  });

  routes.openapi(remove, async (c) => {
    const { org, secret: segment } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    await deleteSecret(databaseOf(c), organizationId, segment);
    return c.body(null, 204);
  });

  return routes;
}
