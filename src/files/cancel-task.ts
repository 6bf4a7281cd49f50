import { v7 as uuid } from "uuid";
import { openRun } from "../runs/run-handle.ts";
import { unwrap } from "../runs/run-path.ts";
import { LIVE_STATUSES, type WorkflowStatus, workflowStatusOf } from "../runs/run-status.ts";
import type { OpenRuns } from "./workflow-task-store.ts";

/**
 * Cancels what a task has under way. A task without a run gets one that is cancelled, because its runs are what says how
 * it stands. The status that does not allow it, and then nothing was done; undefined when the task is cancelled.
 */
export async function cancelTask(
  env: Cloudflare.Env,
  { runScope, live, latest }: OpenRuns,
  createdBy: number,
): Promise<WorkflowStatus | undefined> {
  const cancel = async (id: string) =>
    unwrap(await openRun(env, id).change(runScope, { status: "cancelled" }, LIVE_STATUSES));
  if (latest) {
    const { run, applied } = await cancel(latest.id);
    if (!applied) return workflowStatusOf(run.status);
    await Promise.all(live.filter(({ id }) => id !== latest.id).map(({ id }) => cancel(id)));
    return undefined;
  }
  const id = uuid();
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
