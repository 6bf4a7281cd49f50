import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { call } from "../../tenant.ts";
import { createRunClient, expectNotFound, expectRefused, read, type RunClient } from "../run-client.ts";

interface Manifest {
  artifacts: { id: string; name: string; type: string; size: number; content_type: string; storage_path: string }[];
}

const upload = ({ onRun }: RunClient, artifacts: object[]) =>
  read<Manifest>(onRun("/artifacts/", { json: { artifacts } }));

const plan = { name: "plan.md", type: "plan", content: "# Plan" };

describe("an upload of artifacts", () => {
  test("answers with the manifest, and keeps each byte", async () => {
    const client = await createRunClient();
    const content = "  spaces at both ends, ünïcode \n";
    const { artifacts } = await upload(client, [
      { ...plan, name: "folder/plan.md", content, content_type: "text/markdown", source: "agent", metadata: { a: 1 } },
      { name: "data.bin", type: "output", content: "AAEC/w==", content_encoding: "base64" },
    ]);
    const size = new TextEncoder().encode(content).length;
    const path = new RegExp(
      `^tasks/artifacts/team_\\d+/task_${client.taskId}/run_${client.runId}/[0-9a-f]{8}_plan\\.md$`,
    );
    expect(artifacts).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        name: "plan.md",
        type: "plan",
        source: "agent",
        metadata: { a: 1 },
        size,
        content_type: "text/markdown",
        storage_path: expect.stringMatching(path),
        uploaded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
        uploaded_by: "agent",
        uploaded_by_user_id: expect.any(Number),
        expires_at: expect.stringMatching(/\+00:00$/),
      },
      expect.objectContaining({ name: "data.bin", type: "output", size: 4, content_type: "" }),
    ]);
    const [text, binary] = await Promise.all(artifacts.map(({ storage_path }) => env.ARTIFACTS.get(storage_path)));
    expect(await text?.text()).toBe(content);
    expect(text?.httpMetadata?.contentType).toBe("text/markdown");
    expect(await binary?.bytes()).toEqual(new Uint8Array([0, 1, 2, 255]));
    expect((await client.readRun()).artifacts).toEqual(artifacts);
  });

  test("takes a number for its text", async () => {
    const client = await createRunClient();
    const { artifacts } = await upload(client, [{ ...plan, content: 42 }]);
    const stored = await env.ARTIFACTS.get(artifacts[0]?.storage_path ?? "");
    expect(await stored?.text()).toBe("42");
  });

  test("appends to the manifest in the order sent", async () => {
    const client = await createRunClient();
    await upload(client, [plan]);
    const names = ["c", "a", "b"];
    const { artifacts } = await upload(
      client,
      names.map((name) => ({ ...plan, name })),
    );
    expect(artifacts.map(({ name }) => name)).toEqual(["plan.md", ...names]);
  });

  test("loses nothing of ten at the same time", async () => {
    const client = await createRunClient();
    const each = Array.from({ length: 10 }, (_, index) => [
      { ...plan, name: `${index}a` },
      { ...plan, name: `${index}b` },
    ]);
    await Promise.all(each.map((artifacts) => upload(client, artifacts)));
    const { artifacts } = await client.readRun();
    const pairs = artifacts.map(({ name }) => name);
    expect(new Set(pairs).size).toBe(20);
    for (let index = 0; index < 20; index += 2) expect(pairs[index + 1]).toBe(pairs[index]?.replace("a", "b"));
  });

  test.each([
    [{}, "required", "artifacts"],
    [{ artifacts: null }, "null", "artifacts"],
    [{ artifacts: [] }, "invalid_input", "artifacts"],
    [{ artifacts: {} }, "not_a_list", "artifacts__non_field_errors"],
    [{ artifacts: ["x"] }, "invalid_input", "artifacts__0__non_field_errors"],
    [{ artifacts: [plan, { ...plan, name: undefined }] }, "required", "artifacts__1__name"],
    [{ artifacts: [{ ...plan, name: "x".repeat(256) }] }, "max_length", "artifacts__0__name"],
    [{ artifacts: [{ ...plan, name: "folder/" }] }, "blank", "artifacts__0__name"],
    [{ artifacts: [{ ...plan, type: "poem" }] }, "invalid_choice", "artifacts__0__type"],
    [{ artifacts: [{ ...plan, content: " " }] }, "blank", "artifacts__0__content"],
    [{ artifacts: [{ ...plan, content: true }] }, "invalid_input", "artifacts__0__content"],
    [{ artifacts: [{ ...plan, content: undefined }] }, "required", "artifacts__0__content"],
    [{ artifacts: [{ ...plan, content_type: "x".repeat(256) }] }, "max_length", "artifacts__0__content_type"],
    [{ artifacts: [{ ...plan, content_encoding: "gzip" }] }, "invalid_choice", "artifacts__0__content_encoding"],
    [{ artifacts: [{ ...plan, source: "x".repeat(65) }] }, "max_length", "artifacts__0__source"],
    [{ artifacts: [{ ...plan, metadata: [] }] }, "not_a_dict", "artifacts__0__metadata"],
    [{ artifacts: [{ ...plan, type: "skill_bundle" }] }, "invalid_input", "artifacts__0__metadata"],
  ])("refuses %j, even for a run that is not there", async (json, code, attr) => {
    const { send, taskId } = await createRunClient();
    await expectRefused(send(`/${taskId}/runs/${uuid()}/artifacts/`, { json }), code, attr);
  });

  test("refuses in the contract's words", async () => {
    const { onRun } = await createRunClient();
    const refused = (artifact: object | undefined, attr: string, detail: RegExp) =>
      expectRefused(
        onRun("/artifacts/", { json: { artifacts: artifact ? [artifact] : [] } }),
        "invalid_input",
        attr,
        detail,
      );
    await refused(undefined, "artifacts", /^At least one artifact is required$/);
    const content = "artifacts__0__content";
    await refused({ ...plan, content: "not base64!", content_encoding: "base64" }, content, /^Invalid base64 content$/);
    const tooLarge = "A".repeat((10 * 1024 * 1024 * 4) / 3 + 8);
    const pdf = { ...plan, name: "a.pdf", type: "user_attachment", content: tooLarge, content_encoding: "base64" };
    await refused(
      { ...pdf, content: tooLarge.slice(0, tooLarge.length - (tooLarge.length % 4)) },
      content,
      /^a\.pdf exceeds the 10MB attachment limit$/,
    );
  });

  test("refuses more than 30 MiB, and takes what is just below", async () => {
    const client = await createRunClient();
    const content = "x".repeat(30 * 1024 * 1024);
    expect(await upload(client, [{ ...plan, content }])).toMatchObject({ artifacts: [{ size: content.length }] });
    await expectRefused(
      client.onRun("/artifacts/", { json: { artifacts: [{ ...plan, content: `${content}x` }] } }),
      "invalid_input",
      "artifacts__0__content",
      /^plan\.md exceeds the 30MB attachment limit$/,
    );
  });

  test("keeps each byte of long contents, in text and in base64", async () => {
    const client = await createRunClient();
    const text = 'Ein "Zitat"\n\\ und 😀\t'.repeat(10_000);
    const bytes = new Uint8Array(2_500_001).map((_, index) => (index * 7919) % 251);
    const lines = bytes.toBase64().replaceAll(/.{76}/g, "$&\r\n");
    const { artifacts } = await upload(client, [
      { ...plan, content: text },
      { ...plan, content: bytes.toBase64(), content_encoding: "base64" },
      { ...plan, content: lines, content_encoding: "base64" },
    ]);
    const [first, ...others] = await Promise.all(
      artifacts.map(async ({ storage_path }) => (await env.ARTIFACTS.get(storage_path))?.arrayBuffer()),
    );
    expect(new TextDecoder().decode(first)).toBe(text);
    for (const other of others) expect(Buffer.from(other ?? new ArrayBuffer()).equals(bytes)).toBe(true);
    const broken = [`${bytes.toBase64()}A`, `AAA=${bytes.toBase64()}`, bytes.toBase64().replace("A", "*")];
    for (const content of broken) {
      const json = { artifacts: [plan, { ...plan, content, content_encoding: "base64" }] };
      await expectRefused(client.onRun("/artifacts/", { json }), "invalid_input", "artifacts__1__content");
    }
    expect((await client.readRun()).artifacts).toHaveLength(3);
  });

  test("refuses what is no JSON, and what does not say that it is", async () => {
    const { onRun, taskId, runId, adminKey } = await createRunClient();
    const path = `/api/projects/@current/tasks/${taskId}/runs/${runId}/artifacts`;
    const headers = { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" };
    const malformed = await call(path, { method: "POST", headers, body: '{"artifacts":' });
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ type: "invalid_request", code: "parse_error" });
    const text = await onRun("/artifacts/", { json: {}, headers: { "Content-Type": "text/plain" } });
    expect(text.status).toBe(415);
  });

  test("keeps names that are hard to keep, and what is said of a type that is none", async () => {
    const client = await createRunClient();
    const names = [
      "a\"b'c;d.txt",
      "line\nbreak",
      "Übersicht 日本 😀.md",
      "..",
      "é".repeat(255),
      "日".repeat(255),
      "\ud800x",
    ];
    const { artifacts } = await upload(
      client,
      names.map((name) => ({ ...plan, name, content_type: "text/plain\r\nX-Evil: 1" })),
    );
    expect(artifacts.map(({ name }) => name)).toEqual(names.map((name) => name.toWellFormed()));
    for (const { storage_path } of artifacts) {
      expect(storage_path.length).toBeLessThanOrEqual(500);
      expect(storage_path).not.toMatch(/[\n\r]|\/\.\.?\//);
      const stored = await env.ARTIFACTS.get(storage_path);
      expect(await stored?.text()).toBe(plan.content);
      expect(stored?.httpMetadata?.contentType).toBe("application/octet-stream");
    }
  });

  test("takes a skill bundle that says what it is", async () => {
    const metadata = {
      skill_name: "s",
      skill_source: "user",
      content_sha256: "0",
      bundle_format: "zip",
      schema_version: 1,
    };
    const { artifacts } = await upload(await createRunClient(), [{ ...plan, type: "skill_bundle", metadata }]);
    expect(artifacts).toMatchObject([{ type: "skill_bundle", metadata }]);
  });

  test("of an unknown run is 404, and stores no object", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/artifacts/`, { json: { artifacts: [plan] } }));
    expect(
      await env.ARTIFACTS.list({ prefix: "tasks/artifacts/" }).then(({ objects }) =>
        objects.filter(({ key }) => key.includes(taskId)),
      ),
    ).toEqual([]);
  });

  test("holds little in memory beside contents", async () => {
    const client = await createRunClient();
    const middling = Array.from({ length: 50 }, () => ({ ...plan, content: "x".repeat(60_000) }));
    expect((await upload(client, middling)).artifacts).toHaveLength(50);
    const response = await client.onRun("/artifacts/", {
      json: { artifacts: [{ ...plan, name: "x".repeat(1_500_000) }] },
    });
    expect(await response.json()).toMatchObject({
      code: "request_too_large",
      detail: expect.stringMatching(/1500000 bytes/),
    });
    expect(response.status).toBe(413);
  });

  test("that the run cannot hold leaves no object", async () => {
    const client = await createRunClient();
    await client.patch({ state: { a: "x".repeat(900_000) } });
    const metadata = { a: "y".repeat(700_000) };
    const response = await client.onRun("/artifacts/", { json: { artifacts: [{ ...plan, metadata }] } });
    expect(response.status).toBe(413);
    const { objects } = await env.ARTIFACTS.list({ prefix: "tasks/artifacts/" });
    expect(objects.filter(({ key }) => key.includes(client.runId))).toEqual([]);
  });
});
