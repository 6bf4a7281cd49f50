import { newRouter, type Router } from "../http/new-router.ts";
import { commandRoutes } from "./commands/command-routes.ts";
import { commandInputRoutes } from "./commands/input-routes.ts";
import { terminalRoutes } from "./terminals/terminal-routes.ts";
import { environmentLifeRoutes } from "./environment-routes.ts";
import { executeRoutes } from "./commands/execute-routes.ts";
import { environmentFileRoutes } from "./environment-file-routes.ts";
import { environmentUploadRoutes } from "./uploads/upload-routes.ts";
import { verifyRoutes } from "./verification/verify-routes.ts";

/** Environments: a task provisioned in a sandbox, commands and files in it (contract A3, C1, C3; seed 002). */
export function environmentRoutes(): Router {
  const routes = newRouter();
  routes.route("/", environmentLifeRoutes());
  routes.route("/", executeRoutes());
  routes.route("/", commandRoutes());
  routes.route("/", commandInputRoutes());
  routes.route("/", terminalRoutes());
  routes.route("/", verifyRoutes());
  routes.route("/", environmentFileRoutes());
  routes.route("/", environmentUploadRoutes());
  return routes;
}
