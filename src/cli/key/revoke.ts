import { items, listApiKeys, revokeApiKey } from "../../client/index.ts";
import { confirm } from "../base/ask.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";
import { safeLine } from "../output/safe-text.ts";

interface RevokeOptions extends CommonOptions {
  yes?: true | undefined;
}

/** `taskyard key revoke` */
export async function run({ out, session, signal }: Context, reference: string, options: RevokeOptions): Promise<void> {
  const { client } = await session();
  const found = [];
  for await (const key of items(client, listApiKeys, { signal })) {
    if (key.id === reference || key.name === reference) found.push(key);
  }
  const [key] = found;
  if (!key) throw new Failure(EXIT.notFound, `There is no key ${reference}.`, "See what there is: taskyard key list");
  if (found.length > 1)
    throw usageFailure(`${found.length} keys are called ${reference}.`, "Name it by its id: taskyard key list");
  if (!(await confirm(`Revoke ${safeLine(key.name)} of ${safeLine(key.username)} for good?`, options.yes)))
    return out.note("It stays.");
  await revokeApiKey(client, { path: { key_id: key.id }, signal });
  out.result(
    key,
    () => `${out.paint("green", "✓")} ${safeLine(key.name)} is revoked.`,
    () => key.id,
  );
}
