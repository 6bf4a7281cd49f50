import { type Schema, Validator } from "@cfworker/json-schema";
import type { JsonSchema } from "./schema-index.ts";

const count: Schema = { type: "integer", minimum: 0 };
const schemaOrList: Schema = { anyOf: [{ $ref: "#" }, { $ref: "#/$defs/schemas" }] };
const map: Schema = { type: "object", additionalProperties: { $ref: "#" } };
const names: Schema = { type: "array", items: { type: "string" } };
const typeName: Schema = { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] };

/** The keywords that are read here, in the shapes that drafts 7 to 2020-12 give them; others may hold anything. */
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

const validator = new Validator(META_SCHEMA, "2020-12");

/** Why a value is no JSON Schema, as `#/its/place: why`, or undefined when it is one. Linear in the value's size. */
export function findShapeProblem(value: unknown): string | undefined {
  const { valid, errors } = validator.validate(value);
  if (valid) return undefined;
  // The innermost complaint: the outer ones only say that something below them failed.
  const last = errors.at(-1);
  return last ? `${last.instanceLocation}: ${last.error}` : "#: It is no JSON Schema.";
}

export function isSchema(value: unknown): value is JsonSchema {
  return findShapeProblem(value) === undefined;
}
