import { introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { leftovers, manifest, NOTHING_LEFT, packTask, publish, sha256 } from "../archives.ts";
import { pack } from "../pack.ts";
import { crashedPublish, readUpload, type UploadBody, uploadsPath, withVerification } from "./uploads.ts";

/** Inflates to more than VERIFY_INLINE_MAX_BYTES, and is small. */
const FILLER = new Uint8Array(33 * 1024 * 1024);

function packVerified(yaml: Record<string, unknown> = {}): Uint8Array<ArrayBuffer> {
  return packTask(yaml, { "zeros.bin": FILLER });
}

const readTask = (tenant: Tenant) => tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0`);

/** Publishes, waits for the verification, and gives the upload as it ended. */
async function publishVerified(tenant: Tenant, archive: Uint8Array<ArrayBuffer>): Promise<UploadBody> {
  const upload = await withVerification(async () => {
    const answer = await publish(tenant, archive);
    expect(answer.status).toBe(202);
    return await answer.json<UploadBody>();
  });
  return await readUpload(tenant, upload.id);
}

describe("an archive that inflates to much", () => {
  it("is verified in the background, and not visible until then", async () => {
    const tenant = await createTenant();
    const archive = packVerified();
    await using introspector = await introspectWorkflow(env.VERIFY_UPLOAD);
    const answer = await publish(tenant, archive);
    expect(answer.status).toBe(202);
    const upload: UploadBody = await answer.json();
    expect(answer.headers.get("Location")).toBe(`/api/v1${uploadsPath(tenant)}/${upload.id}`);
    expect(upload).toMatchObject({ state: "verifying", sha256: await sha256(archive), part_size: null, parts: null });
    const [instance] = await introspector.get();
    await instance?.waitForStatus("complete");
    expect(await instance?.getOutput()).toBe("accepted");
    expect(await readUpload(tenant, upload.id)).toMatchObject({ state: "accepted", warnings: [] });
    expect(await (await readTask(tenant)).json()).toMatchObject({ id: upload.id, sha256: await sha256(archive) });
    expect((await publish(tenant, archive)).status).toBe(200);
  });

  it("keeps its warnings for whoever asks", async () => {
    const tenant = await createTenant();
    const { warnings } = await publishVerified(tenant, packVerified({ source: undefined }));
    expect(warnings).toMatchObject([{ loc: ["archive", "task.yaml", "source"], type: "field_absent" }]);
  });

  it("is refused for what task.yaml says", async () => {
    const tenant = await createTenant();
    const upload = await publishVerified(tenant, packVerified({ name: "other" }));
    expect(upload).toMatchObject({ state: "refused", problems: [{ type: "name_mismatch" }] });
    expect(await leftovers(tenant)).toEqual({ ...NOTHING_LEFT, uploads: 1 });
    expect((await readTask(tenant)).status).toBe(404);
  });

  it("is refused for damaged data, which only inflating shows", async () => {
    const tenant = await createTenant();
    const archive = pack({ "data.bin": FILLER });
    const middle = archive.byteLength >>> 1;
    archive[middle] = (archive[middle] ?? 0) ^ 0xff;
    const { state, problems } = await publishVerified(tenant, archive);
    expect(state).toBe("refused");
    expect(problems?.[0]?.loc).toEqual(["archive", "data.bin"]);
  });

  it("is refused at once when its bytes are lost", async () => {
    const tenant = await createTenant();
    const id = await crashedPublish(tenant, packTask(), { state: "verifying" });
    await env.ARCHIVES.delete(`${tenant.id}/${id}.zip`);
    await withVerification(() => env.VERIFY_UPLOAD.create({ id, params: { organizationId: tenant.id, uploadId: id } }));
    expect(await readUpload(tenant, id)).toMatchObject({
      state: "refused",
      problems: [{ type: "verification-failed" }],
    });
  });

  it("is refused, not retried for ever, when a store stays away", async () => {
    const tenant = await createTenant();
    await using introspector = await introspectWorkflow(env.VERIFY_UPLOAD);
    await introspector.modifyAll((modifier) =>
      modifier.mockStepError({ name: "structure" }, new Error("R2 is down for good")),
    );
    await introspector.modifyAll((modifier) => modifier.disableRetryDelays());
    const { id }: UploadBody = await (await publish(tenant, packVerified())).json();
    for (const instance of await introspector.get()) await instance.waitForStatus("complete");
    expect(await readUpload(tenant, id)).toMatchObject({
      state: "refused",
      problems: [{ loc: ["archive"], type: "verification-failed" }],
    });
    expect((await leftovers(tenant)).objects).toEqual([]);
  });

  it("survives a fault of a store", async () => {
    const tenant = await createTenant();
    await using introspector = await introspectWorkflow(env.VERIFY_UPLOAD);
    await introspector.modifyAll(async (modifier) => {
      await modifier.disableRetryDelays();
      await modifier.mockStepError({ name: "structure" }, new Error("R2 is away"), 2);
      await modifier.mockStepError({ name: "publish" }, new Error("D1 is away"), 2);
    });
    const { id }: UploadBody = await (await publish(tenant, packVerified())).json();
    for (const instance of await introspector.get()) await instance.waitForStatus("complete");
    expect(await readUpload(tenant, id)).toMatchObject({ state: "accepted" });
  });
});

describe("two publishes of a version, one of them being verified", () => {
  it("lets both go on: the first to be accepted is the version", async () => {
    const tenant = await createTenant();
    const [large, small] = [packVerified(), packTask()];
    const id = await crashedPublish(tenant, large, { state: "verifying" });
    expect((await publish(tenant, small)).status).toBe(201);
    await withVerification(() => env.VERIFY_UPLOAD.create({ id, params: { organizationId: tenant.id, uploadId: id } }));
    const { state, problems } = await readUpload(tenant, id);
    expect(state).toBe("refused");
    expect(problems).toMatchObject([{ loc: ["path", "version"], type: "already_exists" }]);
    expect(problems?.[0]?.msg).toContain(await sha256(small));
    expect(problems?.[0]?.msg).toContain(await sha256(large));
    expect(await (await readTask(tenant)).json()).toMatchObject({ sha256: await sha256(small) });
    expect((await leftovers(tenant)).objects).toHaveLength(1);
  });

  it("accepts equal archives both, and keeps one", async () => {
    const tenant = await createTenant();
    const ids = await withVerification(async () => {
      const answers = await Promise.all([publish(tenant, packVerified()), publish(tenant, packVerified())]);
      return await Promise.all(answers.map(async (answer) => (await answer.json<UploadBody>()).id));
    });
    const states = await Promise.all(ids.map(async (id) => (await readUpload(tenant, id)).state));
    expect(states).toEqual(["accepted", "accepted"]);
    expect(await leftovers(tenant)).toEqual({ objects: [expect.any(String)], uploads: 2, discarded: 0 });
    expect((await readTask(tenant)).status).toBe(200);
  });
});

describe("a version that only the size of its archive sends to verification", () => {
  it("is published like any other", async () => {
    const tenant = await createTenant();
    const files = { "task.yaml": manifest(), "verify.sh": "", "solution.sh": "", "zeros.bin": FILLER };
    const upload = await publishVerified(tenant, pack(files, 0));
    expect(upload).toMatchObject({ state: "accepted", received_bytes: upload.size });
  });
});
