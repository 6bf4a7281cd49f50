import { assert, boolean, json as anyJson, property, string, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLifted } from "../../src/json-bytes/lifted-json.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A JSON value that puts everything back that was lifted. */
function restore(value: unknown, lifted: Map<string, Uint8Array>): unknown {
  if (typeof value === "string") {
    const text = lifted.get(value);
    return text ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text) : value;
  }
  if (Array.isArray(value)) return value.map((item) => restore(item, lifted));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restore(item, lifted)]));
}

const LONG = 1_024;

describe("JSON without its long texts", () => {
  test("is what JSON.parse reads, for any text in any spelling", () => {
    const spelled = tuple(string({ unit: "binary" }), boolean()).map(([text, escaped]) => {
      const json = JSON.stringify(text);
      if (!escaped) return json;
      const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
      return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
    });
    assert(
      property(spelled, anyJson(), (text, other) => {
        const long = `"${"x".repeat(LONG)}${text.slice(1)}`;
        const json = `{"other": ${other}, "artifacts":[ {"content" : ${long}, "content_type":"a"}, {"content":${text}}]}`;
        const { value, lifted } = parseLifted(encode(json), "content", 3);
        expect(lifted.size).toBe(1);
        const expected: unknown = JSON.parse(json, (_, item) =>
          typeof item === "string" ? item.toWellFormed() : item,
        );
        expect(restore(value, lifted)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("has each escape in place", () => {
    const escapes = String.raw`\"\\\/\b\f\n\r\té\ud83d\ude00\ud83d\ude00x\ud83d`;
    const { lifted } = parseLifted(encode(`{"content":"${escapes}${"x".repeat(LONG)}"}`), "content", 1);
    const [text] = lifted.values();
    const start = '"\\/\b\f\n\r\té😀😀x\ufffdxx';
    expect(new TextDecoder().decode(text).slice(0, start.length)).toBe(start);
  });

  test("lifts values of the key at its depth alone, and only long ones", () => {
    const long = "y".repeat(LONG);
    const body = {
      content: long,
      artifacts: [
        { name: long, content: "short", metadata: { content: long } },
        { content_: long, x: "content", y: long },
        { content: [long], "con\ttent": long },
        ["content", long],
      ],
    };
    const { value, lifted } = parseLifted(encode(JSON.stringify(body)), "content", 3);
    expect(lifted.size).toBe(0);
    expect(value).toEqual(body);
  });

  test("takes little beside them", () => {
    const content = "x".repeat(3_000_000);
    const little = JSON.stringify({ name: "y".repeat(1_400_000), content });
    expect(parseLifted(encode(little), "content", 1).lifted.size).toBe(1);
    const much = JSON.stringify({ name: "y".repeat(1_500_000), content });
    expect(() => parseLifted(encode(much), "content", 1)).toThrow(/larger than 1500000 bytes/);
    expect(() => parseLifted(encode(much), "name", 1)).toThrow(/larger than 1500000 bytes/);
  });

  test.each([
    ["a control character", `{"content":"${"x".repeat(LONG)}\n"}`],
    ["an unknown escape", String.raw`{"content":"${"x".repeat(LONG)}\x"}`],
    ["half an escape", String.raw`{"content":"${"x".repeat(LONG)}\u12"}`],
    ["no closing quote", `{"content":"${"x".repeat(LONG)}`],
    ["no end", `{"content":"${"x".repeat(LONG)}"`],
    ["two values", `{"content":"${"x".repeat(LONG)}"}{}`],
    ["nothing", ""],
  ])("refuses %s", (_, json) => {
    expect(() => parseLifted(encode(json), "content", 1)).toThrow(/JSON parse error/);
  });
});
