import type { CommonOptions, Context } from "../base/context.ts";
import { findEvaluation } from "./find-evaluation.ts";
import { watchEvaluation } from "./watch-evaluation.ts";

/** `taskyard eval watch` */
export async function run(context: Context, reference: string, _options: CommonOptions): Promise<void> {
  const session = await context.session();
  await watchEvaluation(context, session, await findEvaluation(session, reference, context.signal));
}
