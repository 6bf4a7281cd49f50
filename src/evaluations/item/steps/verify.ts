import { v5 as nameUuid } from "uuid";
import { collect } from "../../../environments/commands/collect.ts";
import { isPassing } from "../../../environments/environment-access.ts";
import { planCheck } from "../../../environments/verification/verify.ts";
import { ApiError } from "../../../http/errors/error-table.ts";
import { judge } from "../../model/end-reason.ts";
import type { Outcome } from "../progress.ts";
import { environmentOf, type StepContext, type StepWork, taskContextOf } from "./step.ts";

/** Where what a verification wrote is kept, beside what it has left there itself. */
export const VERIFIER_OUTPUT = "/logs/verifier/output.txt";

/** Characters of a verification's output that an error repeats. */
const EXCERPT_LENGTH = 500;

/** Verifies the task as it was published, and says how the try ends. */
export const verify: StepWork = async (context) => {
  const { access, open } = environmentOf(context);
  const { status, verifyStartedAt } = context.progress.state;
  if (status !== "verifying") {
    return { next: "verify", state: { status: "verifying", verifyStartedAt: verifyStartedAt ?? Date.now() } };
  }
  const seen = await open().read(access);
  if (!seen.ok || seen.row.state !== "ready") {
    return { end: "sandbox_lost", error: (seen.ok ? seen.row.error : null) ?? "The environment is gone." };
  }
  try {
    return await verifyIn(context, seen.row);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "not_found") return { end: "archive_gone", error: error.message };
    // A runner may come back; if it does not, its environments end.
    if (error.code === "conflict" || isPassing(error)) throw error;
    if (error.code === "sandbox_failed") return { end: "sandbox_lost", error: error.message };
    return { end: "verifier_failed", error: error.message };
  }
};

async function verifyIn(context: StepContext, row: Parameters<typeof planCheck>[1]): Promise<Outcome> {
  const { progress } = context;
  const { plan, agentEnd } = progress;
  const { machine } = environmentOf(context);
  const check = await planCheck(taskContextOf(context), row);
  if (!progress.isPrepared) {
    await check.prepare?.(machine);
    await context.commit({ isPrepared: true });
  }
  const followed = await machine.start(nameUuid(`verify ${plan.tryNumber}`, plan.itemId), check.command);
  const result = await collect(followed);
  const excerpt = result.output.slice(-EXCERPT_LENGTH);
  if (result.timed_out) return { end: "verifier_timeout", error: `The verifier's time was up. ${excerpt}`.trim() };
  await keepOutput(context, check.method, result.output);
  const { reward, rewards } = await check.judge(result, machine);
  if (reward === null) {
    return {
      end: "verifier_no_reward",
      error: `The verifier gave no reward that is a number. ${excerpt}`.trim(),
      state: { rewards },
    };
  }
  const reason = judge({
    reward,
    passThreshold: plan.task.passThreshold,
    timeoutsMayPass: plan.task.timeoutsMayPass,
    agentTimedOut: agentEnd?.timedOut ?? false,
    agentFailed: agentEnd?.failed ?? false,
  });
  return { end: reason, error: agentEnd?.message ?? null, state: { reward, rewards } };
}

/** Keeps what the verification wrote among its logs; of a flag that would be the flag. */
async function keepOutput(context: StepContext, method: string, output: string): Promise<void> {
  if (method.startsWith("flag") || output === "") return;
  const bytes = new TextEncoder().encode(output);
  await environmentOf(context).machine.write(VERIFIER_OUTPUT, new Blob([bytes]).stream(), bytes.length);
}
