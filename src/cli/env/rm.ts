import { deleteEnvironment } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findEnvironment, forgetEnvironment } from "../base/environment-tokens.ts";

/** `taskyard env rm` */
export async function run(
  { out, session, signal }: Context,
  references: string[],
  _options: CommonOptions,
): Promise<void> {
  const { client, url } = await session();
  const ended: string[] = [];
  for (const reference of references) {
    const { id } = await findEnvironment(reference, url);
    await deleteEnvironment(client, { path: { environment_id: id }, signal });
    await forgetEnvironment(id);
    ended.push(id);
    if (!out.json)
      out.result(
        id,
        () => `${out.paint("green", "✓")} ${id} is ended.`,
        () => id,
      );
  }
  if (out.json) out.result(ended, () => "");
}
