import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Tenant } from "../tenant.ts";
import { packTask, publish } from "./archives.ts";

/** Publishes an archive, which must be accepted, and answers with the TaskDetail. */
export async function publishVersion(
  tenant: Tenant,
  name: string,
  version: string,
  archive: Uint8Array<ArrayBuffer>,
): Promise<{ id: string; sha256: string }> {
  const response = await publish(tenant, archive, { name, version });
  const body = await response.json<{ id: string; sha256: string }>();
  expect(response.status, JSON.stringify(body)).toBe(201);
  return body;
}

/** Publishes a small task whose task.yaml has these fields. */
export function publishFields(tenant: Tenant, name: string, version: string, fields: Record<string, unknown> = {}) {
  return publishVersion(tenant, name, version, packTask({ name, version, source: undefined, ...fields }));
}

/** Lets other organizations read the task. */
export async function makePublic(tenant: Tenant, name: string): Promise<void> {
  const json = { is_public: true };
  const response = await tenant.api(`/org/${tenant.org}/tasks/${name}/visibility`, { method: "PATCH", json });
  expect(response.status).toBe(200);
}

/** Takes every archive of the organization out of R2 behind the Worker's back: what still works did not ask R2. */
export async function loseArchives(tenant: Tenant): Promise<void> {
  const { objects } = await env.ARCHIVES.list({ prefix: `${tenant.id}/` });
  expect(objects.length).toBeGreaterThan(0);
  await env.ARCHIVES.delete(objects.map(({ key }) => key));
}
