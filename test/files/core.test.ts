import { describe, expect, test } from "vitest";
import { textOf } from "../runs/run-client.ts";
import { read } from "../tasks/client.ts";
import { call } from "../tenant.ts";
import { createWebhookClient, untilDelivered, type WebhookClient } from "../webhooks/webhook-client.ts";
import { expectDetail, toBase64, type WireDownload } from "./workflow-client.ts";

const EVENTS = ["uploaded", "upload_completed", "upload_with_issues"].map((name) => `core.document.${name}`);

interface CoreAnswer {
  document_processing_id: number;
  file_id: string;
  status: string;
}

/** A client that takes the webhooks of documents. */
async function createCoreClient() {
  const client = await createWebhookClient(...EVENTS);
  const send = (method: string, path: string, json?: unknown, key = client.adminKey) =>
    call(path, {
      method,
      headers: { "X-API-Key": key, "Content-Type": "application/json" },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  const upload = (json: object = {}) =>
    send("POST", "/core/upload", {
      file_name: "contract",
      file_extension: "pdf",
      file_content_base64: toBase64("%PDF-1.7 contract"),
      ...json,
    });
  const setAttributes = (fileId: string, attributes: unknown) =>
    send("PATCH", `/core/files/${fileId}/attributes`, { attributes });
  return { ...client, sendCore: send, upload, setAttributes };
}

/** What the webhook was told, by event. */
async function told({ endpoint }: WebhookClient) {
  const received = (await endpoint.received()).map(({ body }) => JSON.parse(body));
  return new Map<string, Record<string, unknown>>(received.map(({ event, data }) => [event, data]));
}

describe("POST /core/upload", () => {
  test("takes a document, and webhooks tell that all is well", async () => {
    const client = await createCoreClient();
    const attributes = [{ name: "Counterparty", data_type: "text", value: "Acme" }];
    const answer = await untilDelivered(client, () =>
      read<CoreAnswer>(client.upload({ user_email: "ada@example.com", attributes }), 202),
    );
    const { document_processing_id: id } = answer;
    expect(answer).toEqual({
      document_processing_id: expect.any(Number),
      file_id: `attachment_${id}`,
      status: "processing",
      message: "The document was uploaded",
    });
    const data = {
      document_processing_id: id,
      file_id: answer.file_id,
      file_name: "contract.pdf",
      content_type: "application/pdf",
      size: 17,
      user_email: "ada@example.com",
      attributes,
    };
    expect(await told(client)).toEqual(
      new Map([
        ["core.document.uploaded", data],
        ["core.document.upload_completed", data],
      ]),
    );
    const download = await read<WireDownload>(client.sendCore("GET", `/files/${answer.file_id}`));
    expect(download).toMatchObject({ file_name: "contract.pdf", content_type: "application/pdf" });
    const { pathname, search } = new URL(download.download_url);
    expect(await textOf(call(pathname + search))).toBe("%PDF-1.7 contract");
  });

  test("takes one with issues, and webhooks tell which", async () => {
    const client = await createCoreClient();
    const attributes = [
      { name: "Signed", data_type: "date", value: "yesterday" },
      { name: "Value", data_type: "number", value: "12.5" },
    ];
    const json = { file_content_base64: toBase64("plain text"), attributes };
    const { file_id } = await untilDelivered(client, () => read<CoreAnswer>(client.upload(json), 202));
    const events = await told(client);
    expect([...events.keys()].sort()).toEqual(["core.document.upload_with_issues", "core.document.uploaded"]);
    expect(events.get("core.document.upload_with_issues")).toMatchObject({
      file_id,
      attributes: [attributes[1]],
      issues: [
        { attribute: null, message: "The content is not that of a pdf file" },
        { attribute: "Signed", message: "The value is not an ISO 8601 date" },
      ],
    });
  });

  test.each<[string, number[] | string, boolean]>([
    ["docx", "PK\u0003\u0004rest", true],
    ["docx", "%PDF-1.7", false],
    ["xls", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0], true],
    ["xls", "PK\u0003\u0004", false],
    ["txt", "Grüße", true],
    ["txt", [0xff, 0xfe, 0x41, 0x00], true],
    ["txt", [0x41, 0x00, 0x42], false],
    ["pdf", "\n\n%PDF-1.4", true],
    ["PDF", "%PDF-1.4", true],
    [".pdf", "%PDF-1.4", true],
  ])("%s that begins with %j", async (file_extension, content, isFine) => {
    const client = await createCoreClient();
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : Uint8Array.from(content);
    const json = { file_extension, file_content_base64: bytes.toBase64() };
    await untilDelivered(client, () => read<CoreAnswer>(client.upload(json), 202));
    expect((await told(client)).has("core.document.upload_completed")).toBe(isFine);
  });

  test.each<[string, object, RegExp]>([
    ["another extension", { file_extension: "exe" }, /body\.file_extension/],
    ["no name", { file_name: undefined }, /body\.file_name/],
    ["no content", { file_content_base64: undefined }, /body\.file_content_base64/],
    ["no base64", { file_content_base64: "%PDF" }, /Invalid base64 content/],
    ["an address that is none", { user_email: "ada" }, /body\.user_email/],
    ["an attribute without a type", { attributes: [{ name: "a", value: "b" }] }, /attributes\.0\.data_type/],
    ["a value that is no text", { attributes: [{ name: "a", data_type: "number", value: 7 }] }, /attributes\.0\.value/],
  ])("422 for %s", async (_what, json, detail) => {
    await expectDetail((await createCoreClient()).upload(json), 422, detail);
  });

  test("needs a key that may write", async () => {
    const client = await createCoreClient();
    const key = await client.makeKey(["task:read"]);
    await expectDetail(client.sendCore("POST", "/core/upload", {}, key), 403, /'task:write'/);
    await expectDetail(client.sendCore("POST", "/core/upload", {}, ""), 401, "API key required");
  });
});

const text = (name: string, value: string) => ({ name, data_type: "text", value });

describe("PATCH /core/files/{file_id}/attributes", () => {
  test("sets attributes by their names and leaves the others", async () => {
    const client = await createCoreClient();
    const { file_id } = await read<CoreAnswer>(client.upload({ attributes: [text("a", "1"), text("b", "2")] }), 202);
    const updated_attributes = [
      { name: "b", data_type: "number", value: "-3.5e2" },
      { name: "when", data_type: "date", value: "2026-11-01" },
      { name: "at", data_type: "date", value: "2026-11-01T09:30:00Z" },
      { name: "signed", data_type: "boolean", value: "true" },
      { name: "source", data_type: "link", value: "https://example.com/contract" },
      text("__proto__", "x"),
    ];
    const answer = read(client.setAttributes(file_id, updated_attributes));
    expect(await answer).toEqual({ file_id, status: "updated", updated_attributes });
    const again = client.setAttributes(file_id.replace("attachment", "file"), [text("a", "first"), text("a", "last")]);
    expect(await read(again)).toEqual({ file_id, status: "updated", updated_attributes: [text("a", "last")] });
  });

  test("at the same time loses nothing", async () => {
    const client = await createCoreClient();
    const { file_id } = await read<CoreAnswer>(client.upload(), 202);
    const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => read(client.setAttributes(file_id, [text(name, name)]))));
    const full = Array.from({ length: 100 }, (_, index) => text(`f${index}`, "x"));
    await read(client.setAttributes(file_id, full));
    const rest = (count: number) => Array.from({ length: count }, (_, index) => text(`r${index}`, "x"));
    await expectDetail(client.setAttributes(file_id, rest(93)), 409, "A file has at most 200 attributes");
    await read(client.setAttributes(file_id, rest(92)));
    await read(client.setAttributes(file_id, [text("n0", "again")]));
    await expectDetail(client.setAttributes(file_id, [text("one more", "x")]), 409, /at most 200/);
  });

  test.each<[string, string]>([
    ["number", "12,5"],
    ["number", "0x10"],
    ["number", "1e999"],
    ["number", ""],
    ["date", "01.11.2026"],
    ["date", "2026-02-30"],
    ["boolean", "yes"],
    ["link", "javascript:alert(1)"],
    ["link", "example.com"],
  ])("422 for a %s that is %j", async (data_type, value) => {
    const client = await createCoreClient();
    const { file_id } = await read<CoreAnswer>(client.upload(), 202);
    const answer = client.setAttributes(file_id, [{ name: "x", data_type, value }]);
    await expectDetail(answer, 422, /body\.attributes\.0\.value: The value is not/);
  });

  test("422 for none, and 404 for a file that is not theirs", async () => {
    const [client, stranger] = [await createCoreClient(), await createCoreClient()];
    const { file_id } = await read<CoreAnswer>(stranger.upload(), 202);
    await expectDetail(stranger.setAttributes(file_id, []), 422, /At least one/);
    for (const id of [file_id, "attachment_999999999", "nothing", "document_0"]) {
      await expectDetail(client.setAttributes(id, [text("a", "b")]), 404, "File not found");
    }
  });
});
