import { cancelAgentRun } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findRun } from "./find-run.ts";
import { isOver } from "./run-status.ts";

/** `taskyard run cancel` */
export async function run(context: Context, reference: string, _options: CommonOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const { task, run: found, path } = await findRun(session, reference, signal);
  if (isOver(found.status)) out.note(`${task.slug} was over already: ${found.status}.`);
  const cancelled = await cancelAgentRun(session.client, { path, signal });
  out.result(
    cancelled,
    () => `${out.paint("green", "✓")} ${task.slug} is ${cancelled?.status ?? "cancelled"}.`,
    () => found.id,
  );
}
