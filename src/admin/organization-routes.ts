import { OpenAPIHono, z } from "@hono/zod-openapi";
import { generateApiKey } from "../auth/api-keys.ts";
import { type AppEnv, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { operation } from "../http/operation.ts";
import { refuseInvalid } from "../http/validation.ts";
import { NO_STORE, refuseProjectKey } from "./access.ts";
import { toApiKey } from "./api-key-schemas.ts";
import { bootstrapOrAdmin } from "./bootstrap.ts";
import { createdOrganization, newOrganization, toOrganization } from "./organization-schemas.ts";
import { createOrganization } from "./organization-store.ts";
import { toProject } from "./project-schemas.ts";
import { toUser } from "./user-schemas.ts";
import { toWorkspace } from "./workspace-schemas.ts";

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
  middleware: [bootstrapOrAdmin],
  errors: [
    "key_required",
    "key_invalid",
    "key_revoked",
    "key_expired",
    "scope_missing",
    "forbidden",
    "malformed_json",
    "unsupported_media_type",
    "body_too_large",
    "validation_failed",
    "already_exists",
    "conflict",
  ],
  request: { body: { required: true, content: { "application/json": { schema: newOrganization } } } },
  responses: {
    201: {
      description: "Created; `api_key.key` is shown this once",
      content: { "application/json": { schema: createdOrganization } },
    },
  },
});

/** Organizations: create, read, change. */
export function organizationRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  routes.openapi(create, async (c) => {
    const caller = c.get("caller");
    if (caller) refuseProjectKey(caller);
    const { key, name, description = null, owner } = c.req.valid("json");
    const issued = await generateApiKey();
    const created = await createOrganization(
      databaseOf(c),
      { key, name, description, owner: requireOwner(owner, caller?.userId), onlyFirst: caller === undefined },
      issued,
    );
    return c.json(
      {
        organization: toOrganization(created.organization, true),
        user: toUser(created.user),
        workspace: toWorkspace(created.workspace),
        project: toProject(created.project),
        api_key: { ...toApiKey(created.apiKey), key: issued.key },
      },
      201,
      NO_STORE,
    );
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
