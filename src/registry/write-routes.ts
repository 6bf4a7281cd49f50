import { newRouter, type Router } from "../http/new-router.ts";
import { publishRoutes } from "./uploads/publish-routes.ts";
import { uploadPartRoutes } from "./uploads/upload-part-routes.ts";
import { uploadRoutes } from "./uploads/upload-routes.ts";

/** What changes the registry's archives: publish, delete, uploads in parts. */
export function registryWriteRoutes(): Router {
  const routes = newRouter();
  for (const part of [publishRoutes, uploadRoutes, uploadPartRoutes]) routes.route("/", part());
  return routes;
}
