import { listTaskFiles } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { readReference } from "../base/words.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatBytes } from "../output/units.ts";

/** `taskyard task files` */
export async function run({ out, session, signal }: Context, task: string, _options: CommonOptions): Promise<void> {
  const { client, org: own } = await session();
  const { org = own, name, version } = readReference(task);
  const { files } = await listTaskFiles(client, {
    path: { org, name },
    query: version === undefined ? {} : { version },
    signal,
  });
  out.list(files, {
    head: ["SIZE", "FILE"],
    cells: (file) => [formatBytes(file.file_size), safeLine(file.filename)],
    short: (file) => safeLine(file.filename),
    none: "It has no files.",
  });
}
