import { newRouter, type Router } from "../http/new-router.ts";
import { attachRoutes } from "./attach-routes.ts";
import { coreRoutes } from "./core/core-routes.ts";
import { fileRoutes } from "./file-routes.ts";
import { workflowTaskRoutes } from "./workflow-tasks/workflow-task-routes.ts";

/** `/tasks/{task_id}…`, `/files/{file_id}…`, `/core/…`: tasks and files as workflow clients know them. */
export function workflowRoutes(): Router {
  return newRouter()
    .route("/", workflowTaskRoutes())
    .route("/", fileRoutes())
    .route("/", attachRoutes())
    .route("/", coreRoutes());
}
