import { beforeAll, expect, test } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { pack } from "../pack.ts";
import { loseArchives, publishVersion } from "../published.ts";

let tenant: Tenant;
let sha256 = "";
const archive = pack({ "a.txt": "first", "b.bin": crypto.getRandomValues(new Uint8Array(50_000)) });

beforeAll(async () => {
  tenant = await createTenant();
  ({ sha256 } = await publishVersion(tenant, "whole", "1.0.0", archive));
});

const download = (version = "1.0.0", headers: Record<string, string> = {}, method = "GET") =>
  tenant.api(`/org/${tenant.org}/tasks/whole/${version}/archive`, { method, headers });
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

test("the bytes that were published, with their digest", async () => {
  const response = await download();
  expect(response.status).toBe(200);
  const digest = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", archive))));
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/zip",
    "content-length": String(archive.byteLength),
    "content-disposition": `attachment; filename="whole-1.0.0.zip"; filename*=UTF-8''whole-1.0.0.zip`,
    "accept-ranges": "bytes",
    etag: `"${sha256}"`,
    "repr-digest": `sha-256=:${digest}:`,
    "cache-control": expect.stringContaining("max-age"),
  });
  expect(await bytesOf(response)).toEqual(archive);
});

test("of the latest version", async () => {
  const response = await download("latest");
  expect(response.headers.get("x-task-version")).toBe("1.0.0");
  expect(response.headers.get("cache-control")).toContain("no-cache");
  expect(await bytesOf(response)).toEqual(archive);
});

test("in ranges, to be joined again", async () => {
  const middle = 20_000;
  const first = await download("1.0.0", { Range: `bytes=0-${middle - 1}` });
  const second = await download("1.0.0", { Range: `bytes=${middle}-`, "If-Range": `"${sha256}"` });
  expect([first.status, second.status]).toEqual([206, 206]);
  expect(second.headers.get("content-range")).toBe(`bytes ${middle}-${archive.byteLength - 1}/${archive.byteLength}`);
  const joined = new Uint8Array([...(await bytesOf(first)), ...(await bytesOf(second))]);
  expect(joined).toEqual(archive);
  expect((await download("1.0.0", { Range: `bytes=${archive.byteLength}-` })).status).toBe(416);
});

test("HEAD and 304 read nothing", async () => {
  const own = await createTenant();
  await publishVersion(own, "whole", "1.0.0", archive);
  await loseArchives(own);
  const ask = (init: RequestInit) => own.api(`/org/${own.org}/tasks/whole/1.0.0/archive`, init);
  const head = await ask({ method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(archive.byteLength)]);
  expect((await ask({ headers: { "If-None-Match": `"${sha256}"` } })).status).toBe(304);
  expect((await ask({})).status).toBe(404);
});

test("unknown and bad versions", async () => {
  expect((await download("1.0.1")).status).toBe(404);
  expect((await download("1.0")).status).toBe(422);
});
