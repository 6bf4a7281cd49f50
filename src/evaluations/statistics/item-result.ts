/** Every status of an item, in the order in which it goes through them (contract of evaluations, section 2). */
export const ITEM_STATUSES = [
  "queued",
  "claiming",
  "provisioning",
  "agent_running",
  "agent_finished",
  "verifying",
  "passed",
  "failed",
  "timed_out",
  "cancelled",
  "infra_error",
] as const;

export type ItemStatus = (typeof ITEM_STATUSES)[number];

/** No item in any status yet. */
export function emptyCounts(): Record<ItemStatus, number> {
  const counts = Object.fromEntries(ITEM_STATUSES.map((status) => [status, 0]));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of all statuses in the line above
  return counts as Record<ItemStatus, number>;
}

/** What an agent used, each number null where nobody has said it. */
export interface ItemUsage {
  /** Tokens of prompts, those read from a cache included. */
  inputTokens: number | null;
  outputTokens: number | null;
  cachedTokens: number | null;
  costUsd: number | null;
}

/** One attempt at one task, as far as statistics want to know it. Durations are milliseconds, null until they are known. */
export interface ItemResult {
  /** What makes attempts attempts at the same thing: `org/name@version`. */
  taskRef: string;
  taskName: string;
  /** From 1. */
  attempt: number;
  status: ItemStatus;
  /** The verifier's main reward; null where it has given none. */
  reward: number | null;
  provisionMs: number | null;
  agentMs: number | null;
  verifyMs: number | null;
  usage: ItemUsage | null;
}

/** Whether an end says something about the agent: infrastructure that failed and cancelled items do not. */
export function isCounted(status: ItemStatus): boolean {
  return status === "passed" || status === "failed" || status === "timed_out";
}
