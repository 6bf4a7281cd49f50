import { extendEnvironment } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findEnvironment } from "../base/environment-tokens.ts";
import { readDuration } from "../base/words.ts";
import { formatAge } from "../output/units.ts";

interface ExtendOptions extends CommonOptions {
  for: string;
}

/** `taskyard env extend` */
export async function run({ out, session, signal }: Context, reference: string, options: ExtendOptions): Promise<void> {
  const { client, url } = await session();
  const { id } = await findEnvironment(reference, url);
  const body = { extend_seconds: readDuration(options.for) };
  const extended = await extendEnvironment(client, { path: { environment_id: id }, body, signal });
  out.result(
    extended,
    () => `${out.paint("green", "✓")} ${id} ends ${formatAge(extended.expires_at)} (${extended.expires_at}).`,
    () => id,
  );
}
