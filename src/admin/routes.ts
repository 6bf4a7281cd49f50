import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { organizationRoutes } from "./organization-routes.ts";

/** Organizations, workspaces, projects, users and keys: `/api/v1/organizations`, `/api/v1/user…`, `/api/v1/org/{org}…`. */
export function adminRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>();
  routes.route("/", organizationRoutes());
  return routes;
}
