import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { publishRoutes } from "./publish-routes.ts";
import { uploadPartRoutes } from "./upload-part-routes.ts";
import { uploadRoutes } from "./upload-routes.ts";

/** What changes the registry's archives: publish, delete, uploads in parts. */
export function registryWriteRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>();
  for (const part of [publishRoutes, uploadRoutes, uploadPartRoutes]) routes.route("/", part());
  return routes;
}
