import { and, asc, count, eq, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import type { WebhookEvent } from "../db/webhook-events.ts";
import { webhookEndpoints } from "../db/webhook-schema.ts";
import { ApiError } from "../http/errors/error-table.ts";

export type Endpoint = typeof webhookEndpoints.$inferSelect;

/** Each event is delivered to each of them: more would make one change of a run cost too much. */
const MAX_ENDPOINTS = 20;

const isEndpoint = (organizationId: string, id: string) =>
  and(eq(webhookEndpoints.organizationId, organizationId), eq(webhookEndpoints.id, id));

function endpointNotFound(id: string): ApiError {
  return new ApiError("not_found", `Webhook '${id}' not found.`);
}

/** The id of an endpoint to come: its secret is sealed with it. */
export const drawEndpointId = (): string => uuid();

/** Adds an endpoint. In an organization that has as many as it may, its tenant is null and the row is refused: 409. */
export async function insertEndpoint(
  db: Database,
  organizationId: string,
  input: Pick<Endpoint, "id" | "url" | "events" | "sealedSecret" | "createdBy">,
): Promise<Endpoint> {
  const now = new Date();
  const there = db.$count(webhookEndpoints, eq(webhookEndpoints.organizationId, organizationId));
  const [row] = await db
    .insert(webhookEndpoints)
    .values({
      ...input,
      organizationId: sql`(select ${organizationId} where ${there} < ${MAX_ENDPOINTS})`,
      createdAt: now,
      updatedAt: now,
    })
    .returning()
    .catch((error: unknown) => {
      if (violationOf(error)?.kind !== "not_null") throw error;
      throw new ApiError("conflict", `An organization has at most ${MAX_ENDPOINTS} webhooks.`);
    });
  if (!row) throw new Error("D1 returned no inserted row");
  return row;
}

/** One page of endpoints, oldest first, and the number of all. */
export async function listEndpoints(
  db: Database,
  organizationId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: Endpoint[]; total: number }> {
  const mine = eq(webhookEndpoints.organizationId, organizationId);
  const [rows, [counted]] = await db.batch([
    db
      .select()
      .from(webhookEndpoints)
      .where(mine)
      .orderBy(asc(webhookEndpoints.createdAt), asc(webhookEndpoints.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(webhookEndpoints).where(mine),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

export async function findEndpoint(db: Database, organizationId: string, id: string): Promise<Endpoint> {
  const [row] = await db.select().from(webhookEndpoints).where(isEndpoint(organizationId, id));
  if (!row) throw endpointNotFound(id);
  return row;
}

/** Changes what is given. */
export async function updateEndpoint(
  db: Database,
  organizationId: string,
  id: string,
  change: {
    url?: string | undefined;
    events?: WebhookEvent[] | undefined;
    enabled?: boolean | undefined;
    sealedSecret?: string;
  },
): Promise<Endpoint> {
  const [row] = await db
    .update(webhookEndpoints)
    .set({ ...change, updatedAt: new Date() })
    .where(isEndpoint(organizationId, id))
    .returning();
  if (!row) throw endpointNotFound(id);
  return row;
}

/** Deletes an endpoint. Its deliveries find it gone, and go when their time is over. */
export async function deleteEndpoint(db: Database, organizationId: string, id: string): Promise<void> {
  const deleted = await db
    .delete(webhookEndpoints)
    .where(isEndpoint(organizationId, id))
    .returning({ id: webhookEndpoints.id });
  if (deleted.length === 0) throw endpointNotFound(id);
}
