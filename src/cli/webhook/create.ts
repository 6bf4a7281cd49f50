import { createWebhook } from "../../client/index.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../../db/webhook-events.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";

interface CreateOptions extends CommonOptions {
  event?: string[] | undefined;
}

const isEvent = (text: string): text is WebhookEvent => WEBHOOK_EVENTS.some((event) => event === text);

/** `taskyard webhook create` */
export async function run({ out, session, signal }: Context, target: string, options: CreateOptions): Promise<void> {
  const events = (options.event ?? WEBHOOK_EVENTS).map((text) => {
    if (!isEvent(text)) throw usageFailure(`${text} is no event.`, `Events are ${WEBHOOK_EVENTS.join(", ")}.`);
    return text;
  });
  const { client } = await session();
  const made = await createWebhook(client, { body: { url: target, events }, signal });
  out.result(
    made,
    () =>
      out.fields([
        ["webhook", made.id],
        ["secret", made.secret],
        ["events", made.events.join(", ")],
      ]),
    () => made.id,
  );
  out.note("This is the only time that the secret is shown.");
}
