import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { publishRoutes } from "./uploads/publish-routes.ts";
import { uploadPartRoutes } from "./uploads/upload-part-routes.ts";
import { uploadRoutes } from "./uploads/upload-routes.ts";

/** What changes the registry's archives: publish, delete, uploads in parts. */
export function registryWriteRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>();
  for (const part of [publishRoutes, uploadRoutes, uploadPartRoutes]) routes.route("/", part());
  return routes;
}
