import { newRouter, type Router } from "../http/new-router.ts";
import { compareRoutes } from "./routes/compare-routes.ts";
import { evaluationRoutes } from "./routes/evaluation-routes.ts";
import { eventRoutes } from "./routes/event-routes.ts";
import { exportRoutes } from "./routes/export-routes.ts";
import { itemRoutes } from "./routes/item-routes.ts";
import { trajectoryRoutes } from "./routes/trajectory-routes.ts";

/** Evaluations: an agent, tasks, attempts, and what came of them (evaluations 2). */
export function evaluationsRoutes(): Router {
  const routes = newRouter();
  routes.route("/", compareRoutes());
  routes.route("/", evaluationRoutes());
  routes.route("/", itemRoutes());
  routes.route("/", trajectoryRoutes());
  routes.route("/", exportRoutes());
  routes.route("/", eventRoutes());
  return routes;
}
