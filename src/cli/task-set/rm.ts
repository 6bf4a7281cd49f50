import { deleteTaskSet } from "../../client/index.ts";
import { confirm } from "../base/ask.ts";
import type { CommonOptions, Context } from "../base/context.ts";

interface RemoveOptions extends CommonOptions {
  yes?: true | undefined;
}

/** `taskyard task-set rm` */
export async function run({ out, session, signal }: Context, name: string, options: RemoveOptions): Promise<void> {
  const { client, org } = await session();
  if (!(await confirm(`Delete the task set ${org}/${name} with all its versions?`, options.yes)))
    return out.note("It stays.");
  await deleteTaskSet(client, { path: { name }, signal });
  out.result({ org, name }, () => `${out.paint("green", "✓")} ${org}/${name} is deleted; its tasks stay.`);
}
