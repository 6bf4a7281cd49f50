import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { generateApiKey } from "../../auth/api-keys.ts";
import { configOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { isAdministrator, NO_STORE } from "../access.ts";
import { CREATED_API_KEY_EXAMPLE, toApiKey } from "../api-key-schemas.ts";
import { bootstrapOrAdmin } from "../bootstrap.ts";
import { nameChange, organizationPath } from "../fields.ts";
import { jsonAnswer, jsonBody } from "../../http/json-media.ts";
import {
  createdOrganization,
  newOrganization,
  organization,
  ORGANIZATION_EXAMPLE,
  toOrganization,
} from "./organization-schemas.ts";
import { createOrganization, findOrganization, updateOrganization } from "./organization-store.ts";
import { PROJECT_EXAMPLE, toProject } from "./project-schemas.ts";
import { toUser, USER_EXAMPLE } from "../user-schemas.ts";
import { toWorkspace, WORKSPACE_EXAMPLE } from "./workspace-schemas.ts";

const create = operation({
  method: "post",
  path: "/api/v1/organizations",
  operationId: "createOrganization",
  tags: ["Administration"],
  summary: "Create an organization with its owner and a first admin key",
  description:
    "The first organization of a deployment is created with the bootstrap secret as the Bearer token, every other with an admin key. A default workspace and project come with it.",
  scope: "none",
  security: [{ bearer: [] }, { apiKey: [] }, { basic: [] }],
  "x-required-scope": "admin",
  "x-project-keys": "refused",
  middleware: [bootstrapOrAdmin],
  errors: [
    "key_required",
    "key_invalid",
    "key_inactive",
    "key_revoked",
    "key_expired",
    "scope_missing",
    "forbidden",
    "already_exists",
    "conflict",
  ],
  request: {
    body: jsonBody(newOrganization, {
      key: "acme",
      name: "Acme",
      owner: { username: "ada", email: "ada@example.com", name: "Ada" },
    }),
  },
  responses: {
    201: jsonAnswer("Created; `api_key.key` is shown this once", createdOrganization, {
      organization: ORGANIZATION_EXAMPLE,
      user: USER_EXAMPLE,
      workspace: WORKSPACE_EXAMPLE,
      project: PROJECT_EXAMPLE,
      api_key: CREATED_API_KEY_EXAMPLE,
    }),
  },
});

const read = operation({
  method: "get",
  path: "/api/v1/org/{org}",
  operationId: "getOrganization",
  tags: ["Administration"],
  summary: "Read the organization that the key belongs to",
  scope: "any",
  errors: ["not_found"],
  request: { params: organizationPath },
  responses: { 200: jsonAnswer("The organization", organization, ORGANIZATION_EXAMPLE) },
});

const update = operation({
  method: "patch",
  path: "/api/v1/org/{org}",
  operationId: "updateOrganization",
  tags: ["Administration"],
  summary: "Change an organization's name or description",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: organizationPath, body: jsonBody(nameChange, { name: "Acme Research" }) },
  responses: { 200: jsonAnswer("The organization as it is now", organization, ORGANIZATION_EXAMPLE) },
});

/** Organizations: create, read, change. */
export function organizationRoutes(): Router {
  const routes = newRouter();

  routes.openapi(create, async (c) => {
    const caller = c.get("caller");
    const { key, name, description = null, owner } = c.req.valid("json");
    const issued = await generateApiKey();
    const created = await createOrganization(
      databaseOf(c),
      { key, name, description, owner: requireOwner(owner, caller?.userId), onlyFirst: caller === undefined },
      issued,
    );
    return c.json(
      {
        organization: toOrganization(created.organization, true, configOf(c)),
        user: toUser(created.user),
        workspace: toWorkspace(created.workspace),
        project: toProject(created.project),
        api_key: { ...toApiKey(created.apiKey), key: issued.key },
      },
      201,
      NO_STORE,
    );
  });

  routes.openapi(read, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    const row = await findOrganization(databaseOf(c), caller.organizationId);
    return c.json(toOrganization(row, isAdministrator(caller), configOf(c)), 200);
  });

  routes.openapi(update, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    const row = await updateOrganization(databaseOf(c), caller.organizationId, c.req.valid("json"));
    return c.json(toOrganization(row, true, configOf(c)), 200);
  });

  return routes;
}

function requireOwner(owner: z.output<typeof newOrganization>["owner"], callerId: string | undefined) {
  if (owner) return { ...owner, name: owner.name ?? null };
  if (callerId !== undefined) return { copyOf: callerId };
  throw new ApiError("validation_failed", "Request validation failed. body.owner: Required with the bootstrap secret", {
    errors: [{ loc: ["body", "owner"], msg: "Required with the bootstrap secret", type: "invalid_type" }],
  });
}
