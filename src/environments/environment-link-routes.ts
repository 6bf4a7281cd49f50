import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { type AppContext } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { WORK_TOKEN_HEADER } from "../sandbox/runner-protocol.ts";
import { openEnvironment } from "./object/environment-handle.ts";
import { toObjectRequest } from "./object-request.ts";

const LINK_PATH = "/api/v1/org/{org}/runners/environments/{environment_id}";

const linkPath = z.object({
  org: z.string().openapi({ example: "acme", description: "The organization's key" }),
  environment_id: z.uuid().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201" }),
});

const linkHeaders = z.object({
  [WORK_TOKEN_HEADER.toLowerCase()]: z
    .string()
    .optional()
    .openapi({ example: "6b1f…", description: "The token that came with the work" }),
});

const connect = operation({
  method: "get",
  path: `${LINK_PATH}/connect`,
  operationId: "connectEnvironmentMachine",
  tags: ["Runners"],
  summary: "Connect a runner's machine to the environment that it keeps, over WebSocket",
  description: "docs/runner.md describes the messages. Without `Upgrade: websocket` it is 400.",
  scope: "runner",
  projectKeys: "refused",
  errors: ["not_found", "invalid_request", "validation_failed"],
  request: { params: linkPath, headers: linkHeaders },
  responses: { 101: { description: "The connection, for a request with `Upgrade: websocket`" } },
});

const archive = operation({
  method: "get",
  path: `${LINK_PATH}/archive`,
  operationId: "downloadEnvironmentArchive",
  tags: ["Runners"],
  summary: "Download the archive of the environment's task, for the runner that keeps the environment",
  scope: "runner",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: linkPath, headers: linkHeaders },
  responses: {
    200: {
      description: "The archive",
      content: { "application/zip": { schema: z.string().openapi({ format: "binary" }), example: "PK…" } },
    },
  },
});

/** What a runner's machine asks of the environment that it keeps (docs/runner.md). */
export function environmentLinkRoutes(): Router {
  const routes = newRouter();

  routes.openapi(connect, async (c) => {
    const path = c.req.valid("param");
    requireOwnOrganization(c, path.org);
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new ApiError("invalid_request", "Machines connect with Upgrade: websocket.");
    }
    return askEnvironment(c, path, "socket");
  });

  routes.openapi(archive, async (c) => {
    const answer = await askEnvironment(c, c.req.valid("param"), "archive");
    return new Response(answer.body, { headers: { "Content-Type": "application/zip" } });
  });

  return routes;
}

/** 404 for every environment but the one that the token is of. */
async function askEnvironment(
  c: AppContext,
  { org, environment_id }: z.output<typeof linkPath>,
  wants: "socket" | "archive",
): Promise<Response> {
  const { organizationId } = requireOwnOrganization(c, org);
  const workToken = c.req.header(WORK_TOKEN_HEADER) ?? "";
  const asked = toObjectRequest({ kind: "machine", wants, organizationId, workToken });
  const answer = await openEnvironment(c.env, environment_id).fetch(asked);
  if (answer.status >= 400) throw new ApiError("not_found", "There is no environment that this token is of.");
  return answer;
}
