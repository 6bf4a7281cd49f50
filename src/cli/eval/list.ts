import { items, listEvaluations } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { take } from "../base/take.ts";
import { readCount } from "../base/words.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatAge, formatPercent } from "../output/units.ts";
import { paintEvaluationStatus } from "./item-view.ts";

interface ListOptions extends CommonOptions {
  status?: string | undefined;
  limit: string;
}

/** Rows of a page at most. */
const PAGE_ROWS = 100;

/** `taskyard eval list` */
export async function run({ out, session, signal }: Context, options: ListOptions): Promise<void> {
  const wanted = readCount(options.limit, "--limit");
  const { client } = await session();
  const query = {
    limit: Math.min(wanted, PAGE_ROWS),
    ...(options.status !== undefined && { status: [options.status] }),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server says which statuses there are
  const rows = await take(items(client, listEvaluations, { query: query as never, signal }), wanted);
  out.list(rows, {
    head: ["EVALUATION", "STATUS", "PASSED", "RATE", "MADE", "MODEL", "NAME"],
    cells: (row) => [
      row.id,
      paintEvaluationStatus(out.paint, row.status),
      `${row.passed_count}/${row.total_samples}`,
      formatPercent(row.pass_rate),
      formatAge(row.timestamp),
      safeLine(row.model),
      safeLine(row.name),
    ],
    short: (row) => row.id,
    none: "There are no evaluations. Start one: taskyard eval create --task TASK --agent oracle --watch",
  });
}
