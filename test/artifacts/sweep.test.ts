import { env } from "cloudflare:workers";
import { eq, sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { listExpired } from "../../src/artifacts/file-store.ts";
import { sweepFiles } from "../../src/artifacts/artifact-sweep.ts";
import { taskFiles } from "../../src/db/agent-schema.ts";
import { connect } from "../../src/db/client.ts";
import worker from "../../src/worker.ts";
import { callConfigured } from "../configured.ts";
import { createRunClient, read, type RunClient } from "../runs/run-client.ts";
import { finalize, type Item, post, prepare } from "../runs/artifacts/run-uploads.ts";

const DAY_MS = 24 * 3600 * 1000;
const notes = { name: "notes.txt", type: "output", content: "notes", content_type: "text/plain" };

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS + 60_000);
const onArtifacts =
  ({ onRun }: RunClient) =>
  (path: string, request?: Parameters<RunClient["onRun"]>[1]) =>
    onRun(`/artifacts${path}`, request);
const rowsOf = (runId: string) => connect(env.DB).select().from(taskFiles).where(eq(taskFiles.runId, runId));

describe("the sweep", () => {
  test("removes a run's artifacts after thirty days; the manifest keeps what there was", async () => {
    const client = await createRunClient();
    const { artifacts } = await read<{ artifacts: Item[] }>(
      client.onRun("/artifacts/", { json: { artifacts: [notes] } }),
    );
    const [item] = artifacts;
    if (!item) throw new Error("Nothing was uploaded");
    expect(await rowsOf(client.runId)).toMatchObject([
      { id: item.id, kind: "document", name: "notes.txt", size: 5, storagePath: item.storage_path },
    ]);
    await sweepFiles(env, inDays(29));
    expect(await env.ARTIFACTS.head(item.storage_path)).not.toBeNull();
    await sweepFiles(env, inDays(30));
    expect(await env.ARTIFACTS.head(item.storage_path)).toBeNull();
    expect(await rowsOf(client.runId)).toEqual([]);
    expect((await client.readRun()).artifacts).toEqual([item]);
    const download = await client.onRun("/artifacts/download/", { json: { storage_path: item.storage_path } });
    expect([download.status, await download.json()]).toEqual([404, { error: "Artifact content not found" }]);
    await client.patch({ stage: "later" });
    expect(await rowsOf(client.runId)).toEqual([]);
  });

  test("leaves artifacts alone where a deployment keeps them", async () => {
    const { taskId, runId, adminKey } = await createRunClient();
    const path = `/api/projects/@current/tasks/${taskId}/runs/${runId}/artifacts`;
    const headers = { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify({ artifacts: [notes] }) };
    const response = await callConfigured({ RUN_ARTIFACT_RETENTION_DAYS: "0" }, path, init);
    const { artifacts } = await response.json<{ artifacts: Item[] }>();
    expect(artifacts[0]).not.toHaveProperty("expires_at");
    await sweepFiles(env, inDays(36_500));
    expect(await env.ARTIFACTS.head(artifacts[0]?.storage_path ?? "")).not.toBeNull();
  });

  test("removes uploads that nobody finalized within a day, with or without bytes", async () => {
    const client = await createRunClient();
    const send = onArtifacts(client);
    const [sent, never] = await prepare(send, [
      { ...notes, size: 5 },
      { ...notes, size: 5 },
    ]);
    if (!sent || !never) throw new Error("Nothing was prepared");
    await post(sent.presigned_post, "notes");
    await sweepFiles(env, new Date());
    expect(await rowsOf(client.runId)).toHaveLength(2);
    await sweepFiles(env, inDays(1));
    expect(await rowsOf(client.runId)).toEqual([]);
    expect(await env.ARTIFACTS.head(sent.storage_path)).toBeNull();
    const late = await send("/finalize_upload/", { json: { artifacts: [sent] } });
    expect(await late.json()).toEqual({ error: "Artifact storage path is invalid for this run" });
  });

  test("does not take what is being finalized, and what has expired is not finalized", async () => {
    const client = await createRunClient();
    const send = onArtifacts(client);
    const [held, expired] = await prepare(send, [
      { ...notes, size: 5 },
      { ...notes, size: 5 },
    ]);
    if (!held || !expired) throw new Error("Nothing was prepared");
    await Promise.all([held, expired].map(({ presigned_post }) => post(presigned_post, "notes")));
    const db = connect(env.DB);
    await db
      .update(taskFiles)
      .set({ expiresAt: Date.now() * 1000 })
      .where(eq(taskFiles.id, expired.id));
    await db
      .update(taskFiles)
      .set({ expiresAt: Date.now() * 1000 + 5_000_000 })
      .where(eq(taskFiles.id, held.id));
    expect((await send("/finalize_upload/", { json: { artifacts: [expired] } })).status).toBe(400);
    await finalize(send, [held]);
    await sweepFiles(env, inDays(1));
    expect(await env.ARTIFACTS.head(held.storage_path)).not.toBeNull();
    expect(await env.ARTIFACTS.head(expired.storage_path)).toBeNull();
  });

  test("leaves for a minute what has just expired: who found it there may still be taking it", async () => {
    const client = await createRunClient();
    const [prepared] = await prepare(onArtifacts(client), [{ ...notes, size: 5 }]);
    await post(prepared?.presigned_post ?? { url: "", fields: {} }, "notes");
    const expiresAt = (Date.now() + 1_000) * 1000;
    await connect(env.DB).update(taskFiles).set({ expiresAt }).where(eq(taskFiles.runId, client.runId));
    await sweepFiles(env, new Date(expiresAt / 1000 + 59_000));
    expect(await env.ARTIFACTS.head(prepared?.storage_path ?? "")).not.toBeNull();
    await sweepFiles(env, new Date(expiresAt / 1000 + 60_000));
    expect(await env.ARTIFACTS.head(prepared?.storage_path ?? "")).toBeNull();
  });

  test("goes on where one broke off after the bytes were gone", async () => {
    const client = await createRunClient();
    const { artifacts } = await read<{ artifacts: Item[] }>(
      client.onRun("/artifacts/", { json: { artifacts: [notes] } }),
    );
    await env.ARTIFACTS.delete(artifacts[0]?.storage_path ?? "");
    await sweepFiles(env, inDays(30));
    expect(await rowsOf(client.runId)).toEqual([]);
  });

  test("takes thousands in bounded batches, found by an index", async () => {
    const client = await createRunClient();
    const { artifacts } = await read<{ artifacts: Item[] }>(
      client.onRun("/artifacts/", { json: { artifacts: [notes] } }),
    );
    const db = connect(env.DB);
    await db.run(sql`
      INSERT INTO task_files (id, organization_id, project_number, task_id, run_id, kind, name, type, content_type, size,
        storage_path, created_at, expires_at)
      SELECT f.id || n.value, organization_id, project_number, task_id, run_id, kind, name, type, content_type, size,
        storage_path || n.value, created_at, 1
      FROM task_files f, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 2500)
        SELECT value FROM n) n
      WHERE f.id = ${artifacts[0]?.id ?? ""}`);
    expect(await sweepFiles(env, new Date())).toBe(2500);
    expect(await rowsOf(client.runId)).toHaveLength(1);
    const query = db
      .select()
      .from(taskFiles)
      .where(sql`expires_at <= 5`)
      .orderBy(taskFiles.expiresAt)
      .toSQL();
    const plan = await db.all<{ detail: string }>(sql.raw(`EXPLAIN QUERY PLAN ${query.sql}`));
    expect(plan.map(({ detail }) => detail).join()).toMatch(/USING INDEX task_files_expiry/);
    expect(await listExpired(db, 5)).toEqual([]);
  });

  test("is what the Worker's cron does", async () => {
    const client = await createRunClient();
    const [prepared] = await prepare(onArtifacts(client), [{ ...notes, size: 5 }]);
    await post(prepared?.presigned_post ?? { url: "", fields: {} }, "notes");
    const scheduledTime = inDays(1).getTime();
    await worker.scheduled({ scheduledTime, cron: "", noRetry: () => undefined }, env);
    expect(await rowsOf(client.runId)).toEqual([]);
  });
});
