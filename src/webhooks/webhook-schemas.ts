import { z } from "@hono/zod-openapi";
import { identifier, organizationPath, timestamp } from "../admin/fields.ts";
import { WEBHOOK_EVENTS } from "../db/webhook-events.ts";
import { DELIVERY_STATES } from "../db/webhook-schema.ts";
import { pageFields } from "../http/paging.ts";
import { closedObject } from "../http/unknown-fields.ts";
import type { Delivery, ListedDelivery } from "./delivery-store.ts";
import type { Endpoint } from "./endpoint-store.ts";

const URL_MAX_LENGTH = 2000;

const url = z
  .url()
  .max(URL_MAX_LENGTH)
  .openapi({ example: "https://hooks.example.com/taskyard", description: "https, to a name on the public internet" });

const events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .max(WEBHOOK_EVENTS.length)
  .transform((names) => [...new Set(names)])
  .openapi({ example: ["flows.tasks.completed"], description: "What to be told of" });

export const newWebhook = closedObject({ url, events }).openapi("NewWebhook");

export const webhookChange = closedObject({
  url: url.optional(),
  events: events.optional(),
  enabled: z.boolean().optional(),
}).openapi("WebhookChange");

export const webhook = z
  .object({
    id: identifier,
    url: z.string(),
    events: z.array(z.enum(WEBHOOK_EVENTS)),
    enabled: z.boolean(),
    created_by: identifier.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi("Webhook");

export const WEBHOOK_EXAMPLE: z.output<typeof webhook> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be301",
  url: "https://hooks.example.com/taskyard",
  events: ["flows.tasks.completed"],
  enabled: true,
  created_by: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
};

/** A webhook with its new signing secret. */
export const webhookWithSecret = webhook
  .extend({ secret: z.string().openapi({ description: "Signs what is sent. It is shown this once." }) })
  .openapi("WebhookWithSecret");

export const WEBHOOK_WITH_SECRET_EXAMPLE: z.output<typeof webhookWithSecret> = {
  ...WEBHOOK_EXAMPLE,
  secret: `whsec_${"0".repeat(43)}`,
};

export const webhookList = z.object({ webhooks: z.array(webhook), ...pageFields }).openapi("WebhookList");

export const webhookDelivery = z
  .object({
    id: z.string(),
    webhook_id: identifier,
    event: z.enum(WEBHOOK_EVENTS),
    event_id: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int().openapi({ description: "Attempts so far; five at most" }),
    last_status: z.int().nullable().openapi({ description: "HTTP status of the last answer; null without one" }),
    last_error: z.string().nullable(),
    replay_of: z.string().nullable().openapi({ description: "The delivery that this one repeats, or null" }),
    next_attempt_at: timestamp.nullable().openapi({ description: "Null when the delivery is over" }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi("WebhookDelivery");

export const DELIVERY_EXAMPLE: z.output<typeof webhookDelivery> = {
  id: "8c1f0a7d2b94e6035a71c8de4f60b12a",
  webhook_id: WEBHOOK_EXAMPLE.id,
  event: "flows.tasks.completed",
  event_id: "5f0c2a6b-e302-5a3a-9d55-1f0c2a6be302",
  state: "delivered",
  attempts: 1,
  last_status: 204,
  last_error: null,
  replay_of: null,
  next_attempt_at: null,
  created_at: "2026-11-01T09:40:00.000Z",
  updated_at: "2026-11-01T09:40:01.000Z",
};

/** A delivery with what it carries. */
export const webhookDeliveryDetail = webhookDelivery
  .extend({ payload: z.record(z.string(), z.unknown()).openapi({ description: "The body that is sent" }) })
  .openapi("WebhookDeliveryDetail");

export const DELIVERY_DETAIL_EXAMPLE: z.output<typeof webhookDeliveryDetail> = {
  ...DELIVERY_EXAMPLE,
  payload: {
    event: DELIVERY_EXAMPLE.event,
    event_id: DELIVERY_EXAMPLE.event_id,
    organization_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
    timestamp: DELIVERY_EXAMPLE.created_at,
    data: { task_id: "task_12", status: "completed" },
  },
};

export const webhookDeliveryList = z
  .object({ deliveries: z.array(webhookDelivery), ...pageFields })
  .openapi("WebhookDeliveryList");

/** Which deliveries a list shows. */
export const deliveryFilter = z.object({
  state: z.enum(DELIVERY_STATES).optional().openapi({ example: "undelivered", description: "Only those" }),
  event: z.enum(WEBHOOK_EVENTS).optional().openapi({ example: "flows.tasks.completed", description: "Only those" }),
});

export const webhookPath = organizationPath.extend({
  webhook_id: identifier.openapi({ description: "Id of the webhook" }),
});

export const deliveryPath = webhookPath.extend({
  delivery_id: z.string().openapi({ example: DELIVERY_EXAMPLE.id, description: "Id of the delivery" }),
});

/** The wire form of a webhook; never its secret. */
export function toWebhook(row: Endpoint): z.output<typeof webhook> {
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    enabled: row.enabled,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** The wire form of a delivery. */
export function toDelivery(row: ListedDelivery): z.output<typeof webhookDelivery> {
  return {
    id: row.id,
    webhook_id: row.endpointId,
    event: row.event,
    event_id: row.eventId,
    state: row.state,
    attempts: row.attempts,
    last_status: row.lastStatus,
    last_error: row.lastError,
    replay_of: row.replayOf,
    next_attempt_at: row.state === "pending" ? row.dueAt.toISOString() : null,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

export function toDeliveryDetail(row: Delivery): z.output<typeof webhookDeliveryDetail> {
  return { ...toDelivery(row), payload: JSON.parse(row.body) };
}
