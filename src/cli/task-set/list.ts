import { items, listTaskSets } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { take } from "../base/take.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge } from "../output/units.ts";

interface ListOptions extends CommonOptions {
  search?: string | undefined;
  all?: true | undefined;
}

/** Sets that are listed at most. */
const MOST = 1_000;

/** `taskyard task-set list` */
export async function run({ out, session, signal }: Context, options: ListOptions): Promise<void> {
  const { client, org } = await session();
  const query = {
    ...(options.search !== undefined && { search: options.search }),
    ...(options.all && { include_public: true }),
  };
  const sets = await take(items(client, listTaskSets, { query, signal }), MOST);
  out.list(sets, {
    head: ["SET", "VERSION", "TASKS", "CHANGED", "VISIBILITY", "DESCRIPTION"],
    cells: (set) => [
      set.org_key === org ? set.name : `${set.org_key}/${set.name}`,
      String(set.version),
      String(set.task_count),
      formatAge(set.updated_at),
      set.is_public ? "public" : "private",
      safeLine(set.description ?? ""),
    ],
    short: (set) => `${set.org_key}/${set.name}`,
    none: "There are no task sets. Make one: taskyard task-set create NAME TASK…",
  });
}
