import { rotateWebhookSecret } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";

/** `taskyard webhook rotate` */
export async function run({ out, session, signal }: Context, webhook: string, _options: CommonOptions): Promise<void> {
  const { client } = await session();
  const rotated = await rotateWebhookSecret(client, { path: { webhook_id: webhook }, signal });
  out.result(
    rotated,
    () => rotated.secret,
    () => rotated.secret,
  );
  out.note("This is the only time that the secret is shown; it signs from now on.");
}
