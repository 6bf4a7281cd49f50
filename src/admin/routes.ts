import { newRouter, type Router } from "../http/new-router.ts";
import { accountRoutes } from "./account-routes.ts";
import { apiKeyRoutes } from "./api-key-routes.ts";
import { organizationRoutes } from "./organizations/organization-routes.ts";
import { projectRoutes } from "./organizations/project-routes.ts";
import { userRoutes } from "./user-routes.ts";
import { workspaceRoutes } from "./organizations/workspace-routes.ts";

/** `/api/v1/organizations`, `/api/v1/user…`, and under `/api/v1/org/{org}` workspaces, projects, users and keys. */
export function adminRoutes(): Router {
  const routes = newRouter();
  for (const part of [organizationRoutes, accountRoutes, workspaceRoutes, projectRoutes, userRoutes, apiKeyRoutes]) {
    routes.route("/", part());
  }
  return routes;
}
