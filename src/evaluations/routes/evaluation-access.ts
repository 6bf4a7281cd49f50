import type { z } from "@hono/zod-openapi";
import type { AppContext } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import type { EvaluationScope } from "../model/evaluation.ts";
import { type EvaluationHandle, openEvaluation } from "../object/evaluation-handle.ts";
import type { NotFound, WrongStatus } from "../object/evaluation-object.ts";
import type { evaluationPath } from "./evaluation-schemas.ts";

/** The evaluation that a path names, and whose it has to be. */
export function nameEvaluation(
  c: AppContext,
  { org, ws, evaluation_id: id }: z.output<typeof evaluationPath>,
): { handle: EvaluationHandle; scope: EvaluationScope } {
  const { organizationId, projectId } = requireOwnOrganization(c, org);
  return { handle: openEvaluation(c.env, id.toLowerCase()), scope: { organizationId, workspace: ws, projectId } };
}

/** What a call of an evaluation brought; throws what it was refused for. */
export function unwrap<T extends { ok: true }>(outcome: T | NotFound | WrongStatus, what = "Evaluation"): T {
  if (outcome.ok) return outcome;
  if (outcome.reason === "not_found") throw new ApiError("not_found", `${what} not found.`);
  throw new ApiError("conflict", `The evaluation is ${outcome.status}, which does not allow that.`);
}
