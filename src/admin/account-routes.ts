import type { Caller } from "../auth/caller.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { grants, type Scope } from "../auth/scopes.ts";
import { callerOf, configOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { isAdministrator, NO_STORE } from "./access.ts";
import { account, ACCOUNT_EXAMPLE } from "./account-schemas.ts";
import { CREATED_API_KEY_EXAMPLE, createdApiKey, newOwnApiKey, toApiKey } from "./api-key-schemas.ts";
import { findIdentity, issueApiKey, revokeApiKey } from "./api-key-store.ts";
import { jsonAnswer, jsonBody, NO_CONTENT } from "../http/json-media.ts";
import { ORGANIZATION_EXAMPLE, organizationList, toOrganization } from "./organizations/organization-schemas.ts";
import { findOrganization } from "./organizations/organization-store.ts";
import { toUser } from "./user-schemas.ts";

const whoAmI = operation({
  method: "get",
  path: "/api/v1/user",
  operationId: "getAccount",
  tags: ["Account"],
  summary: "Whose key this is and what it may do",
  scope: "any",
  errors: [],
  responses: { 200: jsonAnswer("The user, the organization and the key", account, ACCOUNT_EXAMPLE) },
});

const listOrganizations = operation({
  method: "get",
  path: "/api/v1/user/organizations",
  operationId: "listOwnOrganizations",
  tags: ["Account"],
  summary: "The organizations that the key can act in: its own",
  scope: "any",
  errors: ["not_found"],
  responses: {
    200: jsonAnswer("A bare array, as published clients read it", organizationList, [ORGANIZATION_EXAMPLE]),
  },
});

const createKey = operation({
  method: "post",
  path: "/api/v1/user/api-keys",
  operationId: "createOwnApiKey",
  tags: ["Account"],
  summary: "Create a key for oneself",
  description:
    "The new key does no more than the presented one: scopes within its own, the same project when it is bound to one, and no later expiry. The scopes are always asked for.",
  scope: "any",
  looksUpKey: true,
  errors: ["forbidden", "not_found"],
  request: { body: jsonBody(newOwnApiKey, { name: "laptop", allowed_scopes: ["task:write"] }) },
  responses: { 201: jsonAnswer("The new key; `key` is shown this once", createdApiKey, CREATED_API_KEY_EXAMPLE) },
});

const revokeSelf = operation({
  method: "delete",
  path: "/api/v1/user/api-keys/self",
  operationId: "revokeOwnApiKey",
  tags: ["Account"],
  summary: "Revoke the presented key",
  scope: "any",
  looksUpKey: true,
  errors: ["not_found"],
  responses: NO_CONTENT,
});

/** The scopes of a key that a caller makes for itself; none that the presented key lacks. */
function ownScopes(caller: Caller, wanted: Scope[]): Scope[] {
  const missing = wanted.find((scope) => !grants(caller.scopes, scope));
  if (missing) throw new ApiError("forbidden", `The presented key lacks the scope '${missing}' and cannot give it.`);
  return wanted;
}

function ownProject(caller: Caller, wanted: string | null | undefined): string | null {
  if (caller.projectId === null) return wanted ?? null;
  if (wanted && wanted !== caller.projectId) {
    throw new ApiError("forbidden", "The presented key is bound to another project.");
  }
  return caller.projectId;
}

/** What a key can ask about and do for itself (A6, "Bootstrap calls" and "Key creation"). */
export function accountRoutes(): Router {
  const routes = newRouter();

  routes.openapi(whoAmI, async (c) => {
    const caller = callerOf(c);
    const { user, organization, apiKey } = await findIdentity(databaseOf(c), caller.organizationId, caller.keyId);
    return c.json(
      {
        ...toUser(user),
        organization: toOrganization(organization, isAdministrator(caller), configOf(c)),
        api_key: toApiKey(apiKey),
      },
      200,
    );
  });

  routes.openapi(listOrganizations, async (c) => {
    const caller = callerOf(c);
    const row = await findOrganization(databaseOf(c), caller.organizationId);
    return c.json([toOrganization(row, isAdministrator(caller), configOf(c))], 200);
  });

  routes.openapi(createKey, async (c) => {
    const caller = callerOf(c);
    const { name, scopes, org_id, project_id, expires_at } = c.req.valid("json");
    if (org_id && org_id !== caller.organizationId) throw new ApiError("not_found", "Organization not found.");
    const { row, key } = await issueApiKey(databaseOf(c), caller.organizationId, {
      userId: caller.userId,
      projectId: ownProject(caller, project_id),
      name,
      scopes: ownScopes(caller, scopes),
      expiresAt: expires_at ? new Date(expires_at) : null,
      parentId: caller.keyId,
    });
    return c.json({ ...toApiKey(row), key }, 201, NO_STORE);
  });

  routes.openapi(revokeSelf, async (c) => {
    const caller = callerOf(c);
    await revokeApiKey(databaseOf(c), caller.organizationId, caller.keyId);
    return c.body(null, 204);
  });

  return routes;
}
