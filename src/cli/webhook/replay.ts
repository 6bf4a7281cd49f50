import { replayWebhookDelivery } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";

/** `taskyard webhook replay` */
export async function run(
  { out, session, signal }: Context,
  webhook: string,
  delivery: string,
  _options: CommonOptions,
): Promise<void> {
  const { client } = await session();
  const made = await replayWebhookDelivery(client, { path: { webhook_id: webhook, delivery_id: delivery }, signal });
  out.result(
    made,
    () => `${out.paint("green", "✓")} ${made.event} is on its way again, as ${made.id}.`,
    () => made.id,
  );
}
