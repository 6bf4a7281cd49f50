import { ITEM_STATUSES, type ItemStatus } from "../statistics/item-result.ts";

/** Statuses in which a try is over. */
export type EndedStatus = "passed" | "failed" | "timed_out" | "cancelled" | "infra_error";

/** Statuses of a try that holds one of the evaluation's places (`concurrency`). */
export type ActiveStatus = Exclude<ItemStatus, EndedStatus | "queued">;

export const ACTIVE_STATUSES: readonly ActiveStatus[] = [
  "claiming",
  "provisioning",
  "agent_running",
  "agent_finished",
  "verifying",
];

const ENDED: ReadonlySet<ItemStatus> = new Set<EndedStatus>([
  "passed",
  "failed",
  "timed_out",
  "cancelled",
  "infra_error",
]);

export function isEnded(status: ItemStatus): status is EndedStatus {
  return ENDED.has(status);
}

/** Whether `next` comes after `present` within one try. */
export function isForward(present: ItemStatus, next: ItemStatus): boolean {
  if (isEnded(present)) return false;
  return ITEM_STATUSES.indexOf(next) > ITEM_STATUSES.indexOf(present);
}

/** Statuses that `retry-failed` queues again. */
export const RETRIED_STATUSES: readonly EndedStatus[] = ["failed", "timed_out", "cancelled", "infra_error"];
