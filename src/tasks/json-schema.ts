import { dereference, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import { isDeeper } from "../http/agent-fields.ts";

/** The JSON Schema of a task's output. */
export type OutputSchema = Schema | boolean;

/** Deeper schemas and outputs are refused before a recursive reader could run out of stack. */
const MAX_DEPTH = 100;
/** In bytes of JSON: with the other long fields a task's row stays below D1's 2 MB. */
export const SCHEMA_MAX_BYTES = 256 * 1024;

const count: Schema = { type: "integer", minimum: 0 };
const schemaOrList: Schema = { anyOf: [{ $ref: "#" }, { $ref: "#/$defs/schemas" }] };
const map: Schema = { type: "object", additionalProperties: { $ref: "#" } };
const names: Schema = { type: "array", items: { type: "string" } };
const typeName: Schema = { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] };

/** The keywords that the validator reads, in the shapes that drafts 7 to 2020-12 give them; others may hold anything. */
const META_SCHEMA: Schema = {
  type: ["object", "boolean"],
  $defs: { schemas: { type: "array", items: { $ref: "#" }, minItems: 1 } },
  properties: {
    $id: { type: "string" },
    $schema: { type: "string" },
    $ref: { type: "string" },
    $anchor: { type: "string" },
    $defs: map,
    definitions: map,
    properties: map,
    patternProperties: { ...map, propertyNames: { format: "regex" } },
    dependentSchemas: map,
    dependencies: { type: "object", additionalProperties: { anyOf: [{ $ref: "#" }, names] } },
    dependentRequired: { type: "object", additionalProperties: names },
    allOf: { $ref: "#/$defs/schemas" },
    anyOf: { $ref: "#/$defs/schemas" },
    oneOf: { $ref: "#/$defs/schemas" },
    prefixItems: { $ref: "#/$defs/schemas" },
    items: schemaOrList,
    ...Object.fromEntries(
      ["additionalItems", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties"]
        .concat(["propertyNames", "not", "if", "then", "else"])
        .map((keyword) => [keyword, { $ref: "#" }]),
    ),
    type: { anyOf: [typeName, { type: "array", items: typeName, minItems: 1 }] },
    enum: { type: "array" },
    required: names,
    pattern: { type: "string", format: "regex" },
    format: { type: "string" },
    multipleOf: { type: "number", exclusiveMinimum: 0 },
    ...Object.fromEntries(
      ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"].map((keyword) => [keyword, { type: "number" }]),
    ),
    ...Object.fromEntries(
      ["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"]
        .concat(["maxContains", "minContains"])
        .map((keyword) => [keyword, count]),
    ),
    uniqueItems: { type: "boolean" },
  },
};

const metaValidator = new Validator(META_SCHEMA, "2020-12");

/** The innermost complaint of a validation: the outer ones only say that something below them failed. */
function describe(errors: { instanceLocation: string; error: string }[]): string {
  const last = errors.at(-1);
  return last ? `${last.instanceLocation}: ${last.error}` : "It does not match.";
}

function draftOf(schema: OutputSchema): SchemaDraft {
  const named = typeof schema === "object" ? (schema.$schema ?? "") : "";
  if (/draft-0[67]\b/.test(named)) return "7";
  return named.includes("2019-09") ? "2019-09" : "2020-12";
}

function isSchema(value: unknown): value is OutputSchema {
  return metaValidator.validate(value).valid;
}

/** Why a value cannot serve as a task's `json_schema`, or undefined when it can. */
export function findSchemaProblem(value: unknown): string | undefined {
  if (isDeeper(value, MAX_DEPTH)) return `It is nested deeper than ${MAX_DEPTH} levels.`;
  if (new TextEncoder().encode(JSON.stringify(value)).length > SCHEMA_MAX_BYTES) {
    return `It is larger than ${SCHEMA_MAX_BYTES} bytes.`;
  }
  if (!isSchema(value)) return describe(metaValidator.validate(value).errors);
  try {
    const known = dereference(value);
    for (const schema of Object.values(known)) {
      const target = typeof schema === "object" ? schema["__absolute_ref__"] : undefined;
      if (target !== undefined && known[target] === undefined) return `Nothing is at $ref "${target}".`;
    }
    // A $ref that leads back to itself shows on any value.
    new Validator(value, draftOf(value)).validate(null);
    return undefined;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): string {
  if (error instanceof RangeError) return "A $ref leads back to itself.";
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong with a run's output under the task's schema, or undefined when it matches (agent-tasks 4.3). */
export function findOutputProblem(schema: OutputSchema, output: unknown): string | undefined {
  if (isDeeper(output, MAX_DEPTH)) return `It is nested deeper than ${MAX_DEPTH} levels.`;
  try {
    const { valid, errors } = new Validator(schema, draftOf(schema)).validate(output);
    return valid ? undefined : describe(errors);
  } catch (error) {
    return `The task's json_schema cannot be applied: ${explain(error)}`;
  }
}
