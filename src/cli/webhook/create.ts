import { createWebhook, type NewWebhook } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";

interface CreateOptions extends CommonOptions {
  event?: string[] | undefined;
}

type Event = NewWebhook["events"][number];

const EVENTS = [
  "flows.tasks.created",
  "flows.tasks.step_change",
  "flows.tasks.completed",
  "flows.tasks.canceled",
  "core.document.uploaded",
  "core.document.upload_completed",
  "core.document.upload_with_issues",
  "evaluation.item_completed",
  "evaluation.completed",
] as const satisfies readonly Event[];

const isEvent = (text: string): text is Event => EVENTS.some((event) => event === text);

/** `taskyard webhook create` */
export async function run({ out, session, signal }: Context, target: string, options: CreateOptions): Promise<void> {
  const events = (options.event ?? EVENTS).map((text) => {
    if (!isEvent(text)) throw usageFailure(`${text} is no event.`, `Events are ${EVENTS.join(", ")}.`);
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
