import { describe, expect, it } from "vitest";
import { createTenant } from "../../tenant.ts";
import { contentDigest, leftovers, NOTHING_LEFT, noise, packTask, publish, sha256, streamOf } from "../archives.ts";
import {
  complete,
  cut,
  packLarge,
  PART_SIZE,
  putPart,
  readUpload,
  start,
  startOpen,
  uploadsPath,
  type UploadBody,
  withVerification,
} from "./uploads.ts";

/** Two whole parts and a bit. */
const archive = packLarge(2 * PART_SIZE + 1000);

interface Parts {
  parts: { part_number: number; size: number; sha256: string }[];
  total: number;
}

describe("an upload in parts", () => {
  it("becomes a version: parts out of order, one sent again, an answer lost", async () => {
    const tenant = await createTenant();
    const digest = await sha256(archive);
    const started = await start(tenant, archive.byteLength, digest.toUpperCase());
    expect(started.status).toBe(201);
    const upload: UploadBody = await started.json();
    expect(started.headers.get("Location")).toBe(`/api/v1${uploadsPath(tenant)}/${upload.id}`);
    expect(upload).toMatchObject({ state: "open", part_size: PART_SIZE, parts: 3, received_parts: 0, sha256: digest });

    expect((await putPart(tenant, upload.id, 3, cut(archive, 3))).status).toBe(200);
    expect((await putPart(tenant, upload.id, 1, noise(PART_SIZE, 7))).status).toBe(200);
    // The client never saw the answer, and asks what has arrived under which digest.
    expect(await readUpload(tenant, upload.id)).toMatchObject({ received_parts: 2 });
    const listed: Parts = await (await tenant.api(`${uploadsPath(tenant)}/${upload.id}/parts`)).json();
    expect(listed.parts.map((part) => part.part_number)).toEqual([1, 3]);
    expect(listed.parts[0]?.sha256).not.toBe(await sha256(cut(archive, 1)));
    const first = cut(archive, 1);
    const again = await putPart(tenant, upload.id, 1, first, { "Content-Digest": await contentDigest(first) });
    expect(await again.json()).toMatchObject({ part_number: 1, size: PART_SIZE, sha256: await sha256(first) });
    expect((await putPart(tenant, upload.id, 2, cut(archive, 2))).status).toBe(200);
    expect(await readUpload(tenant, upload.id)).toMatchObject({ received_bytes: archive.byteLength });

    await withVerification(async () => {
      const completed = await complete(tenant, upload.id);
      expect(completed.status).toBe(202);
      expect(await completed.json()).toMatchObject({ id: upload.id, state: "verifying" });
      expect([200, 202]).toContain((await complete(tenant, upload.id)).status);
    });
    expect(await readUpload(tenant, upload.id)).toMatchObject({ state: "accepted", warnings: [], problems: null });
    const repeated = await complete(tenant, upload.id);
    expect(repeated.status).toBe(200);
    const detail = await tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0`);
    expect(await detail.json()).toMatchObject({ sha256: digest, file_size: archive.byteLength });
    expect(await leftovers(tenant)).toMatchObject({ objects: [expect.any(String)], discarded: 0 });
  });

  it("computes the digest when none was announced", async () => {
    const tenant = await createTenant();
    const small = packTask();
    const upload = await startOpen(tenant, small.byteLength);
    expect(upload).toMatchObject({ parts: 1, sha256: null });
    await putPart(tenant, upload.id, 1, small);
    await withVerification(() => complete(tenant, upload.id));
    expect(await readUpload(tenant, upload.id)).toMatchObject({ state: "accepted", sha256: await sha256(small) });
  });

  it("is refused when the whole has another digest, and leaves no object", async () => {
    const tenant = await createTenant();
    const small = packTask();
    const upload = await startOpen(tenant, small.byteLength);
    await putPart(tenant, upload.id, 1, small);
    await withVerification(() => complete(tenant, upload.id, "0".repeat(64)));
    const refused = await readUpload(tenant, upload.id);
    expect(refused).toMatchObject({ state: "refused", problems: [{ loc: ["archive"], type: "digest-mismatch" }] });
    expect(await leftovers(tenant)).toEqual({ objects: [], uploads: 1, discarded: 0 });
    const repeated = await complete(tenant, upload.id);
    expect(repeated.status).toBe(422);
    expect(await repeated.json()).toMatchObject({ type: "task_error", errors: refused.problems });
  });

  it("is refused for what the archive holds", async () => {
    const tenant = await createTenant();
    const junk = noise(4096);
    const upload = await startOpen(tenant, junk.byteLength);
    await putPart(tenant, upload.id, 1, junk);
    await withVerification(() => complete(tenant, upload.id));
    expect(await readUpload(tenant, upload.id)).toMatchObject({
      state: "refused",
      problems: [{ loc: ["archive"], type: "no-end-record" }],
    });
    expect((await tenant.api(`/org/${tenant.org}/tasks/sample`)).status).toBe(404);
  });

  it("names the parts that are missing", async () => {
    const tenant = await createTenant();
    const upload = await startOpen(tenant, archive.byteLength);
    await putPart(tenant, upload.id, 2, cut(archive, 2));
    const refused = await complete(tenant, upload.id);
    expect(refused.status).toBe(409);
    const { errors }: { errors: { loc: unknown[]; type: string }[] } = await refused.json();
    expect(errors.map(({ loc, type }) => ({ loc, type }))).toEqual([
      { loc: ["parts", 1], type: "part_missing" },
      { loc: ["parts", 3], type: "part_missing" },
    ]);
    expect(await readUpload(tenant, upload.id)).toMatchObject({ state: "open", received_parts: 1 });
  });

  it("can be found again by its version", async () => {
    const tenant = await createTenant();
    const upload = await startOpen(tenant, archive.byteLength);
    await putPart(tenant, upload.id, 3, cut(archive, 3));
    const second = await startOpen(tenant, 10);
    const listed: { uploads: UploadBody[]; total: number } = await (await tenant.api(uploadsPath(tenant))).json();
    expect(listed.total).toBe(2);
    expect(listed.uploads.map(({ id }) => id)).toEqual([second.id, upload.id]);
    expect(listed.uploads[1]).toMatchObject({ received_parts: 1, received_bytes: 1000 + archiveRest });
    const page: { uploads: UploadBody[] } = await (await tenant.api(`${uploadsPath(tenant)}?limit=1&page=2`)).json();
    expect(page.uploads.map(({ id }) => id)).toEqual([upload.id]);
  });

  it("is aborted without a trace", async () => {
    const tenant = await createTenant();
    const upload = await startOpen(tenant, archive.byteLength);
    await putPart(tenant, upload.id, 1, cut(archive, 1));
    const abort = () => tenant.api(`${uploadsPath(tenant)}/${upload.id}`, { method: "DELETE" });
    expect((await abort()).status).toBe(204);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
    expect((await abort()).status).toBe(404);
    expect((await putPart(tenant, upload.id, 2, cut(archive, 2))).status).toBe(404);
    expect((await complete(tenant, upload.id)).status).toBe(404);
  });

  it("is not aborted, and takes no parts, once it has ended", async () => {
    const tenant = await createTenant();
    const small = packTask();
    const upload = await startOpen(tenant, small.byteLength);
    await putPart(tenant, upload.id, 1, small);
    await withVerification(() => complete(tenant, upload.id));
    expect((await tenant.api(`${uploadsPath(tenant)}/${upload.id}`, { method: "DELETE" })).status).toBe(409);
    expect((await putPart(tenant, upload.id, 1, small)).status).toBe(409);
    expect((await publish(tenant, small)).status).toBe(200);
  });
});

/** Bytes of the archive beside its data: what the last part has more than the 1000. */
const archiveRest = archive.byteLength - 2 * PART_SIZE - 1000;

describe("starting an upload", () => {
  it.each([
    ["no size", {}],
    ["a size of 0", { size: 0 }],
    ["half a byte", { size: 1.5 }],
    ["a digest that is none", { size: 10, sha256: "abc" }],
    ["an unknown field", { size: 10, parts: 3 }],
  ])("refuses %s", async (_what, json) => {
    const tenant = await createTenant();
    expect((await tenant.api(uploadsPath(tenant), { method: "POST", json })).status).toBe(422);
  });

  it("refuses more than an upload may bring", async () => {
    const tenant = await createTenant();
    expect((await start(tenant, 5_000_000_001)).status).toBe(413);
  });

  it("answers a version that is there with it, or refuses other bytes", async () => {
    const tenant = await createTenant();
    const small = packTask();
    await publish(tenant, small);
    const same = await start(tenant, small.byteLength, await sha256(small));
    expect(same.status).toBe(200);
    expect(await same.json()).toMatchObject({ name: "sample", sha256: await sha256(small) });
    expect((await start(tenant, 10, "0".repeat(64))).status).toBe(409);
    expect((await start(tenant, 10)).status).toBe(409);
    expect((await leftovers(tenant)).uploads).toBe(0);
  });

  it("refuses a digest at the end that is not the one from the start", async () => {
    const tenant = await createTenant();
    const upload = await startOpen(tenant, 10, "1".repeat(64));
    expect((await complete(tenant, upload.id, "2".repeat(64))).status).toBe(422);
  });
});

describe("a part", () => {
  it.each([
    ["too short", 1, PART_SIZE - 1, 422],
    ["too long", 1, PART_SIZE + 1, 413],
    ["a last one too long", 2, 101, 413],
    ["a last one too short", 2, 99, 422],
    ["empty", 2, 0, 422],
    ["number 3 of 2", 3, 100, 422],
    ["number 0", 0, 100, 422],
  ])("is refused: %s", async (_what, number, length, status) => {
    const tenant = await createTenant();
    const upload = await startOpen(tenant, PART_SIZE + 100);
    expect((await putPart(tenant, upload.id, number, noise(length))).status).toBe(status);
    expect(await readUpload(tenant, upload.id)).toMatchObject({ received_parts: 0 });
  });

  it("needs its length, a media type that is raw, and the digest it announces", async () => {
    const tenant = await createTenant();
    const upload = await startOpen(tenant, 100);
    expect((await putPart(tenant, upload.id, 1, streamOf([noise(100)]))).status).toBe(411);
    expect((await putPart(tenant, upload.id, 1, noise(100), { "Content-Type": "text/plain" })).status).toBe(415);
    const wrong = { "Content-Digest": await contentDigest(noise(100, 2)) };
    expect((await putPart(tenant, upload.id, 1, noise(100))).status).toBe(200);
    expect((await putPart(tenant, upload.id, 1, noise(100), wrong)).status).toBe(422);
    // The wrong bytes may lie in R2 under the number now: the part has to come again.
    expect(await readUpload(tenant, upload.id)).toMatchObject({ received_parts: 0 });
  });

  it("keeps the one from before when a repeat breaks off", async () => {
    const tenant = await createTenant();
    const small = packTask();
    const upload = await startOpen(tenant, small.byteLength);
    await putPart(tenant, upload.id, 1, small);
    const half = small.slice(0, 100);
    const broken = await putPart(tenant, upload.id, 1, streamOf([half], "error"), {
      "Content-Length": String(small.byteLength),
    });
    expect(broken.status).toBe(400);
    await withVerification(() => complete(tenant, upload.id));
    expect(await readUpload(tenant, upload.id)).toMatchObject({ state: "accepted" });
  });
});

describe("whose upload it is", () => {
  it("is its organization's, task's and version's, and needs task:write", async () => {
    const [tenant, stranger] = [await createTenant(), await createTenant()];
    const upload = await startOpen(tenant, 100);
    const reader = await tenant.makeKey(["task:read"]);
    const at = (path: string, key: string) => tenant.api(path, { key });
    expect((await at(`${uploadsPath(tenant)}/${upload.id}`, stranger.adminKey)).status).toBe(404);
    expect((await at(`${uploadsPath(stranger)}/${upload.id}`, stranger.adminKey)).status).toBe(404);
    expect((await at(`${uploadsPath(tenant)}/${upload.id}`, reader)).status).toBe(403);
    const elsewhere = uploadsPath(tenant).replace("/sample/", "/other/");
    expect((await at(`${elsewhere}/${upload.id}`, tenant.adminKey)).status).toBe(404);
    expect((await at(`${uploadsPath(tenant)}/not-an-id`, tenant.adminKey)).status).toBe(422);
  });
});
