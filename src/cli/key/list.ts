import { items, listApiKeys } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { take } from "../base/take.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge } from "../output/units.ts";

interface ListOptions extends CommonOptions {
  all?: true | undefined;
}

/** Keys that are listed at most. */
const MOST = 2_000;

/** `taskyard key list` */
export async function run({ out, session, signal }: Context, options: ListOptions): Promise<void> {
  const { client } = await session();
  const query = options.all ? { include_revoked: true } : {};
  const keys = await take(items(client, listApiKeys, { query, signal }), MOST);
  out.list(keys, {
    head: ["KEY", "NAME", "USER", "STATE", "USED", "SCOPES"],
    cells: (key) => [
      key.id,
      safeLine(key.name),
      safeLine(key.username),
      key.active ? "active" : stateOf(key),
      formatAge(key.last_used_at),
      key.scopes.join(", "),
    ],
    short: (key) => key.id,
    none: "There are no keys.",
  });
}

function stateOf({ revoked_at, suspended_at }: { revoked_at: string | null; suspended_at: string | null }): string {
  if (revoked_at !== null) return "revoked";
  return suspended_at === null ? "expired" : "off";
}
