import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect } from "vitest";
import { connect } from "../../src/db/client.ts";
import { webhookDeliveries } from "../../src/db/webhook-schema.ts";
import type { Tenant } from "../tenant.ts";

/** An endpoint of the organization that wants these events. */
export async function createWebhook(tenant: Tenant, events: string[]): Promise<string> {
  const json = { url: "https://hooks.example.com/evaluations", events };
  const answer = await tenant.api(`/org/${tenant.org}/webhooks`, { method: "POST", json });
  const body = await answer.json<{ id: string }>();
  expect(answer.status, JSON.stringify(body)).toBe(201);
  return body.id;
}

/** Bodies of the deliveries that an endpoint gets. */
export async function deliveriesOf(endpointId: string): Promise<string[]> {
  const rows = await connect(env.DB)
    .select({ body: webhookDeliveries.body })
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.endpointId, endpointId));
  return rows.map(({ body }) => body);
}
