import { items, listWebhooks } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { take } from "../base/take.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge } from "../output/units.ts";

/** More than an organization may have. */
const MOST = 100;

/** `taskyard webhook list` */
export async function run({ out, session, signal }: Context, _options: CommonOptions): Promise<void> {
  const { client } = await session();
  const webhooks = await take(items(client, listWebhooks, { signal }), MOST);
  out.list(webhooks, {
    head: ["WEBHOOK", "STATE", "MADE", "URL", "EVENTS"],
    cells: ({ id, url, enabled, created_at, events }) => [
      id,
      enabled ? "on" : "off",
      formatAge(created_at),
      safeLine(url),
      events.join(", "),
    ],
    short: ({ id }) => id,
    none: "There are no webhooks. Make one: taskyard webhook create URL",
  });
}
