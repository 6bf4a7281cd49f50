import { items, listAgentRuns, listAgentTasks } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { usageFailure } from "../base/failure.ts";
import { take } from "../base/take.ts";
import { readCount } from "../base/words.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge } from "../output/units.ts";
import { findTask } from "./find-run.ts";
import { paintStatus, RUN_STATUSES } from "./run-status.ts";

interface ListOptions extends CommonOptions {
  task?: string | undefined;
  status?: string | undefined;
  search?: string | undefined;
  limit: string;
}

/** Rows of a page at most. */
const PAGE_ROWS = 100;

/** `taskyard run list` */
export async function run(context: Context, options: ListOptions): Promise<void> {
  const { out, signal } = context;
  const wanted = readCount(options.limit, "--limit");
  const status = RUN_STATUSES.find((known) => known === options.status);
  if (options.status !== undefined && !status) {
    throw usageFailure(`${options.status} is no status of a run.`, `They are ${RUN_STATUSES.join(", ")}.`);
  }
  const { client } = await context.session();
  const limit = Math.min(wanted, PAGE_ROWS);
  if (options.task !== undefined) {
    const task = await findTask({ client }, options.task, signal);
    const runs = await take(
      items(client, listAgentRuns, { path: { task_id: task.id }, query: { limit }, signal }),
      wanted,
    );
    return out.list(
      runs.filter((one) => one !== null),
      {
        head: ["RUN", "STATUS", "MADE", "ENDED", "ERROR"],
        cells: (one) => [
          `${task.slug}/${one.id}`,
          paintStatus(out.paint, one.status),
          formatAge(one.created_at),
          formatAge(one.completed_at),
          safeLine(one.error_message ?? ""),
        ],
        short: (one) => `${task.slug}/${one.id}`,
        none: `${task.slug} has no runs.`,
      },
    );
  }
  const query = { limit, ...(status && { status }), ...(options.search !== undefined && { search: options.search }) };
  out.list(await take(items(client, listAgentTasks, { query, signal }), wanted), {
    head: ["RUN", "STATUS", "CHANGED", "TITLE"],
    cells: ({ slug, latest_run: latest, updated_at, title }) => [
      slug,
      latest ? paintStatus(out.paint, latest.status) : "–",
      formatAge(latest?.updated_at ?? updated_at),
      safeLine(title),
    ],
    short: ({ slug }) => slug,
    none: "There are no agent tasks. Start a run: taskyard run start DESCRIPTION",
  });
}
