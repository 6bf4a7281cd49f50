import { jsonAnswer, listQuery, PAGE_EXAMPLE } from "../http/json-media.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { describePage } from "../http/paging.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";
import { findDelivery, insertReplay, listDeliveries } from "./delivery-store.ts";
import { findEndpoint } from "./endpoint-store.ts";
import { startDeliveries } from "./outbox.ts";
import { WEBHOOK_PATH } from "./webhook-routes.ts";
import {
  DELIVERY_DETAIL_EXAMPLE,
  DELIVERY_EXAMPLE,
  deliveryFilter,
  deliveryPath,
  toDelivery,
  toDeliveryDetail,
  webhookDelivery,
  webhookDeliveryDetail,
  webhookDeliveryList,
  webhookPath,
} from "./webhook-schemas.ts";

const list = operation({
  method: "get",
  path: `${WEBHOOK_PATH}/deliveries`,
  operationId: "listWebhookDeliveries",
  tags: ["Webhooks"],
  summary: "List a webhook's deliveries, newest first",
  description: "Deliveries that are over are kept for 30 days.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: webhookPath, query: listQuery.extend(deliveryFilter.shape) },
  responses: {
    200: jsonAnswer("A page of deliveries", webhookDeliveryList, { deliveries: [DELIVERY_EXAMPLE], ...PAGE_EXAMPLE }),
  },
});

const read = operation({
  method: "get",
  path: `${WEBHOOK_PATH}/deliveries/{delivery_id}`,
  operationId: "getWebhookDelivery",
  tags: ["Webhooks"],
  summary: "Read a delivery with what it carries",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: deliveryPath },
  responses: { 200: jsonAnswer("The delivery", webhookDeliveryDetail, DELIVERY_DETAIL_EXAMPLE) },
});

const replay = operation({
  method: "post",
  path: `${WEBHOOK_PATH}/deliveries/{delivery_id}/replay`,
  operationId: "replayWebhookDelivery",
  tags: ["Webhooks"],
  summary: "Deliver an event again",
  description: "As a new delivery with the same body and `event_id`; 409 while the first one is under way.",
  scope: "admin",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed", "conflict"],
  request: { params: deliveryPath },
  responses: {
    202: jsonAnswer("The new delivery", webhookDelivery, {
      ...DELIVERY_EXAMPLE,
      id: "0b12a4f60c1f0a7d2b94e6035a71c8de",
      state: "pending",
      attempts: 0,
      last_status: null,
      replay_of: DELIVERY_EXAMPLE.id,
      next_attempt_at: DELIVERY_EXAMPLE.created_at,
    }),
  },
});

/** What became of events on their way to a webhook. */
export function deliveryRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { org, webhook_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const query = c.req.valid("query");
    const db = databaseOf(c);
    const [, { rows, total }] = await Promise.all([
      findEndpoint(db, organizationId, webhook_id),
      listDeliveries(db, organizationId, webhook_id, query),
    ]);
    return c.json({ deliveries: rows.map(toDelivery), ...describePage(query, total) }, 200);
  });

  routes.openapi(read, async (c) => {
    const { org, webhook_id, delivery_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const delivery = await findDelivery(databaseOf(c), organizationId, webhook_id, delivery_id);
    return c.json(toDeliveryDetail(delivery), 200);
  });

  routes.openapi(replay, async (c) => {
    const { org, webhook_id, delivery_id } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const db = databaseOf(c);
    const { enabled } = await findEndpoint(db, organizationId, webhook_id);
    if (!enabled) throw new ApiError("conflict", "The webhook is disabled: enable it first.");
    const delivery = await insertReplay(db, organizationId, webhook_id, delivery_id);
    await startDeliveries(c.env, [delivery]);
    return c.json(toDelivery(delivery), 202);
  });

  return routes;
}
