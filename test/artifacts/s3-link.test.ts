import { env } from "cloudflare:workers";
import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { presignS3 } from "../../src/artifacts/s3-link.ts";
import { callConfigured } from "../configured.ts";
import { createRunClient, read } from "../runs/run-client.ts";
import type { Item } from "../runs/artifacts/run-uploads.ts";

const access = {
  endpoint: "https://0123456789abcdef.r2.cloudflarestorage.com",
  bucket: "taskyard-artifacts",
  accessKeyId: "a-key-id",
  secretAccessKey: "a-secret",
};

const settings = {
  R2_S3_ENDPOINT: access.endpoint,
  R2_S3_BUCKET: access.bucket,
  R2_S3_ACCESS_KEY_ID: access.accessKeyId,
  R2_S3_SECRET_ACCESS_KEY: access.secretAccessKey,
};

/** Percent-encoding as Signature Version 4 has it: all but the unreserved characters of RFC 3986. */
const encode = (text: string) =>
  [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[\w.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** The signature that a link ought to have, computed by the published rules from the link as a server receives it. */
function signatureOf(link: string, secret: string): string {
  const [, host = "", path = "", query = ""] = /^https:\/\/([^/]+)([^?]*)\?(.*)$/.exec(link) ?? [];
  const parameters = query
    .split("&")
    .map((pair) => pair.split("=").map((part) => decodeURIComponent(part)))
    .filter(([name]) => name !== "X-Amz-Signature");
  const named = Object.fromEntries(parameters);
  const canonicalQuery = parameters
    .map(([name = "", value = ""]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const canonicalPath = path
    .split("/")
    .map((part) => encode(decodeURIComponent(part)))
    .join("/");
  const request = ["GET", canonicalPath, canonicalQuery, `host:${host}\n`, "host", "UNSIGNED-PAYLOAD"].join("\n");
  const date = named["X-Amz-Date"] ?? "";
  const scope = `${date.slice(0, 8)}/auto/s3/aws4_request`;
  expect(named["X-Amz-Credential"]).toBe(`${access.accessKeyId}/${scope}`);
  const hashed = createHash("sha256").update(request).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, hashed].join("\n");
  const key = ["auto", "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${secret}`, date.slice(0, 8)));
  return hmac(key, toSign).toString("hex");
}

describe("a link over R2's S3 interface", () => {
  test.each(["plan.md", "a b+c.txt", "it's (1)!*.txt", "Übersicht 日本 😀.md", "100%&=#?.txt", 'say "x"~.md'])(
    "to %j is signed by the published rules",
    async (filename) => {
      const key = `tasks/artifacts/team_1/task_2/run_3/0123abcd_${filename}`;
      const file = { key, filename, contentType: "text/plain; charset=utf-8", disposition: "attachment" as const };
      const link = await presignS3(access, file, 3600);
      const url = new URL(link);
      expect(decodeURIComponent(url.pathname)).toBe(`/${access.bucket}/${key}`);
      expect(link).not.toContain("+");
      expect(url.searchParams.get("X-Amz-Algorithm")).toBe("AWS4-HMAC-SHA256");
      expect(url.searchParams.get("X-Amz-Expires")).toBe("3600");
      expect(url.searchParams.get("X-Amz-SignedHeaders")).toBe("host");
      expect(url.searchParams.get("response-content-type")).toBe("text/plain; charset=utf-8");
      expect(url.searchParams.get("response-content-disposition")).toMatch(/^attachment; filename="/);
      expect(url.searchParams.get("X-Amz-Signature")).toBe(signatureOf(link, access.secretAccessKey));
      expect(signatureOf(link, "another-secret")).not.toBe(url.searchParams.get("X-Amz-Signature"));
      expect(link).not.toContain(access.secretAccessKey);
    },
  );

  test("is what presign and the download by id give where it is configured, without link secrets too", async () => {
    const client = await createRunClient();
    const artifact = { name: "plan.md", type: "plan", content: "# Plan" };
    const { artifacts } = await read<{ artifacts: Item[] }>(
      client.onRun("/artifacts/", { json: { artifacts: [artifact] } }),
    );
    const [item] = artifacts;
    const path = `/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/artifacts`;
    const headers = { Authorization: `Bearer ${client.adminKey}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ storage_path: item?.storage_path });
    const configured = { ...settings, LINK_SIGNING_SECRETS: "" };
    const presign = () => callConfigured(configured, `${path}/presign`, { method: "POST", headers, body });
    const { url } = await (await presign()).json<{ url: string }>();
    expect(url).toMatch(new RegExp(`^${access.endpoint}/${access.bucket}/tasks/artifacts/`));
    expect(new URL(url).searchParams.get("X-Amz-Signature")).toBe(signatureOf(url, access.secretAccessKey));
    const download = await callConfigured(configured, `${path}/${item?.id}/download`, { headers });
    expect(download.status).toBe(302);
    expect(download.headers.get("location")).toMatch(new RegExp(`^${access.endpoint}/`));
    await env.ARTIFACTS.delete(item?.storage_path ?? "");
    expect((await presign()).status).toBe(404);
  });

  test("needs all four settings", async () => {
    const { R2_S3_BUCKET: _, ...others } = settings;
    expect((await callConfigured(others, "/health")).status).toBe(500);
  });
});
