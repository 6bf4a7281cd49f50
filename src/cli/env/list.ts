import { type EnvironmentResponse, items, listEnvironments } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { readCount } from "../base/words.ts";
import { formatAge } from "../output/units.ts";
import { take } from "../base/take.ts";

interface ListOptions extends CommonOptions {
  all?: true | undefined;
  limit: string;
}

/** Rows of a page at most. */
const PAGE_ROWS = 200;

/** `taskyard env list` */
export async function run({ out, session, signal }: Context, options: ListOptions): Promise<void> {
  const { client } = await session();
  const wanted = readCount(options.limit, "--limit");
  const query = { limit: Math.min(wanted, PAGE_ROWS), ...(!options.all && { state: ["running", "paused"] }) };
  const rows: EnvironmentResponse[] = await take(items(client, listEnvironments, { query, signal }), wanted);
  out.list(rows, {
    head: ["ENVIRONMENT", "TASK", "STATE", "SANDBOX", "MADE", "ENDS"],
    cells: ({ id, task, state, sandbox_provider, created_at, expires_at, ended_at }) => [
      id,
      `${task.org_key}/${task.name}@${task.version}`,
      state === "ready" ? out.paint("green", state) : state,
      sandbox_provider.kind,
      formatAge(created_at),
      formatAge(ended_at ?? expires_at),
    ],
    short: ({ id }) => id,
    none: "There are no environments. Make one: taskyard env create TASK",
  });
}
