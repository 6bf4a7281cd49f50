import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import {
  contentDigest,
  type Detail,
  type ErrorBody,
  leftovers,
  NOTHING_LEFT,
  noise,
  packTask,
  publish,
  sha256,
  streamOf,
} from "../archives.ts";

const path = (tenant: Tenant, version = "1.0.0") => `/org/${tenant.org}/tasks/sample/versions/${version}`;

/** A PUT whose body is a stream; `length` is what its Content-Length says, whatever the stream brings. */
function putStream(tenant: Tenant, stream: ReadableStream<Uint8Array>, length: number | undefined) {
  const headers: Record<string, string> = length === undefined ? {} : { "Content-Length": String(length) };
  return tenant.api(path(tenant), { method: "PUT", body: stream, headers });
}

describe("publish in one request", () => {
  it("publishes a version that its owner sees at once", async () => {
    const tenant = await createTenant();
    const archive = packTask();
    const created = await publish(tenant, archive);
    expect(created.status).toBe(201);
    const detail: Detail = await created.json();
    expect(detail).toMatchObject({
      name: "sample",
      version: "1.0.0",
      sha256: await sha256(archive),
      file_size: archive.byteLength,
      is_public: false,
      created_by: tenant.userId,
      warnings: [],
    });
    const { objects, uploads } = await leftovers(tenant);
    expect(objects).toHaveLength(1);
    expect(uploads).toBe(0);
    const stored = await env.ARCHIVES.get(objects[0] ?? "");
    expect(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(archive);
  });

  it("answers the same bytes with the version that is there, and stores them once", async () => {
    const tenant = await createTenant();
    const { warnings: _, ...first }: Detail = await (await publish(tenant, packTask())).json();
    const again = await publish(tenant, packTask());
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(first);
    expect((await leftovers(tenant)).objects).toHaveLength(1);
  });

  it("refuses other bytes for a published version, naming both digests", async () => {
    const tenant = await createTenant();
    const [one, other] = [packTask(), packTask({ description: "Another." })];
    await publish(tenant, one);
    const refused = await publish(tenant, other);
    expect(refused.status).toBe(409);
    const body: ErrorBody = await refused.json();
    expect(body.type).toBe("already_exists_error");
    expect(body.detail).toContain(await sha256(one));
    expect(body.detail).toContain(await sha256(other));
    expect((await leftovers(tenant)).objects).toHaveLength(1);
  });

  it.each([
    "application/zip",
    "application/x-zip-compressed",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "Application/Zip; charset=binary",
  ])("takes the media type %s", async (type) => {
    const tenant = await createTenant();
    expect((await publish(tenant, packTask(), { headers: { "Content-Type": type } })).status).toBe(201);
  });

  it.each(["application/json", "text/plain", "multipart/form-data; boundary=x"])("refuses %s", async (type) => {
    const tenant = await createTenant();
    const refused = await publish(tenant, packTask(), { headers: { "Content-Type": type } });
    expect(refused.status).toBe(415);
    expect((await refused.json<ErrorBody>()).detail).toContain("application/zip");
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("needs a Content-Length", async () => {
    const tenant = await createTenant();
    const refused = await putStream(tenant, streamOf([packTask()]), undefined);
    expect(refused.status).toBe(411);
  });

  it("refuses an empty body", async () => {
    const tenant = await createTenant();
    const refused = await publish(tenant, new Uint8Array());
    expect(refused.status).toBe(422);
    expect((await refused.json<ErrorBody>()).errors?.[0]).toMatchObject({ loc: ["body"], type: "empty" });
  });

  it("refuses more than one request may bring, and names the way in parts", async () => {
    const tenant = await createTenant();
    const refused = await putStream(tenant, streamOf([noise(1024)]), 95_000_001);
    expect(refused.status).toBe(413);
    expect((await refused.json<ErrorBody>()).detail).toContain(`/api/v1${path(tenant)}/uploads`);
  });

  it.each([
    ["an upper-case name", "/tasks/Sample/versions/1.0.0"],
    ["the reserved name", "/tasks/facets/versions/1.0.0"],
    ["a name of 129 characters", `/tasks/${"a".repeat(129)}/versions/1.0.0`],
    ["a version with a leading zero", "/tasks/sample/versions/1.01.0"],
    ["a prerelease", "/tasks/sample/versions/1.0.0-rc.1"],
    ["two numbers", "/tasks/sample/versions/1.0"],
    ["latest", "/tasks/sample/versions/latest"],
  ])("refuses %s", async (_what, task) => {
    const tenant = await createTenant();
    const refused = await tenant.api(`/org/${tenant.org}${task}`, { method: "PUT", body: packTask() });
    expect(refused.status).toBe(422);
    expect((await refused.json<ErrorBody>()).errors?.[0]?.loc[0]).toBe("path");
  });

  it("needs task:write, in the own organization", async () => {
    const [tenant, other] = [await createTenant(), await createTenant()];
    const reader = await tenant.makeKey(["task:read"]);
    const writer = await tenant.makeKey(["task:write"]);
    const put = (key: string) => tenant.api(path(tenant), { method: "PUT", body: packTask(), key });
    expect((await put(reader)).status).toBe(403);
    expect((await put(other.adminKey)).status).toBe(404);
    expect((await put(writer)).status).toBe(201);
  });
});

describe("Content-Digest", () => {
  it("accepts the right one, among algorithms it does not know", async () => {
    const tenant = await createTenant();
    const archive = packTask();
    const headers = { "Content-Digest": `md5=:AAAA:, ${await contentDigest(archive)}` };
    expect((await publish(tenant, archive, { headers })).status).toBe(201);
  });

  it("ignores one of other algorithms only", async () => {
    const tenant = await createTenant();
    expect((await publish(tenant, packTask(), { headers: { "Content-Digest": "sha-512=:AAAA:" } })).status).toBe(201);
  });

  it("refuses a wrong one and leaves nothing", async () => {
    const tenant = await createTenant();
    const headers = { "Content-Digest": await contentDigest(noise(8)) };
    const refused = await publish(tenant, packTask(), { headers });
    expect(refused.status).toBe(422);
    const body: ErrorBody = await refused.json();
    expect(body.detail).toContain(await sha256(packTask()));
    expect(body.errors?.[0]).toMatchObject({ loc: ["header", "content-digest"], type: "digest" });
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("refuses a wrong one for a version that is there, too", async () => {
    const tenant = await createTenant();
    await publish(tenant, packTask());
    const headers = { "Content-Digest": await contentDigest(noise(8)) };
    expect((await publish(tenant, packTask(), { headers })).status).toBe(422);
  });

  it.each(["sha-256=nonsense", "sha-256=:AAAA:", "sha-256=:%%%:", "=", "sha-256"])("refuses %j", async (header) => {
    const tenant = await createTenant();
    const refused = await publish(tenant, packTask(), { headers: { "Content-Digest": header } });
    expect(refused.status).toBe(422);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });
});

describe("bodies that are not what they say", () => {
  const archive = packTask({}, { "data.bin": noise(300_000) });
  const half = archive.slice(0, 150_000);

  it("leaves nothing of a body that ends early", async () => {
    const tenant = await createTenant();
    const refused = await putStream(tenant, streamOf([half]), archive.byteLength);
    expect(refused.status).toBe(400);
    expect((await refused.json<ErrorBody>()).detail).toContain(`150000 of the ${archive.byteLength} bytes`);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("leaves nothing of a body that goes on too long", async () => {
    const tenant = await createTenant();
    const refused = await putStream(tenant, streamOf([archive, noise(70_000)]), archive.byteLength);
    expect(refused.status).toBe(400);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("leaves nothing of a connection that breaks", async () => {
    const tenant = await createTenant();
    const refused = await putStream(tenant, streamOf([half], "error"), archive.byteLength);
    expect(refused.status).toBe(400);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("does not touch a published version when a repeat breaks", async () => {
    const tenant = await createTenant();
    await publish(tenant, archive);
    expect((await putStream(tenant, streamOf([half], "error"), archive.byteLength)).status).toBe(400);
    expect((await leftovers(tenant)).objects).toHaveLength(1);
    expect((await publish(tenant, archive)).status).toBe(200);
  });
});
