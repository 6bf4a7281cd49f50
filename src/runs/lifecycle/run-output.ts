import { ApiError } from "../../http/errors/error-table.ts";
import { findOutputProblem, type OutputSchema } from "../../tasks/json-schema.ts";
import type { RunChange } from "../model/run-change.ts";

/**
 * The change that `set_output` makes (agent-tasks 4.3). Under a schema any JSON that matches completes the run; without
 * one the output is an object and the run goes on. Throws `request_refused` for an output that is neither.
 */
export function toOutputChange(schema: OutputSchema | null, output: unknown): RunChange {
  if (schema !== null) {
    const problem = findOutputProblem(schema, output);
    if (problem !== undefined) throw new ApiError("request_refused", `Output validation error: ${problem}`);
    return { outputReplacement: output, status: "completed" };
  }
  if (typeof output !== "object" || output === null || Array.isArray(output)) {
    throw new ApiError("request_refused", "output must be a dictionary");
  }
  return { outputReplacement: output };
}
