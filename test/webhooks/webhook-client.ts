import { introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { and, eq } from "drizzle-orm";
import { expect } from "vitest";
import { connect } from "../../src/db/client.ts";
import { webhookDeliveries } from "../../src/db/webhook-schema.ts";
import { type AgentClient, createAgentClient, read } from "../tasks/client.ts";

/** A webhook as the API shows it. */
export interface WireWebhook {
  id: string;
  url: string;
  events: string[];
  enabled: boolean;
  secret?: string;
}

/** A delivery as the API shows it. */
export interface WireDelivery {
  id: string;
  event: string;
  event_id: string;
  state: string;
  attempts: number;
  last_status: number | null;
  last_error: string | null;
  replay_of: string | null;
  next_attempt_at: string | null;
}

/** What an endpoint got (test/outside/webhook-endpoint.ts). */
interface Received {
  time: number;
  headers: Record<string, string>;
  body: string;
}

/** A server of the outside world that takes webhooks, and does with the next ones as the script says. */
export function outsideEndpoint() {
  const url = `${env.TEST_OUTSIDE_URL}/hooks/${crypto.randomUUID()}`;
  return {
    url,
    behave: async (...script: string[]) => {
      await (await fetch(url, { method: "PUT", body: JSON.stringify(script) })).text();
    },
    received: async (): Promise<Received[]> => (await fetch(url)).json(),
  };
}

/** An agent client whose organization has a webhook. */
export interface WebhookClient extends AgentClient {
  endpoint: ReturnType<typeof outsideEndpoint>;
  webhook: WireWebhook;
  /** Where the webhook is, below `/api/v1`. */
  webhookPath: string;
  /** The webhook's deliveries, newest first. */
  deliveries: (query?: string) => Promise<WireDelivery[]>;
}

export async function createWebhookClient(...events: string[]): Promise<WebhookClient> {
  const client = await createAgentClient();
  const endpoint = outsideEndpoint();
  const answer = client.api(`/org/${client.org}/webhooks`, { method: "POST", json: { url: endpoint.url, events } });
  const webhook = await read<WireWebhook>(answer, 201);
  const webhookPath = `/org/${client.org}/webhooks/${webhook.id}`;
  const deliveries = async (query = "") =>
    (await read<{ deliveries: WireDelivery[] }>(client.api(`${webhookPath}/deliveries${query}`))).deliveries;
  return { ...client, endpoint, webhook, webhookPath, deliveries };
}

/** Does `work` and waits until the webhook's deliveries are over, without the waits between their attempts. */
export async function untilDelivered<T>({ webhook }: WebhookClient, work: () => Promise<T>): Promise<T> {
  await using workflows = await introspectWorkflow(env.WEBHOOK);
  await workflows.modifyAll(async (modifier) => {
    await modifier.disableRetryDelays();
    await modifier.disableSleeps();
  });
  const result = await work();
  const db = connect(env.DB);
  const pending = and(eq(webhookDeliveries.endpointId, webhook.id), eq(webhookDeliveries.state, "pending"));
  await expect.poll(() => db.$count(webhookDeliveries, pending), { timeout: 20_000 }).toBe(0);
  for (const instance of await workflows.get()) await instance.waitForStatus("complete");
  return result;
}
