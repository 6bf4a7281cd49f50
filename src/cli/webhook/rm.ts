import { deleteWebhook } from "../../client/index.ts";
import { confirm } from "../base/ask.ts";
import type { CommonOptions, Context } from "../base/context.ts";

interface RemoveOptions extends CommonOptions {
  yes?: true | undefined;
}

/** `taskyard webhook rm` */
export async function run({ out, session, signal }: Context, webhook: string, options: RemoveOptions): Promise<void> {
  const { client } = await session();
  if (!(await confirm(`Delete the webhook ${webhook} with its deliveries?`, options.yes))) return out.note("It stays.");
  await deleteWebhook(client, { path: { webhook_id: webhook }, signal });
  out.result({ id: webhook }, () => `${out.paint("green", "✓")} ${webhook} is deleted.`);
}
