import { createScheduledController, introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { VerificationRequest } from "../../../src/registry/publish/upload-verification.ts";
import { tarToZip } from "../../../src/registry/layers/tar-to-zip.ts";
import worker from "../../../src/worker.ts";
import { checkContent } from "../../../src/zip/check/check-content.ts";
import { checkDirectory } from "../../../src/zip/check/check-directory.ts";
import { type CheckLimits, DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { ZipWriter } from "../../../src/zip/write/zip-writer.ts";
import { callConfigured } from "../../configured.ts";
import { createTenant } from "../../tenant.ts";
import { leftovers, noise, NOTHING_LEFT, sha256 } from "../archives.ts";
import { digestOf, MANIFEST_TYPE, OciClient, taskLayer, V2 } from "./client.ts";
import { concat, gzip, pax, tar, type TarInput } from "./tar.ts";

const DAY = 24 * 3600 * 1000;
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** What the cron trigger does, `after` milliseconds from now. */
async function sweep(after: number): Promise<void> {
  await worker.scheduled(createScheduledController({ scheduledTime: new Date(Date.now() + after) }), env);
}

/** Repacks a layer in memory: the zip, and what is wrong. */
async function repack(layer: Uint8Array<ArrayBuffer>, limits: Partial<CheckLimits> = {}) {
  const written: Uint8Array[] = [];
  const zip = new ZipWriter(async (bytes) => void written.push(bytes.slice()));
  const body = new Response(layer).body ?? new ReadableStream();
  const problems = await tarToZip({ body, size: layer.byteLength }, zip, { ...DEFAULT_CHECK_LIMITS, ...limits });
  await zip.finish();
  return { zip: concat(written), problems };
}

/** The files of a layer that repacks well, and whose zip passes its check. */
async function filesOf(layer: Uint8Array<ArrayBuffer>): Promise<Record<string, string>> {
  const { zip, problems } = await repack(layer);
  expect(problems).toEqual([]);
  const source = bytesSource(zip);
  const verdict = await checkDirectory(source, DEFAULT_CHECK_LIMITS);
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.problems));
  expect(await checkContent(source, verdict.directory)).toEqual([]);
  return Object.fromEntries(Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, text(bytes)]));
}

const layerOf = (...entries: TarInput[]) => gzip(tar(entries));

describe("a tar becomes a zip with the same files", () => {
  test("of every format that tars have", async () => {
    const long = `${"long/".repeat(30)}name`;
    const layer = layerOf(
      { name: "./", type: "5" },
      { name: "./a", data: "one", mode: 0o755, modified: 1_700_000_000 },
      { name: "old", type: "\0", data: "old format", magic: "" },
      { name: "folder/", type: "\0", magic: "" },
      { name: "contiguous", type: "7", data: "7" },
      { name: "no-slash", type: "5" },
      { name: "empty" },
      pax({ path: long, mtime: "1700000000.5", "SCHILY.xattr.user.x": "y" }),
      { name: "short", data: "pax" },
      pax({ size: "3" }),
      { name: "sized", data: "abc", size: 0 },
      { name: "././@LongLink", type: "L", data: `gnu/${long}\0` },
      { name: "gnu", data: "gnu", magic: "ustar  \0" },
      pax({ comment: "by git" }, "g"),
      { name: "große Datei", data: "ü" },
    );
    expect(await filesOf(layer)).toEqual({
      a: "one",
      old: "old format",
      "folder/": "",
      contiguous: "7",
      "no-slash/": "",
      empty: "",
      [long]: "pax",
      sized: "abc",
      [`gnu/${long}`]: "gnu",
      "große Datei": "ü",
    });
  });

  test("large and small, that compress and that do not", async () => {
    const files = { "noise.bin": noise(3_000_000), zeros: new Uint8Array(2_000_000), "small.bin": noise(1000) };
    const entries = Object.entries(files).map(([name, data]) => ({ name, data }));
    const { zip, problems } = await repack(gzip(tar(entries)));
    expect(problems).toEqual([]);
    const unzipped = Object.entries(unzipSync(zip)).map(async ([name, bytes]) => [
      name,
      await sha256(new Uint8Array(bytes)),
    ]);
    const packed = Object.entries(files).map(async ([name, bytes]) => [name, await sha256(bytes)]);
    expect(await Promise.all(unzipped)).toEqual(await Promise.all(packed));
    expect((await checkDirectory(bytesSource(zip), DEFAULT_CHECK_LIMITS)).ok).toBe(true);
    // The same layer makes the same zip.
    expect(await sha256((await repack(gzip(tar(entries)))).zip)).toBe(await sha256(zip));
  });

  test("without the zeros that a tar ends with", async () => {
    expect(await filesOf(gzip(tar([{ name: "a", data: "x" }], { end: false })))).toEqual({ a: "x" });
  });

  test("more of them than a zip without zip64 can have", { timeout: 120_000 }, async () => {
    const one = tar([{ name: "f00000" }], { end: false });
    const sum = Number.parseInt(text(one.slice(148, 154)), 8);
    const all = Array.from({ length: 66_000 }, (_, index) => {
      const header = one.slice();
      header.set(new TextEncoder().encode(`f${String(index).padStart(5, "0")}`));
      // The name has five digits in place of five zeros.
      const added = String(index)
        .split("")
        .reduce((total, digit) => total + Number(digit), 0);
      header.set(new TextEncoder().encode(`${(sum + added).toString(8).padStart(6, "0")}\0 `), 148);
      return header;
    });
    const { zip, problems } = await repack(gzip(concat(all)));
    expect(problems).toEqual([]);
    const verdict = await checkDirectory(bytesSource(zip), DEFAULT_CHECK_LIMITS);
    expect(verdict).toMatchObject({ ok: true, directory: { files: 66_000 } });
  });
});

describe("a layer is refused", () => {
  const good: TarInput = { name: "good", data: "x" };
  const whole = tar([good, { name: "more", data: noise(5000) }]);
  const refused: [string, Uint8Array<ArrayBuffer>, string][] = [
    ["with a symbolic link", layerOf(good, { name: "s", type: "2", link: "/etc/passwd" }), "symbolic-link"],
    ["with a hard link", layerOf(good, { name: "h", type: "1", link: "good" }), "hard-link"],
    ["with a device", layerOf({ name: "d", type: "3" }), "special-file"],
    ["with a block device", layerOf({ name: "d", type: "4" }), "special-file"],
    ["with a pipe", layerOf({ name: "p", type: "6" }), "special-file"],
    ["with GNU's files with holes", layerOf({ name: "s", type: "S", data: "x" }), "sparse-file"],
    ["with pax's files with holes", layerOf(pax({ "GNU.sparse.major": "1" }), good), "sparse-file"],
    ["with a type that nobody knows", layerOf({ name: "m", type: "M", data: "x" }), "tar-type-unsupported"],
    ["with a folder that has data", layerOf({ name: "d/", type: "5", data: "x" }), "tar-size-misplaced"],
    ["with a wrong checksum", layerOf({ ...good, broken: true }), "bad-tar-header"],
    ["that is no tar", gzip(noise(2048)), "bad-tar-header"],
    ["that is no gzip", tar([good]), "bad-gzip-data"],
    ["that breaks off in its gzip", gzip(whole).slice(0, -9), "bad-gzip-data"],
    ["with bytes behind its gzip", concat([gzip(whole), noise(8)]), "bad-gzip-data"],
    ["that breaks off in a file", gzip(whole.slice(0, 2000)), "truncated"],
    ["that breaks off in a header", gzip(whole.slice(0, 1124)), "truncated"],
    ["with a second tar behind its end", gzip(concat([whole, whole])), "data-after-end"],
    ["with a pax header of no records", layerOf({ name: "p", type: "x", data: "99 path=a\n" }, good), "bad-pax-header"],
    ["with a pax size of no number", layerOf(pax({ size: "many" }), good), "bad-pax-header"],
    ["with a global header that renames", layerOf(pax({ path: "other" }, "g"), good), "bad-pax-header"],
    ["with a header beyond bounds", layerOf({ name: "p", type: "x", size: 2 ** 30 }), "tar-header-too-large"],
    ["with a name beyond bounds", layerOf(pax({ path: "n".repeat(1025) }), good), "name-too-long"],
  ];
  test.each(refused)("%s", async (_, layer, reason) => {
    const { problems } = await repack(layer);
    expect(problems.map((problem) => problem.reason)).toEqual([reason]);
    expect(problems[0]?.message).toMatch(/^\S.*\.$/);
  });

  const limited: [string, Partial<CheckLimits>, string][] = [
    ["entries", { maxEntries: 1 }, "too-many-entries"],
    ["bytes", { maxTotalBytes: 5000 }, "total-too-large"],
    ["bytes in a file", { maxEntryBytes: 4000 }, "entry-too-large"],
    ["names", { maxDirectoryBytes: 80 }, "directory-too-large"],
    ["bytes for its length", { ratioFloorBytes: 10, maxRatio: 0.5 }, "ratio-too-high"],
  ];
  test.each(limited)("for too many %s, before the rest of it is read", async (_, limits, reason) => {
    const { problems } = await repack(gzip(whole), limits);
    expect(problems.map((problem) => problem.reason)).toEqual([reason]);
  });

  test("that says nothing with very many bytes", async () => {
    const bomb = gzip(concat([tar([good]), new Uint8Array(3_000_000)]));
    const { problems } = await repack(bomb, { maxEntries: 10 });
    expect(problems.map(({ reason }) => reason)).toEqual(["tar-header-too-large"]);
  });

  test("for the names that a zip's are refused for, all of them named", async () => {
    const names = ["/abs", "../up", "a//b", "back\\slash", "same", "same", new Uint8Array([0x66, 0xff])];
    const { zip, problems } = await repack(layerOf(...names.map((name) => ({ name, data: "x" }))));
    expect(problems).toEqual([]);
    const verdict = await checkDirectory(bytesSource(zip), DEFAULT_CHECK_LIMITS);
    const reasons = verdict.ok ? [] : verdict.problems.map(({ reason }) => reason);
    expect(reasons.sort()).toEqual(
      ["absolute-path", "backslash", "duplicate-name", "empty-segment", "name-not-utf8", "traversal"].sort(),
    );
  });

  test("with fifty reasons at most", async () => {
    const links = Array.from({ length: 60 }, (_, index) => ({ name: `l${index}`, type: "2", link: "x" }));
    const { problems } = await repack(layerOf(...links));
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)?.reason).toBe("more-problems");
  });
});

describe("at the same time", () => {
  test("the same blob twice is one blob", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const layer = taskLayer({}, { big: noise(100_000) });
    const digest = await digestOf(layer);
    const places = await Promise.all([client.start(), client.start("other"), client.start()]);
    const [one] = places;
    const puts = [...places, one].map((place) => client.send("PUT", `${place}?digest=${digest}`, { body: layer }));
    const [first, second, third, twice] = (await Promise.all(puts)).map(({ status }) => status);
    // One that is finished twice has ended when the second comes, or the blob is there.
    expect([Math.min(first ?? 0, twice ?? 0), second, third]).toEqual([201, 201, 201]);
    expect([201, 404, 416]).toContain(Math.max(first ?? 0, twice ?? 0));
    expect(await leftovers(tenant)).toEqual({ objects: [expect.any(String)], uploads: 0, discarded: 0 });
    expect(await (await client.send("GET", `blobs/${digest}`)).bytes()).toEqual(layer);
  });

  test("two chunks for one place: one is taken, and the other leaves nothing", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const place = await client.start();
    const chunks = [noise(1000, 1), noise(1000, 2)];
    const headers = { "Content-Range": "0-999" };
    const sent = await Promise.all(chunks.map((body) => client.send("PATCH", place, { body, headers })));
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([202, 416]));
    expect(await leftovers(tenant)).toEqual({ objects: [expect.any(String)], uploads: 0, discarded: 0 });
    const taken = chunks[sent.findIndex(({ status }) => status === 202)] ?? noise(0);
    expect((await client.send("PUT", `${place}?digest=${await digestOf(taken)}`)).status).toBe(201);
  });

  test("the same manifest twice is one version, checked once", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const { manifest } = await client.prepare(taskLayer());
    const answers = await Promise.all([1, 2, 3].map(() => client.putManifest(manifest)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    // The zip, and the two blobs.
    expect(await leftovers(tenant)).toEqual({ objects: expect.any(Array), uploads: 1, discarded: 0 });
    expect((await leftovers(tenant)).objects).toHaveLength(3);
  });

  test("two manifests for one version: one is the version, the other 409", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const [one, two] = [await client.prepare(taskLayer()), await client.prepare(taskLayer({}, { more: "x" }))];
    const answers = await Promise.all([one, two].map(({ manifest }) => client.putManifest(manifest)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const winner = answers[0]?.status === 201 ? one : two;
    const detail = await (await tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0`)).json();
    expect(detail).toMatchObject({ oci_digest: winner.layer });
    const { objects } = await leftovers(tenant);
    expect(objects.filter((key) => key.endsWith(".zip"))).toHaveLength(1);
    // The same layer with another configuration is another manifest.
    const third = await client.prepare(taskLayer(), { config: { other: true } });
    expect((await client.putManifest(third.manifest)).status).toBe(409);
  });
});

describe("a push that is cut off", () => {
  test("while it is checked goes on, and the same push again waits for it", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant, { prefix: V2 });
    const { manifest } = await client.prepare(taskLayer());
    const body = JSON.stringify(manifest);
    const headers = { ...client.headers, "Content-Type": MANIFEST_TYPE };
    const path = `${client.base}/sample/manifests/1.0.0`;
    // A Workflow that begins later.
    const begun: WorkflowInstanceCreateOptions<VerificationRequest>[] = [];
    const late = { create: async (options: (typeof begun)[number]) => void begun.push(options) };
    const settings = { OCI_PUSH_WAIT_SECONDS: "1", VERIFY_UPLOAD: late };
    const early = await callConfigured(settings, path, { method: "PUT", headers, body });
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await early.json()).toMatchObject({ errors: [{ message: /still being checked/ }] });
    const again = client.putManifest(manifest);
    for (const options of begun) await env.VERIFY_UPLOAD.create(options);
    expect((await again).status).toBe(201);
    expect(begun).toHaveLength(1);
    expect((await leftovers(tenant)).objects).toHaveLength(3);
  });

  test("in its Workflow is repeated from where it was", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const { manifest } = await client.prepare(taskLayer());
    await using introspector = await introspectWorkflow(env.VERIFY_UPLOAD);
    await introspector.modifyAll(async (modifier) => {
      await modifier.disableRetryDelays();
      await modifier.mockStepError({ name: "assemble" }, new Error("R2 is away"), 2);
      await modifier.mockStepError({ name: "publish" }, new Error("D1 is away"), 2);
    });
    expect((await client.putManifest(manifest)).status).toBe(201);
    expect(await leftovers(tenant)).toEqual({ objects: expect.any(Array), uploads: 1, discarded: 0 });
  });

  test("or was never finished is swept: uploads, chunks, blobs that no manifest names", async () => {
    const tenant = await createTenant();
    const client = new OciClient(tenant);
    const { manifest } = await client.prepare(taskLayer());
    expect((await client.putManifest(manifest)).status).toBe(201);
    const kept = (await leftovers(tenant)).objects;
    await client.pushBlob(noise(100));
    const place = await client.start();
    await client.send("PATCH", place, { body: noise(100) });
    await sweep(DAY / 2);
    expect((await leftovers(tenant)).objects).toHaveLength(kept.length + 2);
    await sweep(DAY + 60_000);
    expect((await leftovers(tenant)).objects).toEqual(kept);
    expect((await client.send("GET", place)).status).toBe(404);
    // With its version, the blobs have a day left, in which they may be pushed again without being sent.
    expect((await client.send("DELETE", "sample/manifests/1.0.0")).status).toBe(202);
    expect((await client.prepare(taskLayer())).sent).toEqual([false, false]);
    await sweep(2 * DAY);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });
});
