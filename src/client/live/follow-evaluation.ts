import type { EvaluationItemResponse, EvaluationJobResponse } from "../generated/types.gen.ts";
import type { Taskyard } from "../taskyard.ts";
import { Follow, type FollowSettings } from "./follow.ts";

/** How an item stands: what a grid of tasks and attempts shows. */
export type EvaluationItemOutline = Pick<
  EvaluationItemResponse,
  | "id"
  | "position"
  | "task_ref"
  | "attempt"
  | "item_status"
  | "retry_count"
  | "passed"
  | "reward"
  | "end_reason"
  | "error"
  | "environment_id"
  | "run_id"
> & { try: number };

/** How an evaluation stands. */
export type EvaluationOutline = Pick<EvaluationJobResponse, "id" | "name" | "status"> & { stop_reason: string | null };

/** How many items have each status. */
export type EvaluationCounts = Record<EvaluationItemResponse["item_status"], number>;

/** What an evaluation's events tell (docs/evaluations.md, "Events"); `timestamp` is ISO 8601. */
export type EvaluationEvent = { timestamp: string; counts: EvaluationCounts } & (
  | { type: "item"; item: EvaluationItemOutline }
  | { type: "evaluation" | "evaluation-end"; evaluation: EvaluationOutline }
);

export interface FollowEvaluationOptions extends FollowSettings {
  path: { org?: string; ws?: string; evaluation_id: string };
}

/** Follows an evaluation from its beginning, or from `after` on: one event for each change of an item or of itself, to its end. */
export function followEvaluation(
  client: Taskyard,
  { path, ...settings }: FollowEvaluationOptions,
): Follow<EvaluationEvent> {
  const target = { path: "/api/v1/org/{org}/ws/{ws}/evaluation/{evaluation_id}/events", values: path, query: {} };
  return new Follow(client, target, settings);
}
