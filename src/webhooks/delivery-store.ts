import { and, count, desc, eq, getTableColumns, ne, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import type { WebhookEvent } from "../db/webhook-events.ts";
import { type DeliveryState, webhookDeliveries, webhookEndpoints } from "../db/webhook-schema.ts";
import { ApiError } from "../http/errors/error-table.ts";
import type { Endpoint } from "./endpoint-store.ts";

export type Delivery = typeof webhookDeliveries.$inferSelect;

/** How long a delivery that is over can be looked at and replayed. */
const KEPT_MS = 30 * 24 * 3_600_000;

const { body: _body, ...LISTED_COLUMNS } = getTableColumns(webhookDeliveries);

/** A delivery without the body that is sent. */
export type ListedDelivery = Omit<Delivery, "body">;

export interface DeliveryFilter {
  state?: DeliveryState | undefined;
  event?: WebhookEvent | undefined;
}

const ofEndpoint = (organizationId: string, endpointId: string) =>
  and(eq(webhookDeliveries.organizationId, organizationId), eq(webhookDeliveries.endpointId, endpointId));

type DeliveryQuery = { page: number; limit: number } & DeliveryFilter;

/** The statements of a list: a page, and how many match. */
export function listStatements(
  db: Database,
  organizationId: string,
  endpointId: string,
  { page, limit, state, event }: DeliveryQuery,
) {
  const wanted = and(
    ofEndpoint(organizationId, endpointId),
    state && eq(webhookDeliveries.state, state),
    event && eq(webhookDeliveries.event, event),
  );
  return [
    db
      .select(LISTED_COLUMNS)
      .from(webhookDeliveries)
      .where(wanted)
      .orderBy(desc(webhookDeliveries.createdAt), desc(webhookDeliveries.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(webhookDeliveries).where(wanted),
  ] as const;
}

/** One page of an endpoint's deliveries, newest first, and the number of all that match. */
export async function listDeliveries(
  db: Database,
  organizationId: string,
  endpointId: string,
  query: DeliveryQuery,
): Promise<{ rows: ListedDelivery[]; total: number }> {
  const [rows, [counted]] = await db.batch(listStatements(db, organizationId, endpointId, query));
  return { rows, total: counted?.total ?? 0 };
}

export async function findDelivery(
  db: Database,
  organizationId: string,
  endpointId: string,
  id: string,
): Promise<Delivery> {
  const [row] = await db
    .select()
    .from(webhookDeliveries)
    .where(and(ofEndpoint(organizationId, endpointId), eq(webhookDeliveries.id, id)));
  if (!row) throw new ApiError("not_found", `Delivery '${id}' not found.`);
  return row;
}

/** What the row of a delivery begins with, as columns of a select; the last ones of the table in their order. */
export function selectNewDelivery(at: Date) {
  const now = sql<Date>`${at.getTime()}`;
  return {
    state: sql<"pending">`'pending'`.as("state"),
    attempts: sql<number>`0`.as("attempts"),
    lastStatus: sql<null>`null`.as("last_status"),
    lastError: sql<null>`null`.as("last_error"),
    createdAt: now.as("created_at"),
    updatedAt: now.as("updated_at"),
    dueAt: now.as("due_at"),
  };
}

/** Stores another delivery of the same event; it has the same body and `event_id`. 409 while the first is under way. */
export async function insertReplay(
  db: Database,
  organizationId: string,
  endpointId: string,
  id: string,
): Promise<ListedDelivery> {
  const columns = getTableColumns(webhookDeliveries);
  const original = and(ofEndpoint(organizationId, endpointId), eq(webhookDeliveries.id, id));
  const copied = db
    .select({
      ...columns,
      id: sql<string>`lower(hex(randomblob(16)))`.as("id"),
      replayOf: sql<string>`${webhookDeliveries.id}`.as("replay_of"),
      ...selectNewDelivery(new Date()),
    })
    .from(webhookDeliveries)
    .where(and(original, ne(webhookDeliveries.state, "pending")));
  const [found, [replay]] = await db.batch([
    db.select({ id: webhookDeliveries.id }).from(webhookDeliveries).where(original),
    db.insert(webhookDeliveries).select(copied).returning(LISTED_COLUMNS),
  ]);
  if (found.length === 0) throw new ApiError("not_found", `Delivery '${id}' not found.`);
  if (!replay) throw new ApiError("conflict", "The delivery is still under way.");
  return replay;
}

/** A delivery that is under way, with where it goes; undefined when it is over or gone. */
export async function loadPending(
  db: Database,
  id: string,
): Promise<{ delivery: Delivery; endpoint: Endpoint | null } | undefined> {
  const [row] = await db
    .select({ delivery: webhookDeliveries, endpoint: webhookEndpoints })
    .from(webhookDeliveries)
    .leftJoin(
      webhookEndpoints,
      and(
        eq(webhookEndpoints.id, webhookDeliveries.endpointId),
        eq(webhookEndpoints.organizationId, webhookDeliveries.organizationId),
      ),
    )
    .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.state, "pending")));
  return row;
}

/** What an attempt came to; `attempts` counts it. */
export interface AttemptRecord {
  attempts: number;
  status: number | null;
  error: string | null;
  /** How the delivery ended, or milliseconds until its next attempt. */
  next: Exclude<DeliveryState, "pending"> | number;
}

/** Writes down an attempt; writing it down again changes nothing. */
export async function recordAttempt(db: Database, id: string, record: AttemptRecord, now: Date): Promise<void> {
  const { attempts, status, error, next } = record;
  const isOver = typeof next === "string";
  await db
    .update(webhookDeliveries)
    .set({
      state: isOver ? next : "pending",
      attempts,
      lastStatus: status,
      lastError: error,
      updatedAt: now,
      dueAt: new Date(now.getTime() + (isOver ? KEPT_MS : next)),
    })
    .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.state, "pending")));
}
