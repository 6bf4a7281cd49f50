import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import type { OwnBodyLimit } from "../http/validation.ts";
import { attachRoutes } from "./attach-routes.ts";
import { coreRoutes } from "./core-routes.ts";
import { fileRoutes } from "./file-routes.ts";
import { workflowTaskRoutes } from "./workflow-task-routes.ts";

/** Bodies with a file in base64. */
export const FILE_BODY_LIMITS: readonly OwnBodyLimit[] = [
  { path: /^\/(tasks\/[^/]+\/files|core\/upload)$/, limit: (config) => config.RUN_ARTIFACTS_BODY_MAX_BYTES },
];

/** `/tasks/{task_id}…`, `/files/{file_id}…`, `/core/…`: tasks and files as workflow clients know them. */
export function workflowRoutes(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>()
    .route("/", workflowTaskRoutes())
    .route("/", fileRoutes())
    .route("/", attachRoutes())
    .route("/", coreRoutes());
}
