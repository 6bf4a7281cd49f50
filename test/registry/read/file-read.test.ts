import { beforeAll, describe, expect, test } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { pack } from "../pack.ts";
import { loseArchives, publishVersion } from "../published.ts";

let tenant: Tenant;

const TEXT = Array.from({ length: 30_000 }, (_, line) => `line ${line}\n`).join("");
const NAMES = [
  "a b.txt",
  "100%.txt",
  "%41.txt",
  "%2e%2e.txt",
  "a#b?c+d&e=f;g.txt",
  "ünï/日本/😀.md",
  `${"x".repeat(251)}.txt`,
  "q\"uo'te(1)*.txt",
  "dir/sub/file",
  "facets",
  "archive",
];

beforeAll(async () => {
  tenant = await createTenant();
  const named = Object.fromEntries(NAMES.map((name) => [name, `content of ${name}`]));
  await publishVersion(tenant, "named", "1.0.0", pack({ ...named, "folder/": "", "page.html": "<script>", empty: "" }));
  await publishVersion(tenant, "stored", "1.0.0", pack({ "text.txt": TEXT, empty: "" }, 0));
  await publishVersion(tenant, "deflated", "1.0.0", pack({ "text.txt": TEXT, empty: "" }));
});

const encodePath = (path: string) => path.split("/").map(encodeURIComponent).join("/");
const read = (name: string, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  tenant.api(`/org/${tenant.org}/tasks/${name}/files/${path}`, { headers, ...init });
const textOf = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());

describe("one file", () => {
  test.each(NAMES)("%s", async (name) => {
    const response = await read("named", encodePath(name));
    expect([response.status, await textOf(response)]).toEqual([200, `content of ${name}`]);
    const escaped = await read("named", encodeURIComponent(name));
    expect(await textOf(escaped)).toBe(`content of ${name}`);
  });

  test("its headers", async () => {
    const { headers } = await read("stored", "text.txt");
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(TEXT.length),
      "content-disposition": `attachment; filename="text.txt"; filename*=UTF-8''text.txt`,
      "accept-ranges": "bytes",
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
      "last-modified": expect.stringMatching(/ GMT$/),
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringContaining("sandbox"),
      "x-task-version": "1.0.0",
      "cache-control": expect.stringContaining("private"),
    });
  });

  test("a page among them is never a page of this origin", async () => {
    const response = await read("named", "page.html");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'; sandbox/);
  });

  test("an empty file", async () => {
    const response = await read("deflated", "empty");
    expect([response.status, await textOf(response)]).toEqual([200, ""]);
    expect(response.headers.get("content-length")).toBe("0");
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect((await read("deflated", "empty", { Range: "bytes=0-" })).status).toBe(416);
    expect((await read("deflated", "empty", { Range: "bytes=-5" })).status).toBe(200);
  });

  test.each([
    "folder/",
    "folder",
    "dir",
    "dir/sub",
    "nothing.txt",
    "%61rchive%00",
    "DIR/sub/file",
    "%ff",
    "%zz",
    "50%",
  ])("%s is no file: 404 that names it", async (path) => {
    const response = await read("named", path);
    expect(response.status).toBe(404);
    const { detail, type } = await response.json<{ detail: string; type: string }>();
    expect(type).toBe("not_found_error");
    expect(detail).toMatch(/^No file '.+' in version 1\.0\.0 of /);
  });

  test("of a version", async () => {
    await publishVersion(tenant, "two", "1.0.0", pack({ a: "old" }));
    await publishVersion(tenant, "two", "1.1.0", pack({ a: "new" }));
    expect(await textOf(await read("two", "a"))).toBe("new");
    const old = await read("two", "a?version=1.0.0");
    expect([await textOf(old), old.headers.get("x-task-version")]).toEqual(["old", "1.0.0"]);
    expect((await read("two", "a?version=1")).status).toBe(422);
    expect((await read("two", "a?version=2.0.0")).status).toBe(404);
  });
});

describe.each(["stored", "deflated"])("ranges of a %s entry", (name) => {
  const size = TEXT.length;
  test.each([
    ["bytes=0-0", 0, 0],
    ["bytes=0-99", 0, 99],
    ["bytes=100000-150000", 100_000, 150_000],
    [`bytes=${size - 10}-`, size - 10, size - 1],
    ["bytes=-7", size - 7, size - 1],
    [`bytes=-${size * 2}`, 0, size - 1],
    [`bytes=${size - 5}-${size * 2}`, size - 5, size - 1],
    ["BYTES = 3 - 4", 3, 4],
  ])("%s", async (range, first, last) => {
    const response = await read(name, "text.txt", { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${first}-${last}/${size}`);
    expect(response.headers.get("content-length")).toBe(String(last - first + 1));
    expect(await textOf(response)).toBe(TEXT.slice(first, last + 1));
  });

  test.each([`bytes=${size}-`, `bytes=${size}-${size + 5}`, "bytes=-0"])("%s lies outside", async (range) => {
    const response = await read(name, "text.txt", { Range: range });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe(`bytes */${size}`);
    expect(await response.json()).toMatchObject({ code: 416, type: "invalid_error" });
  });

  test.each(["bytes=0-1,5-6", "bytes=5-1", "lines=0-1", "bytes=a-b", "bytes=-", ""])(
    "%j is answered with the whole file",
    async (range) => {
      const response = await read(name, "text.txt", { Range: range });
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBe(size);
    },
  );
});

describe("conditions", () => {
  test("If-None-Match and If-Modified-Since: 304, the former first", async () => {
    const { headers } = await read("stored", "text.txt");
    const [etag, date] = [headers.get("etag") ?? "", headers.get("last-modified") ?? ""];
    const status = async (conditions: Record<string, string>) => (await read("stored", "text.txt", conditions)).status;
    expect(await status({ "If-None-Match": etag })).toBe(304);
    expect(await status({ "If-None-Match": `"x", ${etag}` })).toBe(304);
    expect(await status({ "If-None-Match": "*" })).toBe(304);
    expect(await status({ "If-None-Match": '"x"' })).toBe(200);
    expect(await status({ "If-Modified-Since": date })).toBe(304);
    expect(await status({ "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT" })).toBe(200);
    expect(await status({ "If-Modified-Since": "yesterday" })).toBe(200);
    expect(await status({ "If-None-Match": '"x"', "If-Modified-Since": date })).toBe(200);
    expect(await status({ "If-None-Match": etag, Range: "bytes=0-1" })).toBe(304);
  });

  test("a tag belongs to one file of one archive", async () => {
    const tag = async (name: string, path: string) => (await read(name, path)).headers.get("etag");
    const tags = [await tag("stored", "text.txt"), await tag("stored", "empty"), await tag("deflated", "text.txt")];
    expect(new Set(tags).size).toBe(3);
    const other = await read("stored", "empty", { "If-None-Match": String(tags[0]) });
    expect(other.status).toBe(200);
  });

  test("If-Range: the part when the file is the same, else all of it", async () => {
    const etag = (await read("stored", "text.txt")).headers.get("etag") ?? "";
    const status = async (condition: string) =>
      (await read("stored", "text.txt", { Range: "bytes=0-1", "If-Range": condition })).status;
    expect(await status(etag)).toBe(206);
    expect(await status('"x"')).toBe(200);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status("Thu, 01 Jan 2026 00:00:00 GMT")).toBe(200);
  });

  test("HEAD: the length, no range, no body", async () => {
    const head = await read("deflated", "text.txt", { Range: "bytes=0-1" }, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
      200,
      String(TEXT.length),
      "",
    ]);
  });
});

test("304 and HEAD do not read the file, a look-up reads no directory that is cached", async () => {
  const own = await createTenant();
  await publishVersion(own, "kept", "1.0.0", pack({ a: crypto.randomUUID() }));
  const path = `/org/${own.org}/tasks/kept/files/a`;
  const etag = (await own.api(path)).headers.get("etag") ?? "";
  await loseArchives(own);
  expect((await own.api(path, { headers: { "If-None-Match": etag } })).status).toBe(304);
  expect((await own.api(path, { method: "HEAD" })).status).toBe(200);
  expect((await own.api(`${path}b`)).status).toBe(404);
  const gone = await own.api(path);
  expect([gone.status, await gone.json()]).toMatchObject([
    404,
    { detail: expect.stringContaining("no longer stored") },
  ]);
});
