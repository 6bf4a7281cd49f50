import { describe, expect, test } from "vitest";
import { findOutputProblem, findSchemaProblem } from "../../src/tasks/json-schema.ts";
import { slugPrefixOf } from "../../src/tasks/task-view.ts";
import { toWireTime } from "../../src/db/microseconds.ts";

test.each([
  ["PostHog Web Services", "PHW"],
  ["Default", "DEF"],
  ["my project", "MYP"],
  ["a-b", "AB"],
  ["x", "X"],
  ["--- !", "TSK"],
  ["", "TSK"],
  ["Two Capitals", "TWO"],
  ["3 little pigs", "3LI"],
])("the slugs of %j begin with %s", (name, prefix) => {
  expect(slugPrefixOf(name)).toBe(prefix);
});

test("times are shown to the microsecond", () => {
  expect(toWireTime(1_793_525_400_123_456)).toBe("2026-11-01T09:30:00.123456Z");
  expect(toWireTime(1_793_525_400_000_007)).toBe("2026-11-01T09:30:00.000007Z");
});

describe("a JSON Schema", () => {
  const nested = (depth: number): object => (depth === 0 ? {} : { not: nested(depth - 1) });

  test.each<[string, unknown]>([
    ["true", true],
    ["false", false],
    ["nothing", {}],
    [
      "draft 7",
      { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], additionalItems: false },
    ],
    ["2020-12", { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [true], items: false }],
    ["definitions", { $ref: "#/$defs/a", $defs: { a: { type: ["string", "null"] } } }],
    ["an anchor", { $ref: "#here", $defs: { a: { $anchor: "here", type: "string" } } }],
    ["recursion", { type: "object", properties: { next: { $ref: "#" } } }],
    ["unknown keywords", { "x-note": [1, { type: 5 }], title: "T", examples: [1] }],
    ["a property called $ref", { properties: { $ref: { type: "string" } } }],
    ["depth", nested(90)],
  ])("with %s is usable", (_what, schema) => {
    expect(findSchemaProblem(schema)).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ["a number", 5, /type/i],
    ["a list", [], /type/i],
    ["a text", "x", /type/i],
    ["an unknown type", { properties: { a: { type: "text" } } }, /#\/properties\/a\/type/],
    ["properties that are no map", { properties: [] }, /#\/properties/],
    ["a bad pattern", { pattern: "(" }, /pattern/],
    ["a bad pattern for properties", { patternProperties: { "(": true } }, /patternProperties/],
    ["a negative length", { minLength: -1 }, /minLength/],
    ["no alternatives", { anyOf: [] }, /anyOf/],
    ["a reference to nothing", { properties: { a: { $ref: "#/$defs/b" } } }, /\$defs\/b/],
    ["a reference to elsewhere", { $ref: "https://example.com/other.json" }, /other\.json/],
    ["a reference to itself", { $ref: "#" }, /back to itself/],
    ["two of one id", { $defs: { a: { $id: "https://x.test/a" }, b: { $id: "https://x.test/a" } } }, /Duplicate/],
    ["too much depth", nested(101), /deeper than 100/],
    ["too many bytes", { title: "x".repeat(256 * 1024) }, /larger than/],
  ])("with %s is not", (_what, schema, problem) => {
    expect(findSchemaProblem(schema)).toMatch(problem);
  });

  test("judges an output", () => {
    const schema = { type: "object", required: ["pr_url"], properties: { pr_url: { type: "string" } } } as const;
    expect(findOutputProblem({ ...schema, required: ["pr_url"] }, { pr_url: "https://x.test/1" })).toBeUndefined();
    expect(findOutputProblem({ ...schema, required: ["pr_url"] }, {})).toMatch(/pr_url/);
    expect(findOutputProblem({ ...schema, required: ["pr_url"] }, { pr_url: 5 })).toMatch(/#\/pr_url/);
    // Until draft 7 what stands beside a $ref does not count.
    const beside = { $ref: "#/$defs/a", type: "string" as const, $defs: { a: { type: "number" as const } } };
    expect(findOutputProblem(beside, 5)).toMatch(/"number" is invalid/);
    expect(findOutputProblem({ ...beside, $schema: "http://json-schema.org/draft-07/schema#" }, 5)).toBeUndefined();
  });

  test("that turns out to loop is told as a problem of the output, not an accident", () => {
    const schema = { properties: { a: { $ref: "#/properties/b" }, b: { $ref: "#/properties/a" } } };
    expect(findOutputProblem(schema, { a: 1 })).toMatch(/cannot be applied.*back to itself/);
  });
});
