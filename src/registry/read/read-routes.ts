import { fileRoutes } from "./archive-file-routes.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { type FindSandboxInstruction, taskRoutes } from "./published-task-routes.ts";

/** The reading half of the task registry (A2). `files/…` comes before `{version}`, which would take it. */
export function registryReadRoutes(findSandboxInstruction: FindSandboxInstruction): Router {
  const routes = newRouter();
  routes.route("/", fileRoutes());
  routes.route("/", taskRoutes(findSandboxInstruction));
  return routes;
}
