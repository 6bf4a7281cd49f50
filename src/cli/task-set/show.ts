import { getTaskSetVersion } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { readReference } from "../base/words.ts";
import { safeText } from "../output/safe-text.ts";

/** `taskyard task-set show` */
export async function run(
  { out, session, signal }: Context,
  reference: string,
  _options: CommonOptions,
): Promise<void> {
  const { client, org: own } = await session();
  const { org = own, name, version = "latest" } = readReference(reference);
  const set = await getTaskSetVersion(client, { path: { org, name, set_version: version }, signal });
  out.result(
    set,
    () =>
      safeText(
        out.fields([
          ["set", `${set.org_key}/${set.name}@${set.version}`],
          ["description", set.description],
          ["tags", set.tags.join(", ")],
          ["visibility", set.is_public ? "public" : "private"],
          ["changed", set.updated_at],
          ["tasks", set.tasks.join("\n")],
        ]),
      ),
    () => set.tasks.join("\n"),
  );
}
