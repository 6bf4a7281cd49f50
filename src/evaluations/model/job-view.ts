import type { EvaluationRecord } from "./evaluation.ts";
import { isCounted, type ItemStatus } from "../statistics/item-result.ts";
import type { Scored } from "./results.ts";
import type { Summary } from "../statistics/analytics-schema.ts";

/** What of an evaluation's numbers stands in its answer and in lists (evaluations 2, EvaluationJobResponse). */
export interface Standing {
  counts: Record<ItemStatus, number>;
  tasks: number;
  items: number;
  summary: Pick<Summary, "pass_rate" | "mean_reward">;
  /** Mean of each number that verifiers gave, by its name. */
  meanScores: Record<string, number>;
}

/** Means of what verifiers gave: `reward`, and every further number of `reward.json`. */
export class MeanScores {
  readonly #sums = new Map<string, { sum: number; n: number }>();

  add({ status, reward, rewards }: Scored): void {
    if (reward === null || !isCounted(status)) return;
    for (const [name, value] of Object.entries({ reward, ...rewards })) {
      const entry = this.#sums.get(name) ?? { sum: 0, n: 0 };
      this.#sums.set(name, { sum: entry.sum + value, n: entry.n + 1 });
    }
  }

  means(): Record<string, number> {
    return Object.fromEntries([...this.#sums].map(([name, { sum, n }]) => [name, sum / n]));
  }
}

/** An evaluation as its API shows it, without analytics. */
export function toJob(record: EvaluationRecord, { counts, tasks, items, summary, meanScores }: Standing) {
  const { agent, endedAt, createdAt, cancelRequestedAt } = record;
  const { agent_type: named } = record.params;
  return {
    id: record.id,
    name: record.name,
    model: record.model,
    status: record.status,
    agent_type: typeof named === "string" ? named : agent.kind,
    params: record.params,
    dataset_size: tasks,
    total_samples: items,
    scenario_count: tasks,
    iterations: record.attempts,
    counts,
    passed_count: counts.passed,
    failed_count: counts.failed,
    timed_out_count: counts.timed_out,
    cancelled_count: counts.cancelled,
    error_count: counts.infra_error,
    pass_rate: summary.pass_rate.value,
    mean_scores: meanScores,
    duration_ms: endedAt === null ? null : endedAt - createdAt,
    timestamp: new Date(createdAt).toISOString(),
    completed_at: endedAt === null ? null : new Date(endedAt).toISOString(),
    stop_reason: record.stopReason,
    tags: record.tags,
    metadata: record.metadata,
    project_id: record.project.id,
    task_id: null,
    trace_id: null,
    span_id: null,
    cancel_requested_at: cancelRequestedAt === null ? null : new Date(cancelRequestedAt).toISOString(),
  };
}

export type Job = ReturnType<typeof toJob>;
