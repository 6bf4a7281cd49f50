import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../http/context.ts";
import { refuseInvalid } from "../../http/validation.ts";
import { fileRoutes } from "./archive-file-routes.ts";
import { type FindSandboxInstruction, taskRoutes } from "./published-task-routes.ts";

/** The reading half of the task registry (A2). `files/…` comes before `{version}`, which would take it. */
export function registryReadRoutes(findSandboxInstruction: FindSandboxInstruction): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  routes.route("/", fileRoutes());
  routes.route("/", taskRoutes(findSandboxInstruction));
  return routes;
}
