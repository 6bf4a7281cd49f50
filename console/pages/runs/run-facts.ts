import type { AgentRun } from "../../../src/client/generated/types.gen.ts";

export type Run = NonNullable<AgentRun>;

/** US dollars that the run's agent says it has cost, where it says so in the run's state or output. */
export function costOf({ state, output }: Run): number | null {
  for (const place of [state, output]) {
    if (typeof place !== "object" || place === null) continue;
    for (const name of ["cost_usd", "total_cost_usd"]) {
      const cost: unknown = Reflect.get(place, name);
      if (typeof cost === "number") return cost;
    }
  }
  return null;
}

/** Whether the run's status is one of the last ones. */
export function hasEnded({ status }: Run): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}
