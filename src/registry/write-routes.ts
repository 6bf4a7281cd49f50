import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { publishRoutes } from "./publish-routes.ts";

/** What changes the registry's archives: publish, delete, uploads in parts. */
export function registryWriteRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>();
  routes.route("/", publishRoutes());
  return routes;
}
