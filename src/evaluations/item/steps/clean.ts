import { endingOf } from "../../model/end-reason.ts";
import { openEnvironment } from "../../../environments/object/environment-handle.ts";
import { askAgain } from "../../../objects/ask-again.ts";
import { openRun } from "../../../runs/access/run-handle.ts";
import { runOf, scopeOf, type StepContext, type StepWork } from "./step.ts";

/** Ends what is still at work of the try: its run, and its environment unless that is kept to be looked at. */
export const clean: StepWork = async (context) => {
  const { progress } = context;
  const ending = progress.ending ?? { reason: "server_error" as const, error: null };
  const { status } = endingOf(ending.reason);
  await stopWork(context, status === "passed" || status === "cancelled" || !progress.plan.keepsFailed);
  const { runId } = progress.state;
  if (runId !== null) {
    const { scope } = runOf(context);
    await askAgain(() => openRun(context.env, runId).settle(scope));
  }
  const { reason: endReason, error } = ending;
  return { next: "over", state: { status, endReason, error, completedAt: Date.now() } };
};

/** Ends the run, where it has not, and the environment where it `isDone`; both may be gone. */
export async function stopWork(context: Pick<StepContext, "env" | "progress">, isDone: boolean): Promise<void> {
  const { env, progress } = context;
  const { environmentId, runId } = progress.state;
  if (runId !== null) {
    const { scope } = runOf(context);
    const isCancelled = progress.cancelled !== null;
    const errorMessage = progress.ending?.error ?? (isCancelled ? "The evaluation was cancelled." : null);
    const change = { status: isCancelled ? ("cancelled" as const) : ("failed" as const), errorMessage };
    await askAgain(() => openRun(env, runId).change(scope, change, ["not_started", "queued", "in_progress"]));
  }
  if (environmentId !== null && isDone) {
    await askAgain(() => openEnvironment(env, environmentId).tearDown(scopeOf(progress)));
  }
}
