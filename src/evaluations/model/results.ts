import { ENDINGS } from "./end-reason.ts";
import type { PlannedTask, TryState } from "./plan.ts";
import type { ItemResult, ItemStatus } from "../statistics/item-result.ts";

/** An item as far as its numbers go. */
export interface Measured {
  attempt: number;
  status: ItemStatus;
  state: TryState | null;
  task: Pick<PlannedTask, "ref" | "name">;
}

/** Milliseconds between two times; null until both are known. */
function between(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}

/** How long each part of a try took. */
export function durationsOf(state: TryState | null): Pick<ItemResult, "provisionMs" | "agentMs" | "verifyMs"> {
  if (!state) return { provisionMs: null, agentMs: null, verifyMs: null };
  return {
    provisionMs: between(state.startedAt, state.agentStartedAt),
    agentMs: between(state.agentStartedAt, state.agentFinishedAt),
    verifyMs: between(state.verifyStartedAt, state.completedAt),
  };
}

/** An item's result with all numbers that its verifier gave. */
export type Scored = ItemResult & { rewards: Record<string, number> | null };

/** What statistics want to know of an item. */
export function toResult({ attempt, status, state, task }: Measured): Scored {
  return {
    taskRef: task.ref,
    taskName: task.name,
    attempt,
    status,
    reward: state?.reward ?? null,
    rewards: state?.rewards ?? null,
    usage: state?.usage ?? null,
    ...durationsOf(state),
  };
}

/** Whether an item passed; null until that is known, and where it says nothing about the agent. */
export function passedOf({ status, state }: Pick<Measured, "status" | "state">): boolean | null {
  if (status === "passed") return true;
  const reason = state?.endReason;
  return reason && ENDINGS[reason].isCounted ? false : null;
}
