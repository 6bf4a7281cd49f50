import { describe, expect, test } from "vitest";
import { dispositionOf, contentTypeOf, planAnswer, type StoredFile } from "../../src/http/stored-file.ts";

const file: StoredFile = {
  size: 100,
  etag: '"tag"',
  lastModified: new Date("2026-10-01T12:00:00.400Z"),
  filename: "a.txt",
  cacheControl: "private",
};
const LATER = new Date("2026-10-02T00:00:00Z");

const plan = (headers: Record<string, string>, now = LATER) =>
  planAnswer(new Request("https://taskyard.test/", { headers }), file, now);

describe("If-Range with a date", () => {
  const headers = { Range: "bytes=0-9", "If-Range": "Thu, 01 Oct 2026 12:00:00 GMT" };

  test("names the file once its second has passed", () => {
    expect(plan(headers).status).toBe(206);
    expect(plan(headers, new Date("2026-10-01T12:00:00.900Z")).status).toBe(200);
  });

  test("of another second does not", () => {
    expect(plan({ ...headers, "If-Range": "Thu, 01 Oct 2026 12:00:01 GMT" }).status).toBe(200);
  });
});

test("Last-Modified has no fraction of a second, and If-Modified-Since agrees with it", () => {
  const date = plan({}).headers.get("last-modified") ?? "";
  expect(date).toBe("Thu, 01 Oct 2026 12:00:00 GMT");
  expect(plan({ "If-Modified-Since": date })).toMatchObject({ status: 304, range: undefined });
});

describe("Content-Disposition", () => {
  test.each([
    ["plain.txt", `attachment; filename="plain.txt"; filename*=UTF-8''plain.txt`],
    ['a"b.txt', `attachment; filename="a_b.txt"; filename*=UTF-8''a%22b.txt`],
    ["a\r\nSet-Cookie: x", `attachment; filename="a__Set-Cookie: x"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x`],
    ["a/..\\b", `attachment; filename="a_.._b"; filename*=UTF-8''a%2F..%5Cb`],
    ["ü 😀.md", `attachment; filename="_ __.md"; filename*=UTF-8''%C3%BC%20%F0%9F%98%80.md`],
    ["it's (1)*%41", `attachment; filename="it's (1)*_41"; filename*=UTF-8''it%27s%20%281%29%2A%2541`],
    ["\ud800", `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
  ])("of %j", (name, expected) => {
    expect(dispositionOf(name)).toBe(expected);
    expect(() => new Headers({ "Content-Disposition": dispositionOf(name) })).not.toThrow();
  });
});

test.each([
  ["task.yaml", "text/yaml; charset=utf-8"],
  ["README.MD", "text/markdown; charset=utf-8"],
  ["data.json", "application/json; charset=utf-8"],
  ["run.sh", "application/x-sh; charset=utf-8"],
  ["main.ts", "text/x-typescript; charset=utf-8"],
  ["logo.svg", "image/svg+xml; charset=utf-8"],
  ["photo.png", "image/png"],
  ["model.bin", "application/octet-stream"],
  ["Dockerfile", "application/octet-stream"],
  [".env", "application/octet-stream"],
])("the type of %s is %s", (name, type) => {
  expect(contentTypeOf(name)).toBe(type);
});
