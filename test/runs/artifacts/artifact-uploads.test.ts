import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { signLink } from "../../../src/auth/signed-links.ts";
import { callConfigured } from "../../configured.ts";
import { call } from "../../tenant.ts";
import { createRunClient, expectNotFound, expectRefused, type RunClient } from "../run-client.ts";
import {
  expectError,
  expectForbidden,
  finalize,
  pathOf,
  post,
  type Prepared,
  prepare,
  uploadByForm,
} from "./run-uploads.ts";

const report = { name: "report.txt", type: "output", content_type: "text/plain" };

const onArtifacts =
  ({ onRun }: RunClient) =>
  (path: string, request?: Parameters<RunClient["onRun"]>[1]) =>
    onRun(`/artifacts${path}`, request);

async function prepareOne(client: RunClient, artifact: object = {}): Promise<Prepared> {
  const [prepared] = await prepare(onArtifacts(client), [{ ...report, size: 5, ...artifact }]);
  if (!prepared) throw new Error("Nothing was prepared");
  return prepared;
}

const expectFormInvalid = (answer: Promise<Response>) => expectForbidden(answer, "This form is invalid.");

const storedUnder = async (client: RunClient) =>
  (await env.ARTIFACTS.list({ prefix: "tasks/artifacts/" })).objects.filter(({ key }) => key.includes(client.runId));

/** A multipart body made by hand, cut or bent as a test needs it. */
function multipart(form: Prepared["presigned_post"], file: string, boundary = "xYz"): string {
  const fields = Object.entries(form.fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`;
  return `${fields.join("")}${head}${file}\r\n--${boundary}--\r\n`;
}

function postText(form: Prepared["presigned_post"], body: BodyInit, type = "multipart/form-data; boundary=xYz") {
  return call(pathOf(form.url), { method: "POST", body, headers: { "Content-Type": type } });
}

/** A body in two pieces; whoever stores the first one has time to be through with it before the second comes. */
function inTwo(client: RunClient, ...texts: [string, string]): ReadableStream<Uint8Array> {
  const pieces = texts.map((text) => new TextEncoder().encode(text));
  return new ReadableStream({
    async pull(controller) {
      for (let round = 0; round < 10; round++) await storedUnder(client);
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
}

describe("preparing an upload", () => {
  test("answers with a form for each, and shows nothing yet", async () => {
    const client = await createRunClient();
    const prepared = await prepare(onArtifacts(client), [
      { ...report, name: "a/b/report.txt", size: 5, source: "agent", metadata: { a: 1 } },
      { name: "x", type: "plan", size: "7" },
    ]);
    const path = new RegExp(
      `^tasks/artifacts/team_\\d+/task_${client.taskId}/run_${client.runId}/[0-9a-f]{8}_report\\.txt$`,
    );
    expect(prepared).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        ...report,
        source: "agent",
        size: 5,
        storage_path: expect.stringMatching(path),
        expires_in: 3600,
        presigned_post: {
          url: expect.stringMatching(/^https:\/\/taskyard\.test\/api\/projects\/\d+\/artifact_uploads$/),
          fields: expect.objectContaining({ key: prepared[0]?.storage_path, size: "5", content_type: "text/plain" }),
        },
      },
      expect.objectContaining({ name: "x", source: "", content_type: "", size: 7 }),
    ]);
    for (const value of Object.values(prepared[1]?.presigned_post.fields ?? {})) expect(value).toBeTypeOf("string");
    expect((await client.readRun()).artifacts).toEqual([]);
  });

  test.each([
    [{}, "required", "artifacts"],
    [{ artifacts: [] }, "invalid_input", "artifacts"],
    [{ artifacts: "x" }, "not_a_list", "artifacts__non_field_errors"],
    [{ artifacts: [1] }, "invalid_input", "artifacts__0__non_field_errors"],
    [{ artifacts: [{ ...report, size: 1 }, { ...report }] }, "required", "artifacts__1__size"],
    [{ artifacts: [{ ...report, size: 0 }] }, "min_value", "artifacts__0__size"],
    [{ artifacts: [{ ...report, size: 31_457_281 }] }, "max_value", "artifacts__0__size"],
    [{ artifacts: [{ ...report, size: 1.5 }] }, "invalid_input", "artifacts__0__size"],
    [{ artifacts: [{ ...report, size: 1, name: "" }] }, "blank", "artifacts__0__name"],
    [{ artifacts: [{ ...report, size: 1, type: "poem" }] }, "invalid_choice", "artifacts__0__type"],
    [{ artifacts: [{ ...report, size: 1, source: "x".repeat(65) }] }, "max_length", "artifacts__0__source"],
    [{ artifacts: [{ ...report, size: 1, type: "skill_bundle" }] }, "invalid_input", "artifacts__0__metadata"],
  ])("refuses %j, even for a run that is not there", async (json, code, attr) => {
    const { send, taskId } = await createRunClient();
    await expectRefused(send(`/${taskId}/runs/${uuid()}/artifacts/prepare_upload/`, { json }), code, attr);
  });

  test("has the contract's limits, which a deployment may raise", async () => {
    const client = await createRunClient();
    expect(await prepareOne(client, { size: 31_457_280 })).toMatchObject({ size: 31_457_280 });
    const pdf = { ...report, name: "a.pdf", type: "user_attachment", size: 10_485_761 };
    await expectRefused(
      client.onRun("/artifacts/prepare_upload/", { json: { artifacts: [pdf] } }),
      "invalid_input",
      "artifacts__0__size",
      /^a\.pdf exceeds the 10MB attachment limit$/,
    );
    const raised = await callConfigured(
      { RUN_ARTIFACT_MAX_BYTES: "400000000", RUN_ARTIFACT_PDF_MAX_BYTES: "400000000" },
      `/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/artifacts/prepare_upload`,
      {
        method: "POST",
        headers: { Authorization: `Bearer ${client.adminKey}`, "Content-Type": "application/json" },
        body: JSON.stringify({ artifacts: [{ ...pdf, size: 300_000_000 }] }),
      },
    );
    expect(await raised.json()).toMatchObject({ artifacts: [{ size: 300_000_000 }] });
  });

  test("of an unknown run is 404", async () => {
    const { send, taskId } = await createRunClient();
    const json = { artifacts: [{ ...report, size: 1 }] };
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/artifacts/prepare_upload/`, { json }));
    await expectNotFound(send(`/${taskId}/runs/nonsense/artifacts/prepare_upload/`, { json }));
  });

  test("needs a secret to sign with", async () => {
    const { taskId, runId, adminKey } = await createRunClient();
    const path = `/api/projects/@current/tasks/${taskId}/runs/${runId}/artifacts/prepare_upload`;
    const headers = { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ artifacts: [{ ...report, size: 1 }] });
    const unsigned = callConfigured({ LINK_SIGNING_SECRETS: "" }, path, { method: "POST", headers, body });
    await expectError(unsigned, 400, "Unable to generate upload URL");
  });
});

describe("posting a form", () => {
  test("stores the file with its type", async () => {
    const client = await createRunClient();
    const { presigned_post, storage_path } = await prepareOne(client);
    const response = await post(presigned_post, "hello");
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
    const stored = await env.ARTIFACTS.get(storage_path);
    expect(await stored?.text()).toBe("hello");
    expect(stored?.httpMetadata?.contentType).toBe("text/plain");
  });

  test("keeps every byte of a large file, boundaries in it or not", async () => {
    const client = await createRunClient();
    const file = new Uint8Array(3_000_000).map((_, index) => (index * 7919) % 251);
    file.set(new TextEncoder().encode("\r\n--xYz\r\n\r\n--xY\r\n--"), 1_000_000);
    const item = await uploadByForm(onArtifacts(client), { ...report, name: "data.bin" }, file);
    const stored = await env.ARTIFACTS.get(item.storage_path);
    expect(Buffer.from((await stored?.arrayBuffer()) ?? new ArrayBuffer()).equals(file)).toBe(true);
  });

  test("takes the body in pieces of any size", async () => {
    const client = await createRunClient();
    const file = "a\r\n--xY\r\n-b";
    for (const step of [1, 2, 3, 7, 64]) {
      const prepared = await prepareOne(client, { size: file.length });
      const bytes = new TextEncoder().encode(multipart(prepared.presigned_post, file));
      const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) =>
        bytes.slice(index * step, (index + 1) * step),
      );
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = pieces.shift();
          if (piece) controller.enqueue(piece);
          else controller.close();
        },
      });
      expect((await postText(prepared.presigned_post, body)).status).toBe(204);
      expect(await (await env.ARTIFACTS.get(prepared.storage_path))?.text()).toBe(file);
    }
  });

  test.each([
    ["shorter", "hell", /^The file has 4 of the 5 bytes announced\. Nothing was stored\.$/],
    ["empty", "", /^The file has 0 of the 5 bytes announced/],
    ["longer", "hello!", /^The file has more than the 5 bytes announced\. Nothing was stored\.$/],
    ["much longer", "x".repeat(2_000_000), /^The file has more than the 5 bytes announced/],
  ])("refuses a file that is %s, and stores nothing", async (_, file, error) => {
    const client = await createRunClient();
    const { presigned_post } = await prepareOne(client);
    await expectError(post(presigned_post, file), 400, expect.stringMatching(error));
    expect(await storedUnder(client)).toEqual([]);
    expect((await post(presigned_post, "hello")).status).toBe(204);
  });

  test("stores nothing of a file whose surplus, or whose missing end, comes after all that was announced", async () => {
    const client = await createRunClient();
    const { presigned_post: form } = await prepareOne(client, { size: 100_000 });
    const whole = multipart(form, `${"x".repeat(100_000)}surplus`);
    const cut = whole.indexOf("surplus");
    const surplus = postText(form, inTwo(client, whole.slice(0, cut), whole.slice(cut)));
    await expectError(surplus, 400, expect.stringMatching(/more than the 100000 bytes/));
    expect(await storedUnder(client)).toEqual([]);
    const broken = postText(form, inTwo(client, whole.slice(0, cut), "\r\n--"));
    await expectError(broken, 400, expect.stringMatching(/breaks off/));
    expect(await storedUnder(client)).toEqual([]);
  });

  test("refuses what is no whole form with a file, and stores nothing", async () => {
    const client = await createRunClient();
    const { presigned_post: form } = await prepareOne(client);
    const whole = multipart(form, "hello");
    const refuse = async (body: string, problem: RegExp, type?: string) => {
      await expectError(postText(form, body, type), 400, expect.stringMatching(problem));
      expect(await storedUnder(client)).toEqual([]);
    };
    await refuse(whole.slice(0, whole.indexOf("hello") + 3), /breaks off/);
    await refuse(whole.slice(0, whole.indexOf("hello") + 5), /breaks off/);
    await refuse(whole.slice(0, 300), /breaks off/);
    await refuse("", /empty|breaks off/);
    await refuse("hello", /breaks off|no file/);
    await refuse(whole.replace('name="file"', 'name="document"'), /no file/);
    await refuse(whole, /no multipart/, "multipart/form-data");
    await refuse(whole, /no multipart/, "application/octet-stream");
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, ""]));
    await refuse(multipart({ ...form, fields: many }, "hello"), /too many fields/);
    await refuse(multipart({ ...form, fields: { ...form.fields, a: "x".repeat(5000) } }, "hello"), /too long/);
  });

  test("refuses fields that are changed, missing, added or out of order with the file", async () => {
    const client = await createRunClient();
    const other = await createRunClient();
    const { presigned_post: form, storage_path } = await prepareOne(client);
    const { presigned_post: foreign } = await prepareOne(other);
    const change = (fields: Record<string, string>) => ({ ...form, fields: { ...form.fields, ...fields } });
    for (const fields of [
      { key: storage_path.replace("report", "other") },
      { key: foreign.fields["key"] ?? "" },
      { size: "6" },
      { content_type: "text/html" },
      { expires: String(Number(form.fields["expires"]) + 1) },
      { kid: "other" },
      { signature: foreign.fields["signature"] ?? "" },
      { signature: "" },
      { extra: "1" },
    ]) {
      await expectFormInvalid(post(change(fields), "hello"));
    }
    for (const name of Object.keys(form.fields)) {
      const { [name]: _, ...fields } = form.fields;
      await expectFormInvalid(post({ ...form, fields }, "hello"));
    }
    await expectFormInvalid(post({ ...form, url: foreign.url }, "hello"));
    const late = multipart(form, "hello");
    const file = late.slice(
      late.indexOf('--xYz\r\nContent-Disposition: form-data; name="file"'),
      late.indexOf("--xYz--"),
    );
    const fields = late.slice(0, late.indexOf(file));
    await expectFormInvalid(postText(form, `${file}${fields}--xYz--\r\n`));
    expect(await storedUnder(client)).toEqual([]);
  });

  test("refuses other methods, a GET link's signature, and a form that has expired", async () => {
    const client = await createRunClient();
    const { presigned_post: form } = await prepareOne(client);
    const query = new URLSearchParams(form.fields).toString();
    expect((await call(`${pathOf(form.url)}?${query}`)).status).toBe(405);
    expect((await call(`${pathOf(form.url)}?${query}`, { method: "PUT", body: "hello" })).status).toBe(405);
    const { expires: _, kid = "", signature: _signature, ...fields } = form.fields;
    const secret = String(Reflect.get(env, "LINK_SIGNING_SECRETS")).slice(kid.length + 1);
    const sign = async (method: string, expiresAt: Date) => {
      const url = new URL(`${form.url}?${new URLSearchParams({ ...fields }).toString()}`);
      return new URL(await signLink([{ kid, secret }], { method, url, expiresAt })).searchParams;
    };
    const postSigned = async (method: string, life: number) =>
      post({ ...form, fields: Object.fromEntries(await sign(method, new Date(Date.now() + life))) }, "hello");
    await expectForbidden(postSigned("POST", -1000), "This form is expired.");
    await expectFormInvalid(postSigned("GET", 60_000));
    expect((await postSigned("POST", 60_000)).status).toBe(204);
  });

  test("acknowledges the same file again, and refuses another", async () => {
    const client = await createRunClient();
    const { presigned_post, storage_path } = await prepareOne(client);
    expect((await post(presigned_post, "hello")).status).toBe(204);
    const first = await env.ARTIFACTS.head(storage_path);
    expect((await post(presigned_post, "hello")).status).toBe(204);
    await expectError(post(presigned_post, "jello"), 409, "This form has taken another file already.");
    await expectError(post(presigned_post, "hell"), 400, expect.stringMatching(/^The file has 4 of/));
    expect((await env.ARTIFACTS.head(storage_path))?.version).toBe(first?.version);
  });

  test("of the same form twice at once stores one file", async () => {
    const client = await createRunClient();
    const { presigned_post, storage_path } = await prepareOne(client);
    const answers = await Promise.all(["hello", "jello"].map((file) => post(presigned_post, file)));
    expect(answers.map(({ status }) => status)).toContain(204);
    expect(["hello", "jello"]).toContain(await (await env.ARTIFACTS.get(storage_path))?.text());
  });
});

describe("finalizing an upload", () => {
  test("appends to the manifest in the order sent, and answers with these alone", async () => {
    const client = await createRunClient();
    const send = onArtifacts(client);
    const earlier = await uploadByForm(send, report, "earlier");
    const names = ["c", "a", "b"];
    const prepared = await prepare(
      send,
      names.map((name) => ({ ...report, name, size: 5, metadata: { name } })),
    );
    await Promise.all(prepared.map(({ presigned_post }) => post(presigned_post, "hello")));
    const items = await finalize(send, prepared);
    expect(items).toEqual(
      prepared.map(({ id, name, storage_path }) => ({
        id,
        ...report,
        name,
        metadata: { name },
        size: 5,
        storage_path,
        uploaded_at: expect.stringMatching(/\+00:00$/),
        uploaded_by: "agent",
        uploaded_by_user_id: expect.any(Number),
        expires_at: expect.stringMatching(/\+00:00$/),
      })),
    );
    expect((await client.readRun()).artifacts).toEqual([earlier, ...items]);
  });

  test("is the same when repeated, also at the same time", async () => {
    const client = await createRunClient();
    const send = onArtifacts(client);
    const prepared = await prepareOne(client);
    await post(prepared.presigned_post, "hello");
    const answers = await Promise.all([1, 2, 3].map(() => finalize(send, [prepared])));
    const { updated_at, artifacts } = await client.readRun();
    expect(artifacts).toHaveLength(1);
    for (const items of answers) expect(items).toEqual(artifacts);
    expect(await finalize(send, [prepared, prepared])).toEqual(artifacts);
    expect((await client.readRun()).updated_at).toBe(updated_at);
  });

  test("takes an upload once that is named twice", async () => {
    const client = await createRunClient();
    const prepared = await prepareOne(client);
    await post(prepared.presigned_post, "hello");
    const items = await finalize(onArtifacts(client), [prepared, prepared]);
    expect(items.map(({ id }) => id)).toEqual([prepared.id]);
    expect((await client.readRun()).artifacts).toEqual(items);
  });

  test("refuses what was not uploaded, and then takes none", async () => {
    const client = await createRunClient();
    const send = onArtifacts(client);
    const [one, two] = await prepare(send, [
      { ...report, size: 5 },
      { ...report, size: 5 },
    ]);
    if (!one || !two) throw new Error("Nothing was prepared");
    await post(one.presigned_post, "hello");
    const refused = send("/finalize_upload/", { json: { artifacts: [one, two] } });
    await expectError(refused, 400, "Artifact upload not found in object storage");
    expect((await client.readRun()).artifacts).toEqual([]);
    await post(two.presigned_post, "hello");
    expect(await finalize(send, [one, two])).toHaveLength(2);
  });

  test("refuses a path that is not the upload's own, of this run", async () => {
    const client = await createRunClient();
    const other = await createRunClient();
    const send = onArtifacts(client);
    const prepared = await prepareOne(client);
    const foreign = await prepareOne(other);
    await Promise.all([prepared, foreign].map(({ presigned_post }) => post(presigned_post, "hello")));
    const problem = "Artifact storage path is invalid for this run";
    const refuse = (artifact: object) =>
      expectError(send("/finalize_upload/", { json: { artifacts: [artifact] } }), 400, problem);
    await refuse(foreign);
    await refuse({ ...prepared, storage_path: foreign.storage_path });
    await refuse({ ...prepared, id: foreign.id });
    await refuse({ ...prepared, id: "unknown" });
    await finalize(send, [prepared]);
    await refuse({ ...prepared, storage_path: foreign.storage_path });
  });

  test.each([
    [{ id: undefined }, "required", "artifacts__0__id"],
    [{ storage_path: undefined }, "required", "artifacts__0__storage_path"],
    [{ storage_path: "x".repeat(501) }, "max_length", "artifacts__0__storage_path"],
    [{ name: undefined }, "required", "artifacts__0__name"],
    [{ type: "poem" }, "invalid_choice", "artifacts__0__type"],
  ])("refuses %j, even for a run that is not there", async (fields, code, attr) => {
    const { send, taskId } = await createRunClient();
    const json = { artifacts: [{ ...report, id: "0", storage_path: "p", ...fields }] };
    await expectRefused(send(`/${taskId}/runs/${uuid()}/artifacts/finalize_upload/`, { json }), code, attr);
  });

  test("of an unknown run is 404", async () => {
    const { send, taskId } = await createRunClient();
    const json = { artifacts: [{ ...report, id: "0", storage_path: "p" }] };
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/artifacts/finalize_upload/`, { json }));
  });

  test("that the run cannot hold is 413, and takes nothing", async () => {
    const client = await createRunClient();
    await client.patch({ state: { a: "x".repeat(900_000) } });
    const prepared = await prepareOne(client, { metadata: { a: "y".repeat(700_000) } });
    await post(prepared.presigned_post, "hello");
    const response = await client.onRun("/artifacts/finalize_upload/", { json: { artifacts: [prepared] } });
    expect(response.status).toBe(413);
    expect((await client.readRun()).artifacts).toEqual([]);
  });
});
