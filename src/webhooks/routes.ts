import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { deliveryRoutes } from "./delivery-routes.ts";
import { webhookEndpointRoutes } from "./webhook-routes.ts";

/** `/api/v1/org/{org}/webhooks…`: where events go, and what became of them. */
export function webhookRoutes(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>().route("/", webhookEndpointRoutes()).route("/", deliveryRoutes());
}
