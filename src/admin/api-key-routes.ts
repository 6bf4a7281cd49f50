import { databaseOf } from "../http/context.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { describePage } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { NO_STORE } from "./access.ts";
import {
  API_KEY_EXAMPLE,
  apiKey,
  apiKeyChange,
  apiKeyFilter,
  apiKeyList,
  apiKeyPath,
  CREATED_API_KEY_EXAMPLE,
  createdApiKey,
  newApiKey,
  toApiKey,
} from "./api-key-schemas.ts";
import { findApiKey, issueApiKey, listApiKeys, revokeApiKey, switchApiKey } from "./api-key-store.ts";
import { organizationPath } from "./fields.ts";
import { jsonAnswer, jsonBody, listQuery, NO_CONTENT, PAGE_EXAMPLE } from "../http/json-media.ts";

const list = operation({
  method: "get",
  path: "/api/v1/org/{org}/api-keys",
  operationId: "listApiKeys",
  tags: ["Administration"],
  summary: "List the organization's API keys, newest first",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: organizationPath, query: listQuery.extend(apiKeyFilter.shape) },
  responses: { 200: jsonAnswer("A page of keys", apiKeyList, { api_keys: [API_KEY_EXAMPLE], ...PAGE_EXAMPLE }) },
});

const create = operation({
  method: "post",
  path: "/api/v1/org/{org}/api-keys",
  operationId: "createApiKey",
  tags: ["Administration"],
  summary: "Create an API key for a user of the organization",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: organizationPath, body: jsonBody(newApiKey, { name: "ci", scopes: ["task:write"] }) },
  responses: { 201: jsonAnswer("The new key; `key` is shown this once", createdApiKey, CREATED_API_KEY_EXAMPLE) },
});

const read = operation({
  method: "get",
  path: "/api/v1/org/{org}/api-keys/{key_id}",
  operationId: "getApiKey",
  tags: ["Administration"],
  summary: "Read what is known of an API key",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: apiKeyPath },
  responses: { 200: jsonAnswer("The key, without its secret", apiKey, API_KEY_EXAMPLE) },
});

const change = operation({
  method: "patch",
  path: "/api/v1/org/{org}/api-keys/{key_id}",
  operationId: "updateApiKey",
  tags: ["Administration"],
  summary: "Switch an API key off, or on again",
  description:
    "A key that is off answers 401, for append_log and stream within five seconds. One that is revoked stays so. A key " +
    "cannot switch itself off.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "conflict"],
  request: { params: apiKeyPath, body: jsonBody(apiKeyChange, { active: false }) },
  responses: { 200: jsonAnswer("The key as it is now", apiKey, API_KEY_EXAMPLE) },
});

const revoke = operation({
  method: "delete",
  path: "/api/v1/org/{org}/api-keys/{key_id}",
  operationId: "revokeApiKey",
  tags: ["Administration"],
  summary: "Revoke an API key",
  description:
    "The key stops working at once, for append_log and stream within five seconds, and stays readable with `revoked_at`. " +
    "Revoking again changes nothing.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: apiKeyPath },
  responses: NO_CONTENT,
});

/** API keys of an organization. */
export function apiKeyRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { organizationId } = requireOwnOrganization(c, c.req.valid("param").org);
    const query = c.req.valid("query");
    const { rows, total } = await listApiKeys(databaseOf(c), organizationId, query);
    return c.json({ api_keys: rows.map((row) => toApiKey(row)), ...describePage(query, total) }, 200);
  });

  routes.openapi(create, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    const { name, scopes, user_id, project_id = null, expires_at, format } = c.req.valid("json");
    const { row, key } = await issueApiKey(databaseOf(c), caller.organizationId, {
      userId: user_id ?? caller.userId,
      projectId: project_id,
      name,
      scopes,
      format,
      expiresAt: expires_at ? new Date(expires_at) : null,
    });
    return c.json({ ...toApiKey(row), key }, 201, NO_STORE);
  });

  routes.openapi(read, async (c) => {
    const { org, key_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    return c.json(toApiKey(await findApiKey(databaseOf(c), organizationId, key_id)), 200);
  });

  routes.openapi(change, async (c) => {
    const { org, key_id } = c.req.valid("param");
    const { organizationId, keyId } = requireOwnOrganization(c, org);
    const { active } = c.req.valid("json");
    if (keyId === key_id && !active) throw new ApiError("conflict", "A key cannot switch itself off.");
    return c.json(toApiKey(await switchApiKey(databaseOf(c), organizationId, key_id, active)), 200);
  });

  routes.openapi(revoke, async (c) => {
    const { org, key_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    await revokeApiKey(databaseOf(c), organizationId, key_id);
    return c.body(null, 204);
  });

  return routes;
}
