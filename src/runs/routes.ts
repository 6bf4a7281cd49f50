import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { refuseInvalid } from "../http/validation.ts";
import { artifactDownloadRoutes } from "./artifact-download-routes.ts";
import { artifactRoutes } from "./artifact-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { logRoutes } from "./log-routes.ts";
import { runRoutes } from "./run-routes.ts";
import { runStepRoutes } from "./run-step-routes.ts";
import { sessionLogRoutes } from "./session-log-routes.ts";
import { stagedArtifactRoutes } from "./staged-artifact-routes.ts";
import { streamRoutes } from "./stream-routes.ts";

/** Runs of agent tasks (agent-tasks 4 to 7). */
export function agentRunRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  routes.route("/", runRoutes());
  routes.route("/", runStepRoutes());
  routes.route("/", logRoutes());
  routes.route("/", sessionLogRoutes());
  routes.route("/", artifactRoutes());
  routes.route("/", artifactDownloadRoutes());
  routes.route("/", stagedArtifactRoutes());
  routes.route("/", eventRoutes());
  routes.route("/", streamRoutes());
  return routes;
}
