import { newRouter, type Router } from "../http/new-router.ts";
import { connectionRoutes } from "./agent/connection-routes.ts";
import { relayRoutes } from "./slack/relay-routes.ts";
import { slackThreadRoutes } from "./slack/slack-thread-routes.ts";
import { tokenKeyRoutes } from "./agent/token-key-routes.ts";

/** How runs reach their agents and the people around them (agent-tasks 8). */
export function agentConnectionRoutes(): Router {
  const routes = newRouter();
  routes.route("/", connectionRoutes());
  routes.route("/", tokenKeyRoutes());
  routes.route("/", relayRoutes());
  routes.route("/", slackThreadRoutes());
  return routes;
}
