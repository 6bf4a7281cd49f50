import { isPassing } from "../../../environments/environment-access.ts";
import { ApiError } from "../../../http/errors/error-table.ts";
import { checkTrajectory, TRAJECTORY_MAX_BYTES } from "../../trajectory/check-trajectory.ts";
import { combineUsage, usageOfTrajectory } from "../../trajectory/trajectory-usage.ts";
import { UsageMeter } from "../../trajectory/usage-meter.ts";
import type { ItemUsage } from "../../statistics/item-result.ts";
import { readRunEntries } from "../run-entries.ts";
import { environmentOf, runOf, type StepContext, type StepWork } from "./step.ts";

/** Where an agent may leave its own trajectory (evaluations 4). */
const AGENT_LOGS = "/logs/agent";
const TRAJECTORY = `${AGENT_LOGS}/trajectory.json`;

/** Reads what the agent has used: from its own trajectory, and from what its run was told while it worked. */
export const measure: StepWork = async (context) => {
  const { kind } = context.progress.plan.agent;
  if (kind === "oracle" || kind === "nop") return { next: "verify" };
  const { id, scope } = runOf(context);
  const meter = new UsageMeter();
  for await (const entry of readRunEntries(context.env, id, scope)) meter.add(entry);
  const usage = combineUsage(await usageInTrajectory(context), meter.usage());
  return usage === null ? { next: "verify" } : { next: "verify", state: { usage } };
};

/** What the agent's own trajectory says; null where it has left none that can be read. */
async function usageInTrajectory(context: StepContext): Promise<ItemUsage | null> {
  const { machine } = environmentOf(context);
  try {
    const { entries } = await machine.list(AGENT_LOGS, 1, 1_000);
    const found = entries.find(({ path, type }) => path === TRAJECTORY && type === "file");
    if (!found || found.size > TRAJECTORY_MAX_BYTES) return null;
    const bytes = await new Response(await machine.read(TRAJECTORY, found.size)).bytes();
    const checked = checkTrajectory(bytes);
    return checked.ok ? usageOfTrajectory(checked.trajectory) : null;
  } catch (error) {
    // The environment is gone: verifying it will say so.
    if (error instanceof ApiError && !isPassing(error)) return null;
    throw error;
  }
}
