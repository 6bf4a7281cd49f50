import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { openPool, RUNNER_KEY_HEADER } from "./pool-handle.ts";

const RUNNERS_PATH = "/api/v1/org/{org}/runners";

const organizationPath = z.object({
  org: z.string().openapi({ example: "acme", description: "The organization's key" }),
});

const runnerList = z
  .object({
    runners: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        labels: z.array(z.string()),
        capabilities: z.array(z.string()).openapi({
          description: "`container`: it runs tasks in their own images; `compose`: also those of several services",
        }),
        kinds: z.array(z.string()),
        slots: z.int(),
        busy: z.int(),
        connected: z.boolean(),
      }),
    ),
    queued: z.int(),
  })
  .openapi("RunnerList");

const list = operation({
  method: "get",
  path: RUNNERS_PATH,
  operationId: "listRunners",
  tags: ["Runners"],
  summary: "List the runners of an organization",
  description:
    "Those that are connected, and those that have work and may come back; `busy` of their `slots` are taken. `queued` " +
    "counts the environments and runs that no runner has claimed yet.",
  scope: "environment:read",
  projectKeys: "refused",
  errors: ["not_found"],
  request: { params: organizationPath },
  responses: {
    200: {
      description: "The runners",
      content: {
        "application/json": {
          schema: runnerList,
          example: {
            runners: [
              {
                id: "0d1c9d5e-5a53-4f0b-8c2f-0f6d6d1c3a11",
                name: "build-7",
                labels: ["gpu"],
                capabilities: ["container"],
                kinds: ["environment", "run"],
                slots: 4,
                busy: 1,
                connected: true,
              },
            ],
            queued: 0,
          },
        },
      },
    },
  },
});

const connect = operation({
  method: "get",
  path: `${RUNNERS_PATH}/connect`,
  operationId: "connectRunner",
  tags: ["Runners"],
  summary: "Connect a runner, over WebSocket",
  description:
    "`npm run runner` does this. docs/runner.md describes the messages. A key that is bound to a project is refused, since " +
    "runners do the work of the whole organization. Without `Upgrade: websocket` it is 400.",
  scope: "runner",
  projectKeys: "refused",
  errors: ["not_found", "invalid_request", "unavailable"],
  request: { params: organizationPath },
  responses: { 101: { description: "The connection, for a request with `Upgrade: websocket`" } },
});

/** The runners of an organization and the place where they connect (docs/runner.md). */
export function runnerRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { organizationId } = requireOwnOrganization(c, c.req.valid("param").org);
    return c.json(await openPool(c.env, organizationId).describe(), 200);
  });

  routes.openapi(connect, async (c) => {
    const caller = requireOwnOrganization(c, c.req.valid("param").org);
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new ApiError("invalid_request", "Runners connect with Upgrade: websocket.");
    }
    const answer = await openPool(c.env, caller.organizationId).fetch(
      new Request("https://pool/", { headers: { Upgrade: "websocket", [RUNNER_KEY_HEADER]: caller.keyId } }),
    );
    if (answer.status === 503) throw new ApiError("unavailable", "This organization has as many runners as it may.");
    return answer;
  });

  return routes;
}
