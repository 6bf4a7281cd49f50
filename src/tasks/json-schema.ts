import { isDeeper } from "../http/agent-api/agent-fields.ts";
import { findShapeProblem, isSchema } from "../json-schema/meta-schema.ts";
import { type JsonSchema, SchemaIndex } from "../json-schema/schema-index.ts";
import { Validation } from "../json-schema/validate.ts";

/** The JSON Schema of a task's output. */
export type OutputSchema = JsonSchema;

/** Deeper schemas and outputs are refused before a recursive reader could run out of stack. */
const MAX_DEPTH = 100;
/** In bytes of JSON: with the other long fields a task's row stays below D1's 2 MB. */
export const SCHEMA_MAX_BYTES = 256 * 1024;

/** Why a value cannot serve as a task's `json_schema`, or undefined when it can. */
export function findSchemaProblem(value: unknown): string | undefined {
  if (isDeeper(value, MAX_DEPTH)) return `It is nested deeper than ${MAX_DEPTH} levels.`;
  if (new TextEncoder().encode(JSON.stringify(value)).length > SCHEMA_MAX_BYTES) {
    return `It is larger than ${SCHEMA_MAX_BYTES} bytes.`;
  }
  if (!isSchema(value)) return findShapeProblem(value);
  try {
    SchemaIndex.read(value, isSchema);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** What is wrong with a run's output under the task's schema, or undefined when it matches (agent-tasks 4.3). */
export function findOutputProblem(schema: OutputSchema, output: unknown): string | undefined {
  if (isDeeper(output, MAX_DEPTH)) return `It is nested deeper than ${MAX_DEPTH} levels.`;
  try {
    return new Validation(SchemaIndex.read(schema, isSchema)).run(output);
  } catch (error) {
    return `The task's json_schema cannot be applied: ${messageOf(error)}`;
  }
}

/** What a schema throws; a stack that runs out is its nesting times the value's. */
function messageOf(error: unknown): string {
  if (error instanceof RangeError) return "The schema and the value are nested too deeply together.";
  return error instanceof Error ? error.message : String(error);
}
