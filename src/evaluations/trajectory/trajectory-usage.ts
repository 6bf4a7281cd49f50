import type { ItemUsage } from "../statistics/item-result.ts";
import type { Trajectory } from "./atif-schema.ts";

/** Where a field of a usage stands in ATIF: of a whole trajectory, and of a step. */
const FIELDS = {
  inputTokens: { total: "total_prompt_tokens", step: "prompt_tokens" },
  outputTokens: { total: "total_completion_tokens", step: "completion_tokens" },
  cachedTokens: { total: "total_cached_tokens", step: "cached_tokens" },
  costUsd: { total: "total_cost_usd", step: "cost_usd" },
} as const satisfies Record<keyof ItemUsage, unknown>;

/** What a trajectory says its agent used: field by field final_metrics, else the sum over steps. Null where it says nothing. */
export function usageOfTrajectory(trajectory: Trajectory): ItemUsage | null {
  const read = (field: keyof ItemUsage) => trajectory.final_metrics?.[FIELDS[field].total] ?? sumOf(trajectory, field);
  return known({
    inputTokens: read("inputTokens"),
    outputTokens: read("outputTokens"),
    cachedTokens: read("cachedTokens"),
    costUsd: read("costUsd"),
  });
}

function sumOf({ steps }: Trajectory, field: keyof ItemUsage): number | null {
  let sum: number | null = null;
  for (const { metrics } of steps) {
    const value = metrics?.[FIELDS[field].step];
    if (typeof value === "number") sum = (sum ?? 0) + value;
  }
  return sum;
}

/** Field by field what the first source knows, else the second: an agent's own trajectory before what its events told. */
export function combineUsage(first: ItemUsage | null, second: ItemUsage | null): ItemUsage | null {
  if (first === null || second === null) return first ?? second;
  return {
    inputTokens: first.inputTokens ?? second.inputTokens,
    outputTokens: first.outputTokens ?? second.outputTokens,
    cachedTokens: first.cachedTokens ?? second.cachedTokens,
    costUsd: first.costUsd ?? second.costUsd,
  };
}

/** The usage, or null where no field of it is known. */
export function known(usage: ItemUsage): ItemUsage | null {
  return Object.values(usage).every((value) => value === null) ? null : usage;
}
