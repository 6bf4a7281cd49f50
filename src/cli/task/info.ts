import { getTaskVersion, listTaskVersions, readTaskReadme } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { readReference } from "../base/words.ts";
import { safeText } from "../output/safe-text.ts";
import { formatBytes } from "../output/units.ts";

interface InfoOptions extends CommonOptions {
  readme?: true | undefined;
}

/** Versions that are shown. */
const SHOWN_VERSIONS = 20;

/** `taskyard task info` */
export async function run({ out, session, signal }: Context, task: string, options: InfoOptions): Promise<void> {
  const { client, org: own } = await session();
  const { org = own, name, version = "latest" } = readReference(task);
  if (options.readme) {
    const readme = await readTaskReadme(client, { path: { org, name }, query: { version }, signal });
    return out.result(readme, () => safeText(readme.content).trimEnd());
  }
  const [detail, { versions, total }] = await Promise.all([
    getTaskVersion(client, { path: { org, name, version }, signal }),
    listTaskVersions(client, { path: { org, name }, query: { limit: SHOWN_VERSIONS }, signal }),
  ]);
  const more = total > versions.length ? ` and ${total - versions.length} more` : "";
  out.result(
    detail,
    () =>
      safeText(
        out.fields([
          ["task", `${detail.org_key}/${detail.name}@${detail.version}`],
          ["description", detail.description],
          ["versions", versions.map((row) => row.version).join(", ") + more],
          ["visibility", detail.is_public ? "public" : "private"],
          ["difficulty", detail.difficulty],
          ["tags", detail.tags?.join(", ")],
          ["author", detail.author],
          ["verification", textOf(detail.verification?.["method"])],
          ["size", formatBytes(detail.file_size)],
          ["sha256", detail.sha256],
          ["published", detail.created_at],
          ["instruction", detail.instruction?.trimEnd()],
        ]),
      ),
    () => `${detail.org_key}/${detail.name}@${detail.version}`,
  );
}

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
