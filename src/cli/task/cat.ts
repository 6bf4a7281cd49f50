import { readTaskFile } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { readReference } from "../base/words.ts";
import { pourBody } from "../base/bodies.ts";

/** `taskyard task cat`: the bytes as they are. */
export async function run(
  { session, signal }: Context,
  task: string,
  file: string,
  _options: CommonOptions,
): Promise<void> {
  const { client, org: own } = await session();
  const { org = own, name, version } = readReference(task);
  const answer = await readTaskFile(client, {
    path: { org, name, path: file.replace(/^(\.?\/)+/, "") },
    query: version === undefined ? {} : { version },
    signal,
  });
  await pourBody(answer, signal);
}
