import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep, type WorkflowStepConfig } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { readConfig } from "../../config.ts";
import type { RelayRequest } from "./relay.ts";
import { findMessage, postMessage, type SlackAnswer } from "./slack.ts";

/** Slack's faults pass within minutes; these attempts reach over an hour and a half. */
const STEP: WorkflowStepConfig = {
  retries: { limit: 10, delay: "5 seconds", backoff: "exponential" },
  timeout: "5 minutes",
};

/** How often a message waits as long as Slack's rate limit says before it is given up. */
const RATE_LIMITED_MAX = 20;

/** Slack's clock and ours may differ by this much when a message is searched for. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Posts one message to Slack (agent-tasks 8.3). The instance's id is the `relay_id`. An attempt is counted before it is
 * made, and every attempt but the first looks whether an earlier one has posted the message already.
 */
export class RelayWorkflow extends WorkflowEntrypoint<Cloudflare.Env, RelayRequest> {
  override async run(event: WorkflowEvent<RelayRequest>, step: WorkflowStep): Promise<{ ts: string }> {
    for (let round = 1; round <= RATE_LIMITED_MAX; round++) {
      const answer = await step.do(`post ${round}`, STEP, ({ attempt }) =>
        this.#post(event, round === 1 && attempt === 1),
      );
      if (answer.kind === "posted") return { ts: answer.ts };
      if (answer.kind === "refused") throw new NonRetryableError(`Slack refused the message: ${answer.error}`);
      await step.sleep(`wait ${round}`, answer.retryAfterSeconds * 1000);
    }
    throw new NonRetryableError("Slack limited the rate for too long");
  }

  async #post(event: WorkflowEvent<RelayRequest>, isFirstAttempt: boolean): Promise<SlackAnswer> {
    const { SLACK_BASE_URL: baseUrl, SLACK_BOT_TOKEN: token } = readConfig(this.env);
    if (token === undefined) return { kind: "refused", error: "SLACK_BOT_TOKEN is not configured" };
    const message = { ...event.payload, relayId: event.instanceId };
    if (!isFirstAttempt) {
      const since = new Date(event.timestamp.getTime() - CLOCK_SKEW_MS);
      const earlier = await findMessage({ baseUrl, token }, message, since);
      if (earlier.kind !== "absent") return earlier;
    }
    return await postMessage({ baseUrl, token }, message);
  }
}
