import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../src/http/errors/error-table.ts";
import { readEntries } from "../../../src/runs/log/log-entries.ts";

const read = (body: string) => new TextDecoder().decode(readEntries(new TextEncoder().encode(body), "entries").lines);

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const keyText = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"10"', '"2"', '"__proto__"', '"entries"', '"\\u0041"', '"\\"]"', '"\\\\"'),
);
const scalarText = fc.oneof(
  keyText,
  fc.constantFrom("1.0", "1e5", "-0", "0.10", "12345678901234567890", "1E+2", "true", "false", "null"),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
);

/** The text of any JSON value in any layout: spellings that no serialiser of ours would choose. */
const { value: valueText, object: objectText } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: "small" }, scalarText, tie("object"), tie("list")),
  object: fc
    .array(fc.tuple(space, keyText, space, space, tie("value"), space), { maxLength: 4 })
    .map((members) => `{${members.map(([a, key, b, c, value, d]) => `${a}${key}${b}:${c}${value}${d}`).join(",")}}`),
  list: fc
    .array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
    .map((items) => `[${items.map(([a, value, b]) => `${a}${value}${b}`).join(",")}]`),
}));

describe("the bytes of entries", () => {
  test("stay as they came but for line breaks, whatever stands in and around them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(space, objectText, space), { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(keyText, valueText), { maxLength: 2 }),
        space,
        (entries, others, gap) => {
          const list = entries.map(([a, entry, b]) => `${a}${entry}${b}`).join(",");
          const before = others.map(([key, value]) => `${key}:${value},`).join(gap);
          const lines = read(`${gap}{${before}${gap}"entries"${gap}:${gap}[${list}]${gap}}${gap}`);
          expect(lines).toBe(entries.map(([, entry]) => `${entry.replaceAll(/[\r\n]/g, "")}\n`).join(""));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("are accepted and refused as JSON.parse accepts and refuses the whole body", () => {
    const mutilated = fc
      .tuple(
        fc.array(objectText, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.constantFrom("", ",", "]", "}", "[", '"', "x", "\\"),
      )
      .map(([entries, at, put]) => {
        const body = `{"entries":[${entries.join(",")}]}`;
        const position = at % body.length;
        return (body.slice(0, position) + put + body.slice(position + 1)).toWellFormed();
      });
    fc.assert(
      fc.property(mutilated, (body) => {
        let expected: string;
        try {
          const { entries }: { entries: unknown } = JSON.parse(body);
          expected = Array.isArray(entries)
            ? `${entries.map((entry) => JSON.stringify(entry)).join("\n")}\n`
            : "refused";
        } catch {
          expected = "malformed_json";
        }
        const outcome = (() => {
          try {
            return read(body)
              .split("\n")
              .map((line) => (line === "" ? "" : JSON.stringify(JSON.parse(line))))
              .join("\n");
          } catch (error) {
            if (!(error instanceof ApiError)) throw error;
            return error.code === "validation_failed" ? "refused" : error.code;
          }
        })();
        // What JSON.parse reads as a list may still hold something else than objects.
        expect(outcome === "refused" && expected !== "malformed_json" ? expected : outcome).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("the last member called entries counts, however its key is written", () => {
    expect(read('{"entries":[{"a":1}],"entr\\u0069es":[{"b":2.0}]}')).toBe('{"b":2.0}\n');
  });
});

const refusal = (body: string | Uint8Array): unknown => {
  try {
    readEntries(typeof body === "string" ? new TextEncoder().encode(body) : body, "entries");
  } catch (error) {
    if (error instanceof ApiError)
      return { code: error.code, first: error.errors?.[0]?.type, at: error.errors?.[0]?.loc };
    throw error;
  }
  return "accepted";
};

/** A body with one entry of so many bytes, its line end included. */
const entry = (bytes: number) => JSON.stringify({ entries: [{ a: "x".repeat(bytes - '{"a":""}\n'.length) }] });

describe("a body that looks as if it had nothing but its entries", () => {
  test.each([
    ['{"entries":[{"a":1}],"entries":[{"b":2}]}', '{"b":2}\n'],
    ['{"entries":[1],"entries":[{"b":2}]}', '{"b":2}\n'],
    ['{"entries":[{"a":1}],"others":[]}', '{"a":1}\n'],
    ['{"entries" : [ {"a":1}, {"b":2} ] }', '{"a":1}\n{"b":2}\n'],
    ['{"entries":[{"a":1},\r\n{"b":[1,\n2]}]}', '{"a":1}\n{"b":[1,2]}\n'],
  ])("%s", (body, lines) => {
    expect(read(body)).toBe(lines);
  });

  test.each(Array.from({ length: 12 }, (_, index) => 56 + index))(
    "strings of %s bytes, ending in escapes",
    (length) => {
      const lines = ["\\", '"', '\\"', '"\\'].map((end) =>
        JSON.stringify({ a: `${"x".repeat(length)}${end}`, b: ["]"] }),
      );
      expect(read(`{"entries":[${lines.join(",")}]}`)).toBe(`${lines.join("\n")}\n`);
    },
  );
});

describe("what is refused", () => {
  test.each([
    ["", { code: "malformed_json", first: undefined, at: undefined }],
    ["{", { code: "malformed_json", first: undefined, at: undefined }],
    ['{"entries":[{}', { code: "malformed_json", first: undefined, at: undefined }],
    ['{"entries":[{}}', { code: "malformed_json", first: undefined, at: undefined }],
    ['{"entries":[{},]}', { code: "malformed_json", first: undefined, at: undefined }],
    ['{"entries":[{}],}', { code: "malformed_json", first: undefined, at: undefined }],
    ['\uFEFF{"entries":[{}]}', { code: "malformed_json", first: undefined, at: undefined }],
    ["[]", { code: "validation_failed", first: "invalid_input", at: ["body"] }],
    ["{}", { code: "validation_failed", first: "required", at: ["body", "entries"] }],
    ['{"entries":null}', { code: "validation_failed", first: "null", at: ["body", "entries"] }],
    ['{"entries":{}}', { code: "validation_failed", first: "not_a_list", at: ["body", "entries"] }],
    ['{"entries":[ ]}', { code: "validation_failed", first: "invalid_input", at: ["body", "entries"] }],
    ['{"entries":[{},[]]}', { code: "validation_failed", first: "not_a_dict", at: ["body", "entries", 1] }],
    ['{"entries":[{},"x"]}', { code: "validation_failed", first: "not_a_dict", at: ["body", "entries", 1] }],
  ])("%s", (body, expected) => {
    expect(refusal(body)).toEqual(expected);
  });

  test("bytes that are not UTF-8", () => {
    const body = new TextEncoder().encode('{"entries":[{"a":"?"}]}');
    body[body.indexOf(0x3f)] = 0xff;
    expect(refusal(body)).toMatchObject({ code: "malformed_json" });
  });

  test("an entry that no row can hold, and not one that just fits", () => {
    expect(refusal(entry(1_900_000))).toBe("accepted");
    expect(refusal(entry(1_900_001))).toMatchObject({ code: "body_too_large" });
  });
});
