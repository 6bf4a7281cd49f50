import type { RunRow } from "./run-view.ts";
import { toWireTime } from "../../db/microseconds.ts";

/** The tag of what tells of a run's changes in its journal. */
export const STATE_TAG = "state";

/** A time as the stream's state event shows it: `+00:00` instead of `Z` (agent-tasks 1.1 "Dates"). */
export function toOffsetTime(microseconds: number): string {
  return toWireTime(microseconds).replace("Z", "+00:00");
}

/** A line of the journal. */
export function toEntry(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

/** The journal's line for a change of a run (6.2, 1). */
export function stateEntry(run: RunRow): Uint8Array {
  const event = {
    type: "task_run_state",
    run_id: run.id,
    task_id: run.taskId,
    status: run.status,
    stage: run.stage,
    output: run.output,
    branch: run.branch,
    error_message: run.errorMessage,
    updated_at: toOffsetTime(run.updatedAt),
    completed_at: run.completedAt === null ? null : toOffsetTime(run.completedAt),
  };
  return toEntry(event);
}
