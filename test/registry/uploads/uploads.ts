import { introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { connect } from "../../../src/db/client.ts";
import { uploads } from "../../../src/db/schema.ts";
import type { Tenant } from "../../tenant.ts";
import { manifest, noise, sha256 } from "../archives.ts";
import { pack } from "../pack.ts";

/** Bytes of a part in the tests: the least that R2 takes, and what wrangler.toml and the defaults allow. */
export const PART_SIZE = 16 * 1024 * 1024;

export interface UploadBody {
  id: string;
  state: "open" | "verifying" | "accepted" | "refused";
  size: number;
  sha256: string | null;
  part_size: number | null;
  parts: number | null;
  received_parts: number | null;
  received_bytes: number;
  problems: { loc: (string | number)[]; msg: string; type: string }[] | null;
  warnings: { loc: (string | number)[]; type: string }[] | null;
}

/** A good task of `bytes` and a little more that do not compress. */
export function packLarge(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  return pack({ "task.yaml": manifest(), "verify.sh": "", "solution.sh": "", "data.bin": noise(bytes, seed) }, 0);
}

export const uploadsPath = (tenant: Tenant) => `/org/${tenant.org}/tasks/sample/versions/1.0.0/uploads`;

export function start(tenant: Tenant, size: number, sha256?: string): Promise<Response> {
  return tenant.api(uploadsPath(tenant), { method: "POST", json: { size, ...(sha256 !== undefined && { sha256 }) } });
}

export async function startOpen(tenant: Tenant, size: number, sha256?: string): Promise<UploadBody> {
  return await (await start(tenant, size, sha256)).json();
}

export function cut(archive: Uint8Array<ArrayBuffer>, part: number): Uint8Array<ArrayBuffer> {
  return archive.slice((part - 1) * PART_SIZE, part * PART_SIZE);
}

export function putPart(
  tenant: Tenant,
  id: string,
  part: number,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  return tenant.api(`${uploadsPath(tenant)}/${id}/parts/${part}`, { method: "PUT", body, headers });
}

export function complete(tenant: Tenant, id: string, sha256?: string): Promise<Response> {
  const path = `${uploadsPath(tenant)}/${id}/complete`;
  return tenant.api(path, { method: "POST", ...(sha256 !== undefined && { json: { sha256 } }) });
}

export async function readUpload(tenant: Tenant, id: string): Promise<UploadBody> {
  return await (await tenant.api(`${uploadsPath(tenant)}/${id}`)).json();
}

/** Runs `work`, waits for the verifications that it started, and gives what `work` gave. */
export async function withVerification<T>(work: () => Promise<T>): Promise<T> {
  await using introspector = await introspectWorkflow(env.VERIFY_UPLOAD);
  await introspector.modifyAll((modifier) => modifier.disableRetryDelays());
  const result = await work();
  for (const instance of await introspector.get()) await instance.waitForStatus("complete");
  return result;
}

/** The row and object as a publish leaves them that dies between storing the bytes and publishing them. */
export async function crashedPublish(
  tenant: Tenant,
  archive: Uint8Array<ArrayBuffer>,
  fields: Partial<typeof uploads.$inferInsert> = {},
): Promise<string> {
  const id = uuid();
  const archiveKey = `${tenant.id}/${id}.zip`;
  const row = {
    id,
    organizationId: tenant.id,
    taskName: "sample",
    version: "1.0.0",
    state: "open" as const,
    archiveKey,
    size: archive.byteLength,
    sha256: await sha256(archive),
    createdBy: tenant.userId,
    expiresAt: new Date(Date.now() + 24 * 3600 * 1000),
    ...fields,
  };
  await connect(env.DB).insert(uploads).values(row);
  await env.ARCHIVES.put(row.archiveKey, archive);
  return row.id;
}
