import { deleteTaskVersion, getTaskVersion } from "../../client/index.ts";
import { confirm } from "../base/ask.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { readReference } from "../base/words.ts";

interface RemoveOptions extends CommonOptions {
  yes?: true | undefined;
}

/** `taskyard task rm` */
export async function run({ out, session, signal }: Context, task: string, options: RemoveOptions): Promise<void> {
  const { client, org: own } = await session();
  const { org = own, name, version } = readReference(task);
  if (version === undefined) {
    const latest = await getTaskVersion(client, { path: { org, name, version: "latest" }, signal });
    throw usageFailure(
      `Which version of ${name}?`,
      `The latest is ${latest.version}: taskyard task rm ${name}@${latest.version}`,
    );
  }
  if (!(await confirm(`Delete ${org}/${name}@${version} for good?`, options.yes))) return out.note("It stays.");
  await deleteTaskVersion(client, { path: { org, name, version }, signal });
  out.result({ org, name, version }, () => `${out.paint("green", "✓")} ${org}/${name}@${version} is deleted.`);
}
