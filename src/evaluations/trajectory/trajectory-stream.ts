import type { ItemUsage } from "../statistics/item-result.ts";
import { ATIF_VERSION, type Trajectory } from "./atif-schema.ts";
import { TrajectoryMaker } from "./trajectory-maker.ts";
import { combineUsage } from "./trajectory-usage.ts";
import { UsageMeter } from "./usage-meter.ts";

/** What a trajectory says beside its steps. */
export interface TrajectoryHead {
  sessionId: string;
  agent: { name: string; version: string; modelName?: string | undefined };
  /** What the agent was told. */
  instruction: string;
  notes?: string | undefined;
  extra?: Record<string, unknown> | undefined;
  /** What is known of the usage beside the entries, and counts before what they tell. */
  usage?: ItemUsage | null | undefined;
}

/** Characters that are written at a time. */
const PIECE = 64 * 1024;

/**
 * The ATIF of a run as JSON, as its entries come: memory holds the steps that are not complete, and never the trajectory.
 * `entries` is the log of one attempt, parsed. final_metrics stand behind the steps, and only with the fields that are known.
 */
export async function* writeTrajectory(
  head: TrajectoryHead,
  entries: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<string> {
  const { sessionId, agent, instruction, notes, extra } = head;
  const maker = new TrajectoryMaker({ instruction, modelName: agent.modelName });
  const meter = new UsageMeter();
  const opening = {
    schema_version: ATIF_VERSION,
    session_id: sessionId,
    agent: {
      name: agent.name,
      version: agent.version,
      ...(agent.modelName !== undefined && { model_name: agent.modelName }),
    },
    ...(notes !== undefined && { notes }),
    ...(extra !== undefined && { extra }),
  } satisfies Partial<Trajectory>;
  let piece = `${JSON.stringify(opening).slice(0, -1)},"steps":[`;
  let separator = "";
  const write = (steps: readonly unknown[]) => {
    for (const step of steps) {
      piece += separator + JSON.stringify(step);
      separator = ",";
    }
  };
  for await (const entry of entries) {
    meter.add(entry);
    write(maker.add(entry));
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  write(maker.end());
  yield `${piece}],"final_metrics":${JSON.stringify(finalMetrics(head.usage, meter, maker.stepCount))}}`;
}

function finalMetrics(
  told: ItemUsage | null | undefined,
  meter: UsageMeter,
  steps: number,
): NonNullable<Trajectory["final_metrics"]> {
  const usage = combineUsage(told ?? null, meter.usage());
  const fields = Object.entries({
    total_prompt_tokens: usage?.inputTokens,
    total_completion_tokens: usage?.outputTokens,
    total_cached_tokens: usage?.cachedTokens,
    total_cost_usd: usage?.costUsd,
  });
  return { ...Object.fromEntries(fields.filter(([, value]) => typeof value === "number")), total_steps: steps };
}
