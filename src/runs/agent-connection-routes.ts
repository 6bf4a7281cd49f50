import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { connectionRoutes } from "./connection-routes.ts";
import { relayRoutes } from "./relay-routes.ts";
import { slackThreadRoutes } from "./slack-thread-routes.ts";
import { tokenKeyRoutes } from "./token-key-routes.ts";

/** How runs reach their agents and the people around them (agent-tasks 8). */
export function agentConnectionRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>();
  routes.route("/", connectionRoutes());
  routes.route("/", tokenKeyRoutes());
  routes.route("/", relayRoutes());
  routes.route("/", slackThreadRoutes());
  return routes;
}
