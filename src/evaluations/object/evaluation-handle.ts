import type { Handle } from "../../objects/handle.ts";
import type { Evaluation } from "./evaluation-object.ts";

type Calls =
  | "create"
  | "read"
  | "analyse"
  | "list"
  | "item"
  | "results"
  | "outline"
  | "cancel"
  | "retryFailed"
  | "report";

/** An evaluation as its callers reach it; `fetch` opens its events (events-request.ts). */
export type EvaluationHandle = Handle<Evaluation, Calls>;

/** The evaluation of an id, whether it was created or not: one that was not answers `not_found` and stores nothing. */
export function openEvaluation(env: Cloudflare.Env, evaluationId: string): EvaluationHandle {
  return env.EVALUATION.getByName(evaluationId);
}
