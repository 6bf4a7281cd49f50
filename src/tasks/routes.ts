import { newRouter, type Router } from "../http/new-router.ts";
import { identityRoutes } from "./identity-routes.ts";
import { type StartRun, taskListRoutes } from "./task-list-routes.ts";
import { taskRoutes } from "./task-routes.ts";

/** All of agent tasks but their runs; `startRun` is what `start_run` of a new task calls. */
export function agentTaskRoutes(startRun: StartRun): Router {
  return newRouter().route("/", identityRoutes()).route("/", taskListRoutes(startRun)).route("/", taskRoutes());
}
