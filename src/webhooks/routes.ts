import { newRouter, type Router } from "../http/new-router.ts";
import { deliveryRoutes } from "./delivery-routes.ts";
import { webhookEndpointRoutes } from "./webhook-routes.ts";

/** `/api/v1/org/{org}/webhooks…`: where events go, and what became of them. */
export function webhookRoutes(): Router {
  return newRouter().route("/", webhookEndpointRoutes()).route("/", deliveryRoutes());
}
