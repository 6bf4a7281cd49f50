import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { identityRoutes } from "./identity-routes.ts";
import { type StartRun, taskListRoutes } from "./task-list-routes.ts";
import { taskRoutes } from "./task-routes.ts";

/** All of agent tasks but their runs; `startRun` is what `start_run` of a new task calls. */
export function agentTaskRoutes(startRun: StartRun): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>()
    .route("/", identityRoutes())
    .route("/", taskListRoutes(startRun))
    .route("/", taskRoutes());
}
