import { retryFailedEvaluation } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { findEvaluation } from "./find-evaluation.ts";
import { watchEvaluation } from "./watch-evaluation.ts";

interface RetryOptions extends CommonOptions {
  watch?: true | undefined;
}

/** `taskyard eval retry` */
export async function run(context: Context, reference: string, options: RetryOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const id = await findEvaluation(session, reference, signal);
  const retried = await retryFailedEvaluation(session.client, { path: { evaluation_id: id }, signal });
  if (options.watch && retried.queued > 0) {
    out.note(`${retried.queued} items are queued again.`);
    return await watchEvaluation(context, session, id);
  }
  out.result(
    retried,
    () => `${out.paint("green", "✓")} ${retried.queued} items are queued again.`,
    () => id,
  );
}
