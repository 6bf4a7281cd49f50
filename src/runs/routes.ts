import { artifactDownloadRoutes } from "./artifacts/artifact-download-routes.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { artifactRoutes } from "./artifacts/artifact-routes.ts";
import { eventRoutes } from "./agent/event-routes.ts";
import { logRoutes } from "./log/log-routes.ts";
import { runRoutes } from "./lifecycle/run-routes.ts";
import { runStepRoutes } from "./lifecycle/run-step-routes.ts";
import { sessionLogRoutes } from "./log/session-log-routes.ts";
import { stagedArtifactRoutes } from "./artifacts/staged-artifact-routes.ts";
import { streamRoutes } from "./live/stream-routes.ts";

/** Runs of agent tasks (agent-tasks 4 to 7). */
export function agentRunRoutes(): Router {
  const routes = newRouter();
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
