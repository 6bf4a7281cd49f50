import { newRouter, type Router } from "../http/new-router.ts";
import { evaluationRoutes } from "./routes/evaluation-routes.ts";
import { eventRoutes } from "./routes/event-routes.ts";
import { itemRoutes } from "./routes/item-routes.ts";

/** Evaluations: an agent, tasks, attempts, and what came of them (evaluations 2). */
export function evaluationsRoutes(): Router {
  const routes = newRouter();
  routes.route("/", evaluationRoutes());
  routes.route("/", itemRoutes());
  routes.route("/", eventRoutes());
  return routes;
}
