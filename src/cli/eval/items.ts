import { items, listEvaluationItems } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { take } from "../base/take.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatDuration } from "../output/units.ts";
import { findEvaluation } from "./find-evaluation.ts";
import { paintItemStatus } from "./item-view.ts";

interface ItemsOptions extends CommonOptions {
  status?: string | undefined;
}

/** Rows of a page, and of an evaluation, at most. */
const PAGE_ROWS = 200;
const MOST = 100_000;

/** `taskyard eval items` */
export async function run(context: Context, reference: string, options: ItemsOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const path = { evaluation_id: await findEvaluation(session, reference, signal) };
  const query = { limit: PAGE_ROWS, ...(options.status !== undefined && { item_status: [options.status] }) };
  const rows = await take(items(session.client, listEvaluationItems, { path, query, signal }), MOST);
  out.list(rows, {
    head: ["TASK", "ATTEMPT", "STATUS", "REWARD", "AGENT", "TRIES", "WHY", "ITEM"],
    cells: (item) => [
      item.task_ref,
      String(item.attempt),
      paintItemStatus(out.paint, item.item_status),
      item.reward === null ? "–" : String(item.reward),
      item.durations.agent_ms === null ? "–" : formatDuration(item.durations.agent_ms),
      String(item.retry_count + 1),
      safeLine(item.error ?? item.end_reason ?? ""),
      item.id,
    ],
    short: (item) => item.id,
    none: options.status === undefined ? "It has no items." : `None of its items is ${options.status}.`,
  });
}
