import { hashText } from "../../../auth/text-hash.ts";
import { createEnvironment } from "../../../environments/create.ts";
import { openEnvironment } from "../../../environments/object/environment-handle.ts";
import { ApiError } from "../../../http/errors/error-table.ts";
import { askAgain } from "../../../objects/ask-again.ts";
import type { Outcome, Progress } from "../progress.ts";
import { scopeOf, type StepWork } from "./step.ts";

/** How long one question to the environment waits for it, in milliseconds. */
const PATIENCE_MS = 15_000;

/** Seconds that an environment lives beyond the times of its agent and its verifier: for copying files, and for being late. */
const SPARE_SECONDS = 600;

/** How long a place is waited for before another question, in milliseconds; the longest, and in all. */
const CAPACITY_PAUSE_MS = 500;
const CAPACITY_PAUSE_MAX_MS = 15_000;
const CAPACITY_MAX_MS = 24 * 3_600_000;

/** Makes the environment, once for each try; without a place for it the item waits. */
export const claim: StepWork = async ({ env, progress }) => {
  const { plan } = progress;
  const wanted = {
    task_ref: plan.task.ref,
    inputs: plan.task.inputs,
    project_id: plan.project.id,
    secret_ids: plan.secretIds,
    timeout_sec: plan.task.provisionSeconds + workSeconds(progress),
    ...(plan.provider !== null && { sandbox_provider: plan.provider }),
  };
  try {
    const key = `evaluation-item ${plan.itemId} ${plan.tryNumber}`;
    const more = { isShownLate: true };
    const { row, token } = await createEnvironment(env, plan.creator, plan.workspaceKey, wanted, key, more);
    if (token === null) return endOf(progress, row.state, row.error, row.endReason);
    return {
      next: "provision",
      change: { tokenHash: await hashText(token) },
      state: { status: "provisioning", environmentId: row.id },
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return refused(error, progress);
  }
};

/** Seconds that the environment is needed once it is ready. */
export function workSeconds({ plan }: Progress): number {
  return plan.task.agentSeconds + plan.task.verifierSeconds + SPARE_SECONDS;
}

/** Codes of what this deployment cannot provide, whenever it is asked. */
const REFUSALS: ReadonlySet<string> = new Set(["invalid_request", "validation_failed"]);

function refused(error: ApiError, { refusals, state }: Progress): Outcome {
  if (error.code === "not_found") return { end: "archive_gone", error: error.message };
  if (REFUSALS.has(error.code)) return { end: "provision_refused", error: error.message };
  if (error.code !== "sandbox_capacity_exceeded") throw error;
  if (Date.now() > state.startedAt + CAPACITY_MAX_MS) return { end: "capacity", error: error.message };
  const pause = Math.min(CAPACITY_PAUSE_MS * 2 ** refusals, CAPACITY_PAUSE_MAX_MS);
  return { wait: pause * (0.5 + Math.random() / 2), change: { refusals: refusals + 1 } };
}

/** Waits until the environment is ready. */
export const provision: StepWork = async ({ env, progress }) => {
  const { environmentId } = progress.state;
  if (environmentId === null) throw new Error("The try has no environment yet");
  const scope = scopeOf(progress);
  const settled = await askAgain(() => openEnvironment(env, environmentId).settle(scope, PATIENCE_MS));
  if (!settled.ok) return { end: "sandbox_lost", error: "The environment is not there any more." };
  const { state, error, endReason } = settled.row;
  if (state === "ready") {
    await openEnvironment(env, environmentId).extend(scope, workSeconds(progress));
    return { next: "start_agent" };
  }
  if (state === "failed" || state === "torn_down") return endOf(progress, state, error, endReason);
  return { wait: 0 };
};

function endOf(
  { plan }: Progress,
  state: string,
  error: string | null,
  endReason: "deleted" | "expired" | null,
): Outcome {
  if (state === "failed") return { end: "provision_failed", error };
  if (endReason === "deleted") return { end: "sandbox_lost", error: "The environment was deleted." };
  const seconds = plan.task.provisionSeconds;
  return { end: "no_runner", error: `The environment was not ready in its time: ${seconds} seconds to provision it.` };
}
