import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { taskFiles } from "../../src/db/agent-schema.ts";
import { connect } from "../../src/db/client.ts";
import { users } from "../../src/db/schema.ts";
import { fileAccesses } from "../../src/db/workflow-schema.ts";
import { sweepAccesses } from "../../src/files/access-store.ts";
import { callConfigured } from "../configured.ts";
import { textOf } from "../runs/run-client.ts";
import { read } from "../tasks/client.ts";
import { call } from "../tenant.ts";
import {
  createWorkflowClient,
  expectDetail,
  toBase64,
  type WireDownload,
  type WireFile,
  type WorkflowClient,
} from "./workflow-client.ts";

const numberOf = (file: WireFile | undefined) => Number(file?.file_id.split("_")[1]);

const report = { name: "report.pdf", type: "output", content: "%PDF-1.7 report", content_type: "application/pdf" };

/** The bytes behind a download link, fetched without a key. */
const fetchLink = ({ download_url }: { download_url: string }) => {
  const { pathname, search } = new URL(download_url);
  return call(pathname + search);
};

describe("GET /tasks/{task_id}/files", () => {
  test("a task without files", async () => {
    const client = await createWorkflowClient();
    expect(await client.files()).toEqual({ task_id: client.taskId, files: [], total_files: 0, next_cursor: null });
  });

  test("what runs produced are documents, what users attached are attachments, in the order they came", async () => {
    const client = await createWorkflowClient();
    const place = { variable_id: "contract_file", step_id: "intake_step" };
    const intake = await client.attach({ file_name: "acme_contract.pdf", ...place });
    const run = await client.startRun();
    await client.produce(run.id, report, { name: "photo.png", type: "user_attachment", content: "png" });
    const { files, total_files, task_id } = await client.files();
    expect({ total_files, task_id }).toEqual({ total_files: 3, task_id: client.taskId });
    const created_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(files).toEqual([
      { file_id: `attachment_${numberOf(intake)}`, file_name: "acme_contract.pdf", ...place, created_at },
      {
        file_id: `document_${numberOf(files[1])}`,
        file_name: "report.pdf",
        variable_id: null,
        step_id: run.id,
        created_at,
      },
      {
        file_id: `attachment_${numberOf(files[2])}`,
        file_name: "photo.png",
        variable_id: null,
        step_id: run.id,
        created_at,
      },
    ]);
    expect(files[0]).toEqual(intake);
  });

  test("ten at a time by default, and all of them by cursor", async () => {
    const client = await createWorkflowClient();
    const attached: WireFile[] = [];
    for (let index = 0; index < 23; index++) attached.push(await client.attach({ file_name: `${index}.txt` }));
    const first = await client.files();
    expect(first).toMatchObject({ files: attached.slice(0, 10), total_files: 23 });
    const second = await client.files(`?cursor=${first.next_cursor}`);
    expect(second).toMatchObject({ files: attached.slice(10, 20), total_files: 23 });
    const late = await client.attach({ file_name: "late.txt" });
    const third = await client.files(`?cursor=${second.next_cursor}&limit=4`);
    expect(third).toMatchObject({ files: [...attached.slice(20), late], total_files: 24, next_cursor: null });
    expect((await client.files("?limit=100")).files).toEqual([...attached, late]);
  });

  test.each(["limit=0", "limit=101", "limit=ten", "cursor=%00", "cursor=zzz", "cursor=MA", `cursor=${"M".repeat(40)}`])(
    "422 for %s",
    async (query) => {
      const client = await createWorkflowClient();
      await expectDetail(client.flow(`/tasks/${client.taskId}/files?${query}`), 422, /query\.(limit|cursor)/);
    },
  );

  test("only what is complete and has not expired", async () => {
    const client = await createWorkflowClient();
    const file = await client.attach();
    const set = (change: object) =>
      connect(env.DB)
        .update(taskFiles)
        .set(change)
        .where(eq(taskFiles.number, numberOf(file)));
    for (const change of [{ expiresAt: 1 }, { expiresAt: null, finalizedAt: null }]) {
      await set(change);
      expect(await client.files()).toMatchObject({ files: [], total_files: 0 });
      await expectDetail(client.flow(`/files/${file.file_id}`), 404, "File not found");
    }
  });
});

describe("GET /files/{file_id}", () => {
  test("a link that needs no key, for an hour", async () => {
    const client = await createWorkflowClient();
    const run = await client.startRun();
    await client.produce(run.id, report);
    const { files } = await client.files();
    const [document] = files;
    const download = await read<WireDownload>(client.flow(`/files/${document?.file_id}`));
    expect(download).toEqual({
      file_id: document?.file_id,
      file_name: "report.pdf",
      content_type: "application/pdf",
      download_url: expect.stringMatching(/^https:\/\/taskyard\.test\//),
      expires_at: expect.any(String),
    });
    const life = Date.parse(download.expires_at) - Date.now();
    expect(life).toBeGreaterThan(3_500_000);
    expect(life).toBeLessThanOrEqual(3_600_000);
    const bytes = await fetchLink(download);
    expect(bytes.status).toBe(200);
    expect(bytes.headers.get("content-type")).toBe("application/pdf");
    expect(bytes.headers.get("content-disposition")).toContain('attachment; filename="report.pdf"');
    expect(await textOf(bytes)).toBe("%PDF-1.7 report");
  });

  test.each(["document", "document_", "document_0", "document_01", "document_x", "doc_1", "1", "attachment_1_2"])(
    "400 for the id %s",
    async (id) => {
      const client = await createWorkflowClient();
      await expectDetail(client.flow(`/files/${id}`), 400, "Invalid file ID format");
    },
  );

  test("404 for a file that is not there, of the other kind, not theirs, of another project, of a deleted task", async () => {
    const [client, stranger] = [await createWorkflowClient(), await createWorkflowClient()];
    const file = await client.attach();
    const get = (id: string, key = client.adminKey) => client.flow(`/files/${id}`, { key });
    await expectDetail(get("document_999999999"), 404, "File not found");
    await expectDetail(get(`document_${numberOf(file)}`), 404, "File not found");
    await expectDetail(get(file.file_id, stranger.adminKey), 404, "File not found");
    const projects = `/org/${client.org}/ws/main/projects`;
    const json = { key: "other", name: "Other" };
    const other = await read<{ id: string }>(client.api(projects, { method: "POST", json }), 201);
    const bound = (projectId: string) => client.makeKey(["task:read"], { projectId });
    await expectDetail(get(file.file_id, await bound(other.id)), 404, "File not found");
    expect((await get(file.file_id, await bound(client.projectId))).status).toBe(200);
    await client.send(`/${client.agentTaskId}/`, { method: "DELETE" });
    await expectDetail(get(file.file_id), 404, "File not found");
  });

  test("who was given it is kept for a year, for administrators", async () => {
    const client = await createWorkflowClient();
    const { file_id } = await client.attach();
    const reader = await client.makeKey(["task:read"]);
    await read(client.flow(`/files/${file_id}?user_email=grace%40example.com`, { key: reader }));
    await read(client.flow(`/files/${file_id}`));
    const accesses = () => read<{ accesses: object[] }>(client.flow(`/files/${file_id}/accesses`));
    const common = { user_id: client.userId, key_id: expect.any(String), created_at: expect.any(String) };
    expect(await accesses()).toEqual({
      file_id,
      accesses: [
        { user_email: null, ...common },
        { user_email: "grace@example.com", ...common },
      ],
    });
    await expectDetail(client.flow(`/files/${file_id}/accesses`, { key: reader }), 403, /'admin'/);
    await expectDetail(client.flow(`/files/${file_id}?user_email=nobody`), 422, /query\.user_email/);
    const day = 24 * 3_600_000;
    await sweepAccesses(env, new Date(Date.now() + 364 * day));
    expect((await accesses()).accesses).toHaveLength(2);
    await sweepAccesses(env, new Date(Date.now() + 366 * day));
    expect((await accesses()).accesses).toEqual([]);
  });

  test("without its bytes it is 404, and a server that cannot sign says so", async () => {
    const client = await createWorkflowClient();
    const { file_id } = await client.attach();
    const unsigned = callConfigured({ LINK_SIGNING_SECRETS: "" }, `/files/${file_id}`, {
      headers: { "X-API-Key": client.adminKey },
    });
    await expectDetail(unsigned, 500, "Failed to generate download URL");
    const db = connect(env.DB);
    expect(await db.select().from(fileAccesses).where(eq(fileAccesses.organizationId, client.id))).toEqual([]);
    const [row] = await db.select().from(taskFiles).where(eq(taskFiles.organizationId, client.id));
    await env.ARTIFACTS.delete(row?.storagePath ?? "");
    await expectDetail(client.flow(`/files/${file_id}`), 404, "Artifact content not found");
  });
});

const document = (client: WorkflowClient, stepId: string) =>
  client.flow(`/tasks/${client.taskId}/steps/${stepId}/document?user_email=ada%40example.com`);

describe("GET /tasks/{task_id}/steps/{step_id}/document", () => {
  test("is the latest that the run produced", async () => {
    const client = await createWorkflowClient();
    const run = await client.startRun();
    await client.produce(run.id, report, { ...report, name: "final.pdf", content: "%PDF-1.7 final" });
    const answer = await read<WireDownload>(document(client, run.id));
    expect(answer).toEqual({
      download_url: expect.any(String),
      file_name: "final.pdf",
      expires_at: expect.any(String),
    });
    expect(await textOf(fetchLink(answer))).toBe("%PDF-1.7 final");
  });

  test("is found by a step's id with any characters", async () => {
    const client = await createWorkflowClient();
    const step_id = "intake/1 ä?#%41";
    await client.attach({ step_id });
    await expectDetail(document(client, encodeURIComponent(step_id)), 501, "This step has no document.");
  });

  test("501 for a step without a document, 404 for a step that is none", async () => {
    const client = await createWorkflowClient();
    const run = await client.startRun();
    await client.attach({ step_id: "intake_step" });
    await expectDetail(document(client, run.id), 501, "This step has no document.");
    await expectDetail(document(client, "intake_step"), 501, "This step has no document.");
    await expectDetail(document(client, "review_step"), 404, "Step not found");
    const other = await createWorkflowClient();
    await expectDetail(document(other, run.id), 404, "Step not found");
  });
});

const attach = (client: WorkflowClient, json: unknown) => client.flow(`/tasks/${client.taskId}/files`, { json });

describe("POST /tasks/{task_id}/files", () => {
  test("keeps the bytes, the type, and for whom it was", async () => {
    const client = await createWorkflowClient();
    const file = await client.attach({
      file_name: "C:\\folder\\Müller “final”.txt",
      file_content_base64: toBase64("Grüße\n".repeat(50_000)),
      content_type: "text/plain; charset=utf-8",
      user_email: "nobody.here@example.com",
    });
    expect(file).toMatchObject({ file_name: "Müller “final”.txt", variable_id: null, step_id: null });
    const download = await read<WireDownload>(client.flow(`/files/${file.file_id}`));
    expect(download.content_type).toBe("text/plain; charset=utf-8");
    expect(await textOf(fetchLink(download))).toBe("Grüße\n".repeat(50_000));
    const [row] = await connect(env.DB)
      .select()
      .from(taskFiles)
      .where(eq(taskFiles.number, numberOf(file)));
    expect(row).toMatchObject({ metadata: { user_email: "nobody.here@example.com" }, expiresAt: null });
  });

  test("is recorded for the user whose key sent it, whomever it names", async () => {
    const client = await createWorkflowClient();
    const json = { username: "grace", email: "grace@example.com", role: "contributor" };
    await read(client.api(`/org/${client.org}/users`, { method: "POST", json }), 201);
    const file = await client.attach({ user_email: "grace@example.com" });
    const [row] = await connect(env.DB)
      .select({ uploader: users.id, metadata: taskFiles.metadata })
      .from(taskFiles)
      .innerJoin(users, eq(users.number, taskFiles.uploadedBy))
      .where(eq(taskFiles.number, numberOf(file)));
    expect(row).toEqual({ uploader: client.userId, metadata: { user_email: "grace@example.com" } });
  });

  test("writes half a character of a name as U+FFFD, as everywhere", async () => {
    const client = await createWorkflowClient();
    const { file_name } = await client.attach({ file_name: "half\ud800.pdf" });
    expect(file_name).toBe("half\ufffd.pdf");
  });

  test("takes base64 as its writers break and escape it", async () => {
    const client = await createWorkflowClient();
    const bytes = new Uint8Array(100_000).map((_, index) => (index * 7) % 256);
    const broken = bytes.toBase64().replaceAll(/.{76}/g, "$&\n");
    const body = JSON.stringify({ file_name: "a.bin", file_content_base64: broken }).replaceAll("/", String.raw`\/`);
    const answer = call(`/tasks/${client.taskId}/files`, {
      method: "POST",
      headers: { "X-API-Key": client.adminKey, "Content-Type": "application/json" },
      body,
    });
    const file = await read<WireFile>(answer, 201);
    const download = await read<WireDownload>(client.flow(`/files/${file.file_id}`));
    expect(new Uint8Array(await (await fetchLink(download)).arrayBuffer())).toEqual(bytes);
  });

  test("by artifact_id takes what was uploaded for the task, and keeps it", async () => {
    const client = await createWorkflowClient();
    const staged = `/${client.agentTaskId}/staged_artifacts`;
    const announced = { artifacts: [{ name: "large.bin", type: "user_attachment", size: 5 }] };
    const { artifacts } = await read<{
      artifacts: {
        id: string;
        storage_path: string;
        presigned_post: { url: string; fields: Record<string, string> };
      }[];
    }>(client.send(`${staged}/prepare_upload/`, { json: announced }));
    const [prepared] = artifacts;
    if (!prepared) throw new Error("Nothing was prepared");
    const form = new FormData();
    for (const [name, value] of Object.entries(prepared.presigned_post.fields)) form.append(name, value);
    form.append("file", new Blob(["large"]), "large.bin");
    const { pathname, search } = new URL(prepared.presigned_post.url);
    expect((await call(pathname + search, { method: "POST", body: form })).status).toBeLessThan(300);
    const json = { artifact_id: prepared.id, variable_id: "evidence", step_id: "intake_step" };
    await expectDetail(attach(client, json), 404, "The task has no such upload");
    const { id, storage_path } = prepared;
    const finalized = { artifacts: [{ id, name: "large.bin", type: "user_attachment", storage_path }] };
    await read(client.send(`${staged}/finalize_upload/`, { json: finalized }));
    const file = await read<WireFile>(attach(client, json), 201);
    expect(file).toMatchObject({ file_name: "large.bin", variable_id: "evidence", step_id: "intake_step" });
    expect((await client.files()).files).toEqual([file]);
    const [row] = await connect(env.DB)
      .select()
      .from(taskFiles)
      .where(eq(taskFiles.number, numberOf(file)));
    expect(row).toMatchObject({ kind: "attachment", expiresAt: null });
    await expectDetail(attach(await createWorkflowClient(), json), 404, "The task has no such upload");
  });

  test.each<[string, unknown, RegExp]>([
    ["no name", { file_content_base64: "QQ==" }, /body\.file_name/],
    ["a name that is only folders", { file_name: "a/", file_content_base64: "QQ==" }, /body\.file_name/],
    ["256 characters of a name", { file_name: "x".repeat(256), file_content_base64: "QQ==" }, /body\.file_name/],
    ["no content", { file_name: "a.txt" }, /body\.file_content_base64/],
    ["no base64", { file_name: "a.txt", file_content_base64: "@@@" }, /Invalid base64 content/],
    ["an empty file", { file_name: "a.txt", file_content_base64: "" }, /The file is empty/],
    ["a number for a step", { file_name: "a.txt", file_content_base64: "QQ==", step_id: 7 }, /body\.step_id/],
    ["an artifact that is no word", { artifact_id: 7 }, /body\.artifact_id/],
    ["a list", [], /Request validation failed/],
    ["null", null, /Request validation failed/],
  ])("422 for %s", async (_what, json, detail) => {
    const client = await createWorkflowClient();
    await expectDetail(attach(client, json), 422, detail);
    expect(await client.files()).toMatchObject({ total_files: 0 });
  });

  test("400 for broken JSON, 415 for what is none, 413 for what is too large, and nothing stays", async () => {
    const client = await createWorkflowClient();
    const post = (body: string, type: string, overrides: Record<string, unknown> = {}) =>
      callConfigured(overrides, `/tasks/${client.taskId}/files`, {
        method: "POST",
        headers: { "X-API-Key": client.adminKey, "Content-Type": type },
        body,
      });
    await expectDetail(post('{"file_name": ', "application/json"), 400, /JSON parse error/);
    await expectDetail(post("x", "text/plain"), 415, /Unsupported media type/);
    const file = JSON.stringify({ file_name: "a.txt", file_content_base64: toBase64("x".repeat(200_000)) });
    const limits = { RUN_ARTIFACT_MAX_BYTES: "100000" };
    await expectDetail(post(file, "application/json", limits), 413, /a\.txt exceeds/);
    const bodyLimit = { RUN_ARTIFACTS_BODY_MAX_BYTES: "1000" };
    await expectDetail(post(file, "application/json", bodyLimit), 413, /larger than 1000 bytes/);
    expect(await connect(env.DB).select().from(taskFiles).where(eq(taskFiles.organizationId, client.id))).toEqual([]);
  });
});
