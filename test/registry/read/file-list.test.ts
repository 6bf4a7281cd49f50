import { beforeAll, describe, expect, test } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { packTask } from "../archives.ts";
import { pack } from "../pack.ts";
import { loseArchives, publishFields, publishVersion } from "../published.ts";

interface Listing {
  task_name: string;
  total_files: number;
  files: { filename: string; file_size: number; compress_size: number }[];
  next_cursor?: string | null;
}

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

const open = (name: string, query = "", init: RequestInit = {}) =>
  tenant.api(`/org/${tenant.org}/tasks/${name}/files${query}`, init);

async function list(name: string, query = ""): Promise<Listing> {
  const response = await open(name, query);
  expect(response.status).toBe(200);
  return response.json<Listing>();
}

const tag = async (query = "") => (await open("tagged", query)).headers.get("etag");

/** A cursor as ours are made, of whatever it is to hold. */
function forge(...content: unknown[]): string {
  return btoa(JSON.stringify(content)).replaceAll("+", "-").replaceAll("/", "_");
}

/** Walks all pages. */
async function listPages(name: string, query: string): Promise<Listing[]> {
  const pages: Listing[] = [];
  for (let page = await list(name, query); ;) {
    pages.push(page);
    if (typeof page.next_cursor !== "string") return pages;
    expect(pages.length).toBeLessThan(100);
    page = await list(name, `?limit=300&cursor=${page.next_cursor}`);
  }
}

/** Two thousand files in two folders, and an entry for one of them. */
function packMany(): Uint8Array<ArrayBuffer> {
  const files: Record<string, string> = { "data/": "" };
  for (let index = 0; index < 2000; index += 1) {
    files[`${index % 4 === 0 ? "data" : "logs"}/file-${String(index).padStart(5, "0")}.txt`] = `line ${index}\n`.repeat(
      9,
    );
  }
  return pack(files);
}

describe("list", () => {
  test("the body of seed 000, in the archive's order, without entries of directories", async () => {
    await publishVersion(tenant, "small", "1.0.0", pack({ "src/": "", "src/b.txt": "a".repeat(1000), a: "" }));
    const response = await open("small");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-task-version")).toBe("1.0.0");
    const body = await response.json<Listing>();
    expect(body).toEqual({
      task_name: "small",
      total_files: 2,
      files: [
        { filename: "src/b.txt", file_size: 1000, compress_size: body.files[0]?.compress_size },
        { filename: "a", file_size: 0, compress_size: body.files[1]?.compress_size },
      ],
    });
    expect(body.files[0]?.compress_size).toBeLessThan(100);
  });

  test("an empty archive", async () => {
    await publishVersion(tenant, "empty", "1.0.0", pack({ "only/": "" }));
    expect(await list("empty")).toEqual({ task_name: "empty", total_files: 0, files: [] });
    expect(await list("empty", "?limit=5")).toEqual({
      task_name: "empty",
      total_files: 0,
      files: [],
      next_cursor: null,
    });
  });

  test("names of every kind", async () => {
    const names = [
      "a b.txt",
      "100%.txt",
      "%41.txt",
      "a#b?c+d&e=f.txt",
      "ünï/日本/😀.md",
      `${"x".repeat(251)}.txt`,
      'q"uote.txt',
    ];
    await publishVersion(tenant, "names", "1.0.0", pack(Object.fromEntries(names.map((name) => [name, name]))));
    expect((await list("names")).files.map(({ filename }) => filename)).toEqual(names);
  });

  test("of a version, or the latest", async () => {
    await publishVersion(tenant, "two", "1.0.0", pack({ old: "1" }));
    await publishVersion(tenant, "two", "2.0.0", pack({ new: "2" }));
    expect((await list("two")).files.map(({ filename }) => filename)).toEqual(["new"]);
    expect((await list("two", "?version=latest")).files.map(({ filename }) => filename)).toEqual(["new"]);
    const old = await open("two", "?version=1.0.0");
    expect(old.headers.get("x-task-version")).toBe("1.0.0");
    expect((await old.json<Listing>()).files.map(({ filename }) => filename)).toEqual(["old"]);
    expect((await open("two", "?version=3.0.0")).status).toBe(404);
  });
});

describe("pages", () => {
  beforeAll(async () => {
    await publishVersion(tenant, "many", "1.0.0", packMany());
  });

  test("together are the whole list", async () => {
    const whole = await list("many");
    expect(whole).toMatchObject({ total_files: 2000 });
    expect(whole).not.toHaveProperty("next_cursor");
    const pages = await listPages("many", "?limit=300");
    expect(pages.map(({ files }) => files.length)).toEqual([300, 300, 300, 300, 300, 300, 200]);
    expect(pages.map(({ total_files: total }) => total)).toEqual(pages.map(() => 2000));
    expect(pages.flatMap(({ files }) => files)).toEqual(whole.files);
  });

  test("a limit that just suffices has no next page", async () => {
    expect((await list("many", "?limit=2000")).next_cursor).toBeNull();
    expect((await list("many", "?limit=1999")).next_cursor).toEqual(expect.any(String));
  });

  test("a prefix is counted, paged, and kept by the cursor", async () => {
    const whole = await list("many", "?prefix=data/");
    expect(whole).toMatchObject({ total_files: 500 });
    expect(whole.files.every(({ filename }) => filename.startsWith("data/"))).toBe(true);
    const pages = await listPages("many", "?limit=300&prefix=data/");
    expect(pages.map(({ total_files: total, files }) => [total, files.length])).toEqual([
      [500, 300],
      [500, 200],
    ]);
    expect(pages.flatMap(({ files }) => files)).toEqual(whole.files);
    expect(await list("many", "?prefix=none")).toMatchObject({ total_files: 0, files: [] });
  });

  test("a version published in between does not mix in", async () => {
    await publishVersion(tenant, "moving", "1.0.0", pack({ a: "1", b: "1", c: "1" }));
    const first = await list("moving", "?limit=2");
    await publishVersion(tenant, "moving", "2.0.0", pack({ x: "2", y: "2", z: "2" }));
    const second = await open("moving", `?cursor=${first.next_cursor}`);
    expect(second.headers.get("x-task-version")).toBe("1.0.0");
    expect(await second.json()).toMatchObject({ total_files: 3, files: [{ filename: "c" }], next_cursor: null });
  });

  test("of a version that is gone are 404", async () => {
    await publishVersion(tenant, "removed", "1.0.0", pack({ a: "1", b: "1" }));
    await publishVersion(tenant, "removed", "1.1.0", pack({ a: "1", b: "1" }));
    const { next_cursor: cursor } = await list("removed", "?limit=1&version=1.0.0");
    await tenant.api(`/org/${tenant.org}/tasks/removed/1.0.0`, { method: "DELETE" });
    const response = await open("removed", `?cursor=${cursor}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining("Begin again") });
  });

  test("cursors that are not ours are refused", async () => {
    const { next_cursor: cursor = "" } = await list("many", "?limit=10&prefix=logs/");
    const [versionId, version, , total, prefix] = JSON.parse(atob(String(cursor).replaceAll("-", "+")));
    const queries = [
      "cursor=nonsense",
      "cursor=",
      `cursor=${forge(versionId, version, -1, total, prefix)}`,
      `cursor=${forge(versionId, version, 7, total, prefix)}`,
      `cursor=${forge(versionId, version, 1e9, total, prefix)}`,
      `cursor=${cursor}&prefix=data/`,
      `cursor=${cursor}&version=9.0.0`,
    ];
    for (const query of queries) {
      const response = await open("many", `?limit=10&${query}`);
      expect([query, response.status]).toEqual([query, 422]);
      expect(await response.json()).toMatchObject({
        type: "validation_error",
        errors: [{ loc: ["query", expect.any(String)] }],
      });
    }
    expect((await open("many", `?cursor=${cursor}&prefix=logs/&version=latest`)).status).toBe(200);
    // A cursor leads nowhere but into the task whose listing it came from.
    await publishFields(tenant, "stranger", "1.0.0");
    expect((await open("stranger", `?cursor=${cursor}`)).status).toBe(404);
  });

  test.each(["limit=0", "limit=10001", "limit=1.5", "version=1", "version=", `prefix=${"x".repeat(1025)}`])(
    "?%s is refused",
    async (query) => {
      expect((await open("many", `?${query}`)).status).toBe(422);
    },
  );
});

describe("asked for again", () => {
  test("costs no read of R2: whole, by prefix, by page", async () => {
    const own = await createTenant();
    const files = { "data/a.txt": `unique ${crypto.randomUUID()}`, "data/b.txt": "b", c: "c" };
    await publishVersion(own, "cached", "1.0.0", pack(files));
    const path = `/org/${own.org}/tasks/cached/files`;
    const first = await (await own.api(path)).text();
    await loseArchives(own);
    expect(await (await own.api(path)).text()).toBe(first);
    expect(await (await own.api(`${path}?prefix=data/`)).json()).toMatchObject({ total_files: 2 });
    const page = await (await own.api(`${path}?limit=1`)).json<Listing>();
    const rest = await (await own.api(`${path}?cursor=${page.next_cursor}`)).json<Listing>();
    expect([...page.files, ...rest.files]).toEqual(JSON.parse(first).files);
    // The bytes of a file are not in the directory.
    expect((await own.api(`${path}/c`)).status).toBe(404);
  });

  test("304 costs no read of R2 either", async () => {
    const own = await createTenant();
    await publishVersion(own, "kept", "1.0.0", pack({ a: crypto.randomUUID() }));
    const path = `/org/${own.org}/tasks/kept/files`;
    const etag = (await own.api(path, { method: "HEAD" })).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    await loseArchives(own);
    const again = await own.api(path, { headers: { "If-None-Match": `"other", W/${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("etag")).toBe(etag);
    expect(again.headers.get("x-task-version")).toBe("1.0.0");
    const other = await own.api(`${path}?prefix=a`, { headers: { "If-None-Match": etag } });
    expect(other.status).toBe(404);
  });

  test("the tag changes with the version and the parameters, not with the request", async () => {
    await publishVersion(tenant, "tagged", "1.0.0", packTask({ name: "tagged" }));
    const first = await tag();
    expect(await tag()).toBe(first);
    expect(await tag("?version=1.0.0")).toBe(first);
    expect(new Set([first, await tag("?prefix=x"), await tag("?limit=1"), await tag("?limit=2")]).size).toBe(4);
    await publishVersion(tenant, "tagged", "1.0.1", packTask({ name: "tagged", version: "1.0.1" }));
    expect(await tag()).not.toBe(first);
  });

  test("latest asks again each time, a pinned version may be kept", async () => {
    await publishFields(tenant, "fresh", "1.0.0");
    expect((await open("fresh")).headers.get("cache-control")).toContain("no-cache");
    const pinned = (await open("fresh", "?version=1.0.0")).headers.get("cache-control");
    expect(pinned).toMatch(/^private,.*max-age=\d+/);
  });
});
