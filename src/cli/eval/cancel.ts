import { cancelEvaluation } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findEvaluation } from "./find-evaluation.ts";

/** `taskyard eval cancel` */
export async function run(context: Context, reference: string, _options: CommonOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const id = await findEvaluation(session, reference, signal);
  const cancelled = await cancelEvaluation(session.client, { path: { evaluation_id: id }, signal });
  out.result(
    cancelled,
    () => `${out.paint("green", "✓")} ${id} is being cancelled.`,
    () => id,
  );
}
