import { RUN_STATUSES, type RunStatus } from "../db/agent-schema.ts";

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
