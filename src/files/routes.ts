import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { attachRoutes } from "./attach-routes.ts";
import { coreRoutes } from "./core/core-routes.ts";
import { fileRoutes } from "./file-routes.ts";
import { workflowTaskRoutes } from "./workflow-tasks/workflow-task-routes.ts";

/** `/tasks/{task_id}…`, `/files/{file_id}…`, `/core/…`: tasks and files as workflow clients know them. */
export function workflowRoutes(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>()
    .route("/", workflowTaskRoutes())
    .route("/", fileRoutes())
    .route("/", attachRoutes())
    .route("/", coreRoutes());
}
