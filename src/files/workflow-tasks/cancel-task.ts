import { v5 } from "uuid";
import { openRun } from "../../runs/access/run-handle.ts";
import { unwrap } from "../../runs/access/run-path.ts";
import { LIVE_STATUSES, type WorkflowStatus, workflowStatusOf } from "../../runs/model/run-status.ts";
import type { OpenRuns } from "./workflow-task-store.ts";

/** Names the runs that say that their task was cancelled, among all UUIDs of version 5: one for a task. */
const CANCELLED_TASKS = "9d3f5a0e-61c8-4b7e-8f52-c4a7b1d20e96";

/**
 * Cancels what a task has under way; repeated, it goes on where it broke off. A task without a run gets one that is
 * cancelled, because its runs are what says how it stands. The status that does not allow it, and then nothing was done;
 * undefined when the task is cancelled.
 */
export async function cancelTask(
  env: Cloudflare.Env,
  { runScope, live, latest }: OpenRuns,
  createdBy: number,
): Promise<WorkflowStatus | undefined> {
  const cancel = async (id: string) =>
    unwrap(await openRun(env, id).change(runScope, { status: "cancelled" }, LIVE_STATUSES));
  if (latest) {
    const others = live.filter(({ id }) => id !== latest.id);
    const { run, applied } = await cancel(latest.id);
    const goesOn = run.status === "cancelled" && others.length > 0;
    if (!applied && !goesOn) return workflowStatusOf(run.status);
    await Promise.all(others.map(({ id }) => cancel(id)));
    return undefined;
  }
  const id = v5(runScope.taskId, CANCELLED_TASKS);
  const empty = { stage: null, branch: null, errorMessage: null, output: null, state: {}, artifacts: [] };
  const created = openRun(env, id).create(runScope, {
    ...empty,
    id,
    status: "cancelled",
    environment: "cloud",
    createdBy,
  });
  unwrap(await created);
  return undefined;
}
