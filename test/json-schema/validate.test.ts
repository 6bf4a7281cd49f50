import { Validator } from "@cfworker/json-schema";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { patternSize } from "../../src/json-schema/pattern-size.ts";
import { findOutputProblem, findSchemaProblem, type OutputSchema } from "../../src/tasks/json-schema.ts";

const key = fc.constantFrom("a", "b", "c", "ab");
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      2,
      3,
      1.5,
      0.3,
      -1,
      "",
      "a",
      "ab",
      "b12",
      "1.2.3.4",
      "2026-11-27",
    ),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(key, tie("any"), { maxKeys: 4 }),
  ),
})).any;

const small = fc.integer({ min: 0, max: 3 });
const schema = fc.letrec<{ any: OutputSchema }>((tie) => {
  const some = fc.array(tie("any"), { minLength: 1, maxLength: 3 });
  const map = fc.dictionary(key, tie("any"), { maxKeys: 3 });
  const keywords = {
    type: fc.constantFrom("array", "boolean", "integer", "null", "number", "object", "string", ["string", "null"]),
    const: value,
    enum: fc.array(value, { maxLength: 4 }),
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: tie("any"),
    if: tie("any"),
    // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
    then: tie("any"),
    else: tie("any"),
    properties: map,
    additionalProperties: tie("any"),
    patternProperties: fc.dictionary(fc.constantFrom("^a", "b$", "."), tie("any"), { maxKeys: 2 }),
    propertyNames: tie("any"),
    required: fc.array(key, { maxLength: 2 }),
    dependentRequired: fc.dictionary(key, fc.array(key, { maxLength: 2 }), { maxKeys: 2 }),
    dependentSchemas: map,
    dependencies: fc.dictionary(key, fc.oneof(tie("any"), fc.array(key, { maxLength: 2 })), { maxKeys: 2 }),
    minProperties: small,
    maxProperties: small,
    prefixItems: some,
    items: tie("any"),
    contains: tie("any"),
    minItems: small,
    maxItems: small,
    uniqueItems: fc.boolean(),
    minimum: small,
    maximum: small,
    exclusiveMinimum: small,
    exclusiveMaximum: small,
    multipleOf: fc.constantFrom(1, 2, 0.1, 1.5),
    minLength: small,
    maxLength: small,
    pattern: fc.constantFrom("^a", "\\d+$", "[ab]{2}", "^$"),
    format: fc.constantFrom("ipv4", "date", "email", "unknown"),
    $ref: fc.constantFrom("#/$defs/x", "#/$defs/y"),
  };
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- records of keywords are schemas
    any: fc.oneof(
      { maxDepth: 2 },
      fc.boolean(),
      fc.record(keywords, { requiredKeys: [] }),
    ) as fc.Arbitrary<OutputSchema>,
  };
}).any;

/** The same with what its $refs lead to, which refers to nothing further. */
const whole = fc.tuple(schema, fc.boolean()).map(([root, isText]) => ({
  ...(typeof root === "object" ? root : { additionalProperties: root }),
  $defs: { x: { type: isText ? "string" : "object" }, y: { $ref: "#/$defs/x" } },
}));

test("agrees with a library's validator on ordinary schemas", () => {
  const agrees = fc.property(whole, value, (given, instance) => {
    const problem = findSchemaProblem(given);
    if (problem !== undefined) throw new Error(problem);
    const expected = new Validator(structuredClone(given), "2020-12").validate(instance).valid;
    return (findOutputProblem(given, instance) === undefined) === expected;
  });
  expect(fc.check(agrees, { numRuns: 400 })).toMatchObject({ failed: false });
});

test.each<[string, OutputSchema, unknown, boolean]>([
  [
    "unevaluatedProperties: none is left",
    { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
    { a: 1 },
    true,
  ],
  [
    "unevaluatedProperties: one is left",
    { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
    { b: 1 },
    false,
  ],
  ["unevaluatedItems: all are known", { prefixItems: [true], unevaluatedItems: false }, [1], true],
  ["unevaluatedItems: one is not", { prefixItems: [true], unevaluatedItems: false }, [1, 2], false],
  [
    "items of draft 7",
    { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], additionalItems: false },
    ["a", 1],
    false,
  ],
  [
    "a $ref of draft 7 stands alone",
    {
      $schema: "http://json-schema.org/draft-07/schema#",
      $ref: "#/definitions/a",
      type: "string",
      definitions: { a: {} },
    },
    1,
    true,
  ],
  [
    "$id and $anchor",
    { $id: "https://example.com/s", $ref: "#here", $defs: { a: { $anchor: "here", type: "string" } } },
    1,
    false,
  ],
  [
    "a $ref to another $id",
    { $ref: "https://example.com/b", $defs: { b: { $id: "https://example.com/b", type: "null" } } },
    1,
    false,
  ],
  [
    "a schema that holds itself",
    { properties: { next: { $ref: "#" } }, required: ["n"] },
    { n: 1, next: { next: {} } },
    false,
  ],
  ["1 is 1.0", { enum: [1.0] }, 1, true],
  ["keys in any order", { const: { a: 1, b: [2] } }, JSON.parse('{"b":[2],"a":1}'), true],
  ["minContains 0", { contains: { type: "string" }, minContains: 0 }, [], true],
])("%s", (_, given, instance, isValid) => {
  expect(findSchemaProblem(given)).toBeUndefined();
  expect(findOutputProblem(given, instance) === undefined).toBe(isValid);
});

const doubling = (levels: number): OutputSchema => ({
  $ref: "#/$defs/d0",
  $defs: Object.fromEntries(
    Array.from({ length: levels + 1 }, (_, n) => [
      `d${n}`,
      n === levels ? { type: "string" } : { anyOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
    ]),
  ),
});

describe("work that multiplies", () => {
  test("a schema whose definitions double is read once each, and its validation is given up", () => {
    expect(findSchemaProblem(doubling(24))).toBeUndefined();
    expect(findOutputProblem(doubling(40), 5)).toMatch(/more work than one request may do/);
    expect(findOutputProblem(doubling(3), "text")).toBeUndefined();
  });

  test.each<[string, OutputSchema, RegExp]>([
    ["a circle", { $ref: "#/$defs/a", $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } } }, /leads back to itself/],
    ["a circle behind a condition", { dependentSchemas: { a: { $ref: "#" } } }, /leads back to itself/],
    ["a long chain", doubling(200), /stand behind each other/],
    ["two schemas of one name", { $defs: { a: { $id: "x" }, b: { $id: "x" } } }, /Duplicate schema URI/],
    ["look-ahead", { pattern: "(?=a)b" }, /linear time/],
    ["a back-reference", { patternProperties: { "(a)\\1": true } }, /linear time/],
    ["repeats that multiply", { pattern: "(a{1,50}){1,50}" }, /too large/],
    [
      "many large patterns",
      { allOf: Array.from({ length: 9 }, (_, n) => ({ pattern: `${n}a{1500}` })) },
      /patterns together|linear time/,
    ],
    ["a $ref to what is no schema", { $ref: "#/x", x: { type: 5 } }, /no schema/],
  ])("%s is refused", (_, given, problem) => {
    expect(findSchemaProblem(given)).toMatch(problem);
  });

  test("$ids in each other are read once each", () => {
    let nested: OutputSchema = { $id: "https://example.com/last" };
    for (let level = 0; level < 40; level += 1) nested = { $id: `https://example.com/${level}`, not: nested };
    expect(findSchemaProblem(nested)).toBeUndefined();
  });

  test("values that multiply with the schema are given up or done at once", () => {
    expect(findOutputProblem({ pattern: "^(a+)+$" }, `${"a".repeat(30)}!`)).toMatch(/pattern/);
    const numbers = Array.from({ length: 40_000 }, (_, n) => n);
    expect(findOutputProblem({ uniqueItems: true }, numbers)).toBeUndefined();
    expect(findOutputProblem({ uniqueItems: true }, [...numbers, 7])).toMatch(/7 and 40000/);
    const long = "a".repeat(1_000_000);
    const often = { allOf: Array.from({ length: 5_000 }, () => ({ minLength: 1 })) };
    expect(findOutputProblem(often, long)).toMatch(/more work/);
    expect(findOutputProblem({ format: "url" }, `http://${"a".repeat(40)} !`)).toBeTypeOf("string");
    expect(findOutputProblem({ enum: Array.from({ length: 9_000 }, (_, n) => [n]) }, numbers)).toMatch(/none of/);
  });
});

test("the size of a pattern is what its repeats come to", () => {
  for (const [pattern, size] of [
    ["abc", 3],
    ["a{100}", 101],
    ["(ab){10}", 31],
    ["[a-z]{5}x", 7],
    ["\\{{3}", 4],
  ] as const) {
    expect(patternSize(pattern)).toBeLessThanOrEqual(size);
    expect(patternSize(pattern)).toBeGreaterThanOrEqual(size - 3);
  }
});
