import { env } from "cloudflare:workers";
import { eq, like } from "drizzle-orm";
import { connect } from "../../src/db/client.ts";
import { discardedArchives, uploads } from "../../src/db/schema.ts";
import type { Tenant } from "../tenant.ts";
import { pack } from "./pack.ts";

/** Fields of a task.yaml that breaks no rule. */
export function manifest(overrides: Record<string, unknown> = {}): string {
  const fields = {
    name: "sample",
    version: "1.0.0",
    instruction: "Write the answer to /tmp/answer.",
    description: "A sample.",
    source: "tests",
    solution: { script: "solution.sh" },
    verification: { method: "script", script: "verify.sh" },
    ...overrides,
  };
  // JSON is YAML; a field set to undefined is left out.
  return JSON.stringify(fields);
}

/** A good task; `yaml` changes its task.yaml, `files` adds to it or replaces. */
export function packTask(yaml: Record<string, unknown> = {}, files: Record<string, string | Uint8Array> = {}) {
  return pack({
    "task.yaml": manifest(yaml),
    "verify.sh": "exit 0\n",
    "solution.sh": "echo 42 > /tmp/answer\n",
    ...files,
  });
}

export interface PublishOptions {
  name?: string;
  version?: string;
  headers?: Record<string, string>;
}

/** Publishes in one request, as `curl --data-binary` does: with a Content-Length. */
export function publish(
  tenant: Tenant,
  body: Uint8Array<ArrayBuffer>,
  { name = "sample", version = "1.0.0", headers = {} }: PublishOptions = {},
): Promise<Response> {
  return tenant.api(`/org/${tenant.org}/tasks/${name}/versions/${version}`, { method: "PUT", body, headers });
}

/** `Content-Digest` of these bytes (RFC 9530). */
export async function contentDigest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha-256=:${digest.toBase64()}:`;
}

/** SHA-256 of these bytes in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** What a tenant has in the bucket and in the tables of uploads: what a refusal must leave empty. */
export async function leftovers(tenant: Tenant): Promise<{ objects: string[]; uploads: number; discarded: number }> {
  const { objects } = await env.ARCHIVES.list({ prefix: `${tenant.id}/` });
  const db = connect(env.DB);
  const [kept, discarded] = await db.batch([
    db.select({ id: uploads.id }).from(uploads).where(eq(uploads.organizationId, tenant.id)),
    db
      .select({ key: discardedArchives.archiveKey })
      .from(discardedArchives)
      .where(like(discardedArchives.archiveKey, `${tenant.id}/%`)),
  ]);
  return { objects: objects.map(({ key }) => key), uploads: kept.length, discarded: discarded.length };
}

/** Nothing at all. */
export const NOTHING_LEFT = { objects: [], uploads: 0, discarded: 0 };

/** Bytes that deflate cannot shrink, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >>> 2);
  let state = seed;
  for (let at = 0; at < words.length; at += 1) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return bytes;
}

/** A body of these chunks whose length nobody knows; `error` breaks the connection after the last. */
export function streamOf(chunks: Uint8Array[], end: "close" | "error" = "close"): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk) controller.enqueue(chunk);
      else if (end === "close") controller.close();
      else controller.error(new Error("the client went away"));
    },
  });
}

/** TaskDetail, as far as the tests look. */
export interface Detail {
  id: string;
  name: string;
  version: string;
  sha256: string;
  file_size: number;
  is_public: boolean;
  created_by: string;
  warnings?: { loc: string[]; msg: string; type: string }[];
}

export interface ErrorBody {
  code: number;
  detail: string;
  type: string;
  errors?: { loc: (string | number)[]; msg: string; type: string }[];
}
