import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep, type WorkflowStepConfig } from "cloudflare:workers";
import { readConfig } from "../config.ts";
import { connect } from "../db/client.ts";
import type { DeliveryState } from "../db/webhook-schema.ts";
import { loadPending, recordAttempt } from "./delivery-store.ts";
import { isDeliverable } from "./endpoint-address.ts";
import { openSecret } from "./sealed-secret.ts";
import { type SendOutcome, sendWebhook } from "./send-webhook.ts";

/** Faults of D1 pass within an hour. What an endpoint answers is no fault of a step, so these do not repeat it. */
const STEP: WorkflowStepConfig = {
  retries: { limit: 10, delay: "5 seconds", backoff: "exponential" },
  timeout: "2 minutes",
};

/** Milliseconds before the second and each later attempt (workflow-files, "Webhooks"). */
const DELAYS_MS = [60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000];

/** What came of an attempt; `isFinal` where another one would fail alike. */
type Attempt = SendOutcome & { isFinal: boolean };

const refuse = (error: string): Attempt => ({ delivered: false, status: null, error, isFinal: true });

/**
 * Delivers one event to one endpoint: at once, then after 1 minute, 5 minutes, 30 minutes and 2 hours, and then not any
 * more. The instance's id is the delivery's. An attempt whose answer is lost with this server is made again: clients
 * drop repeats by `event_id`.
 */
export class WebhookWorkflow extends WorkflowEntrypoint<Cloudflare.Env> {
  override async run(event: WorkflowEvent<unknown>, step: WorkflowStep): Promise<DeliveryState | "gone"> {
    const id = event.instanceId;
    for (let attempts = 1; ; attempts++) {
      const attempt = await step.do(`send ${attempts}`, STEP, () => this.#send(id));
      if (attempt === null) return "gone";
      const delay = DELAYS_MS[attempts - 1];
      const isOver = attempt.delivered || attempt.isFinal || delay === undefined;
      const next = isOver ? (attempt.delivered ? "delivered" : "undelivered") : delay;
      const { status, error } = attempt;
      await step.do(`record ${attempts}`, STEP, async () => {
        await recordAttempt(connect(this.env.DB), id, { attempts, status, error, next }, new Date());
        return { next };
      });
      if (typeof next === "string") return next;
      await step.sleep(`wait ${attempts}`, next);
    }
  }

  /** Null when the delivery is over: someone else has ended it. */
  async #send(id: string): Promise<Attempt | null> {
    const pending = await loadPending(connect(this.env.DB), id);
    if (!pending) return null;
    const { delivery, endpoint } = pending;
    if (!endpoint) return refuse("The webhook was deleted.");
    if (!endpoint.enabled) return refuse("The webhook is disabled.");
    const config = readConfig(this.env);
    if (!isDeliverable(endpoint.url, config.WEBHOOK_HOSTS)) return refuse("The webhook's URL is not allowed any more.");
    const signingSecret = await openSecret(config.WEBHOOK_ENCRYPTION_SECRETS, endpoint.id, endpoint.sealedSecret);
    if (signingSecret === undefined) return refuse("The webhook's signing secret cannot be read: rotate it.");
    const { body } = delivery;
    const timeoutSeconds = config.WEBHOOK_TIMEOUT_SECONDS;
    return { ...(await sendWebhook({ url: endpoint.url, body, signingSecret, timeoutSeconds })), isFinal: false };
  }
}
