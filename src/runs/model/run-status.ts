import { RUN_STATUSES, type RunStatus } from "../../db/agent-schema.ts";

/** The statuses of a run and how one follows another (agent-tasks 2.2, "Terminal"). */

const TERMINAL: ReadonlySet<RunStatus> = new Set<RunStatus>(["completed", "failed", "cancelled"]);

export function isTerminal(status: RunStatus): boolean {
  return TERMINAL.has(status);
}

/** Statuses from which a run can still go on. */
export const LIVE_STATUSES: readonly RunStatus[] = RUN_STATUSES.filter((status) => !isTerminal(status));

/** Statuses from which a run can be started (section 9, `start`). */
export const STARTABLE_STATUSES: readonly RunStatus[] = ["not_started", "queued"];

/** The status that a run takes when `asked` is wanted: any from any, but a terminal one is the last. */
export function nextStatus(current: RunStatus, asked: RunStatus): RunStatus {
  return isTerminal(current) ? current : asked;
}

/** The statuses of a task as workflow clients know them (workflow-files, "Step run"). */
export const WORKFLOW_STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;
export type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];

/** What the steps of a workflow are here: runs of an agent. */
export const STEP_TYPE = "agent";

/** A run's status in the words of workflow clients; a task without a run is pending. */
export function workflowStatusOf(status: RunStatus | undefined): WorkflowStatus {
  return status === undefined || status === "not_started" || status === "queued" ? "pending" : status;
}
