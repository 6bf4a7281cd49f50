import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organizations } from "./schema.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "./webhook-events.ts";

const timestamp = (name: string) => integer(name, { mode: "timestamp_ms" });

/** Where an organization wants to be told of events. */
export const webhookEndpoints = sqliteTable(
  "webhook_endpoints",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    url: text("url").notNull(),
    events: text("events", { mode: "json" }).$type<WebhookEvent[]>().notNull(),
    enabled: integer("enabled", { mode: "boolean" }).notNull().default(true),
    /** The signing secret, encrypted: deliveries need it back (src/webhooks/sealed-secret.ts). */
    sealedSecret: text("sealed_secret").notNull(),
    createdBy: text("created_by"),
    createdAt: timestamp("created_at").notNull(),
    updatedAt: timestamp("updated_at").notNull(),
  },
  (table) => [index("webhook_endpoints_organization").on(table.organizationId, table.createdAt)],
);

export const DELIVERY_STATES = ["pending", "delivered", "undelivered"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/**
 * Events on their way to an endpoint: written in the batch of the change that they tell of, so that none is lost. The
 * endpoint may be gone.
 */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    /** 32 hex digits; the id of the Workflow that delivers it, too. */
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    endpointId: text("endpoint_id").notNull(),
    event: text("event", { enum: WEBHOOK_EVENTS }).notNull(),
    eventId: text("event_id").notNull(),
    /** The body as it is sent and signed. */
    body: text("body").notNull(),
    /** The delivery that this one repeats because somebody asked for it. */
    replayOf: text("replay_of"),
    state: text("state", { enum: DELIVERY_STATES }).notNull(),
    attempts: integer("attempts").notNull(),
    /** HTTP status of the last answer, and why the last attempt failed. */
    lastStatus: integer("last_status"),
    lastError: text("last_error"),
    createdAt: timestamp("created_at").notNull(),
    updatedAt: timestamp("updated_at").notNull(),
    /** When the next attempt is due; of a delivery that is over, when the row may go. */
    dueAt: timestamp("due_at").notNull(),
  },
  (table) => [
    // An event that is told twice is stored once.
    uniqueIndex("webhook_deliveries_event")
      .on(table.endpointId, table.eventId)
      .where(sql`replay_of IS NULL`),
    index("webhook_deliveries_endpoint").on(table.organizationId, table.endpointId, table.createdAt, table.id),
    // Without it a list of one state is counted through that of all organizations.
    index("webhook_deliveries_state").on(
      table.organizationId,
      table.endpointId,
      table.state,
      table.createdAt,
      table.id,
    ),
    index("webhook_deliveries_due").on(table.state, table.dueAt),
  ],
);
