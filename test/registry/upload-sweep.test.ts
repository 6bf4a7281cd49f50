import { env } from "cloudflare:workers";
import { createScheduledController, introspectWorkflowInstance } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { describe, expect, it } from "vitest";
import { connect } from "../../src/db/client.ts";
import { discardedArchives, uploads } from "../../src/db/schema.ts";
import worker from "../../src/worker.ts";
import { createTenant } from "../tenant.ts";
import { leftovers, NOTHING_LEFT, noise, packTask, publish } from "./archives.ts";
import { complete, crashedPublish, putPart, readUpload, startOpen, withVerification } from "./uploads/uploads.ts";

const DAY = 24 * 3600 * 1000;
const MINUTE = 60 * 1000;

/** What the cron trigger does, `after` milliseconds from now. */
async function sweep(after: number): Promise<void> {
  await worker.scheduled(createScheduledController({ scheduledTime: new Date(Date.now() + after) }), env);
}

describe("the sweeper", () => {
  it("leaves an upload alone that still has time", async () => {
    const tenant = await createTenant();
    const { id } = await startOpen(tenant, 100);
    await sweep(DAY - MINUTE);
    expect(await readUpload(tenant, id)).toMatchObject({ state: "open" });
  });

  it("aborts an upload in parts that nobody completed", async () => {
    const tenant = await createTenant();
    const { id } = await startOpen(tenant, 100);
    await putPart(tenant, id, 1, noise(100));
    await sweep(DAY + MINUTE);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
    expect((await complete(tenant, id)).status).toBe(404);
  });

  it("clears up after a publish that died between storing and publishing", async () => {
    const tenant = await createTenant();
    await crashedPublish(tenant, packTask());
    expect((await leftovers(tenant)).objects).toHaveLength(1);
    await sweep(DAY + MINUTE);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("sweeps an archive that arrives too slowly, and nothing of it is left", async () => {
    const tenant = await createTenant();
    const archive = packTask({}, { "data.bin": noise(200_000) });
    const slow = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(archive.slice(0, 100_000));
        await expect.poll(async () => (await leftovers(tenant)).uploads).toBe(1);
        await sweep(DAY + MINUTE);
        controller.enqueue(archive.slice(100_000));
        controller.close();
      },
    });
    const answer = await tenant.api(`/org/${tenant.org}/tasks/sample/versions/1.0.0`, {
      method: "PUT",
      body: slow,
      headers: { "Content-Length": String(archive.byteLength) },
    });
    expect(answer.status).toBe(409);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("deletes objects that a request could not", async () => {
    const tenant = await createTenant();
    const archiveKey = `${tenant.id}/${uuid()}.zip`;
    await env.ARCHIVES.put(archiveKey, noise(10));
    await connect(env.DB).insert(discardedArchives).values({ archiveKey });
    await sweep(0);
    expect((await leftovers(tenant)).discarded).toBe(1);
    await sweep(2 * MINUTE);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("starts a verification that was never started", async () => {
    const tenant = await createTenant();
    const id = await crashedPublish(tenant, packTask(), { state: "verifying" });
    await sweep(MINUTE / 2);
    expect(await readUpload(tenant, id)).toMatchObject({ state: "verifying" });
    await withVerification(() => sweep(11 * MINUTE));
    expect(await readUpload(tenant, id)).toMatchObject({ state: "accepted" });
  });

  it("leaves it to whoever reads the upload, or completes it again, to start a verification that is silent", async () => {
    const tenant = await createTenant();
    for (const ask of [readUpload, complete]) {
      const id = await crashedPublish(tenant, packTask(), { state: "verifying", sha256: null });
      const silent = { updatedAt: new Date(Date.now() - 61_000) };
      await connect(env.DB).update(uploads).set(silent).where(eq(uploads.id, id));
      await withVerification(async () => void (await ask(tenant, id)));
      expect(await readUpload(tenant, id)).toMatchObject({ state: "accepted" });
    }
  });

  it("refuses an upload whose verification has ended without a verdict", async () => {
    const tenant = await createTenant();
    const id = uuid();
    await using instance = await introspectWorkflowInstance(env.VERIFY_UPLOAD, id);
    // It ends at once, as there is no such upload yet.
    await env.VERIFY_UPLOAD.create({ id, params: { organizationId: tenant.id, uploadId: id } });
    await instance.waitForStatus("complete");
    await crashedPublish(tenant, packTask(), { id, archiveKey: `${tenant.id}/${id}.zip`, state: "verifying" });
    await sweep(11 * MINUTE);
    expect(await readUpload(tenant, id)).toMatchObject({
      state: "refused",
      problems: [{ type: "verification-failed" }],
    });
  });

  it("forgets how an upload ended after a while, and never touches what is published", async () => {
    const tenant = await createTenant();
    const archive = packTask();
    const { id } = await startOpen(tenant, archive.byteLength);
    await putPart(tenant, id, 1, archive);
    await withVerification(() => complete(tenant, id));
    await sweep(DAY - MINUTE);
    expect(await readUpload(tenant, id)).toMatchObject({ state: "accepted" });
    await sweep(DAY + MINUTE);
    expect(await leftovers(tenant)).toMatchObject({ objects: [expect.any(String)], uploads: 0, discarded: 0 });
    expect((await publish(tenant, archive)).status).toBe(200);
  });

  it("does a bounded amount of work, and goes on in the next run", async () => {
    const tenant = await createTenant();
    const expired = { expiresAt: new Date(Date.now() - DAY) };
    for (let index = 0; index < 55; index += 1) await crashedPublish(tenant, packTask(), expired);
    const left = async () =>
      (await connect(env.DB).select().from(uploads).where(eq(uploads.organizationId, tenant.id))).length;
    await sweep(0);
    expect(await left()).toBe(5);
    await sweep(0);
    expect(await left()).toBe(0);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });
});
