import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { lookupOf } from "../../src/auth/api-keys.ts";
import { RECENT_KEY_MS, verifyRecentKey } from "../../src/auth/recent-keys.ts";
import { connect } from "../../src/db/client.ts";
import { apiKeys } from "../../src/db/schema.ts";
import { createRunClient } from "../runs/run-client.ts";
import { createTenant, type Tenant } from "../tenant.ts";

const START = Date.parse("2030-01-01T00:00:00Z");

const verify = (key: string, after: number) => verifyRecentKey(connect(env.DB), key, new Date(START + after));

/** Changes a key's row as another isolate would. */
async function change(key: string, fields: { revokedAt?: Date; expiresAt?: Date }): Promise<void> {
  await connect(env.DB)
    .update(apiKeys)
    .set(fields)
    .where(eq(apiKeys.lookup, lookupOf(key) ?? ""));
}

function makeKey(tenant: Tenant, fields: { expiresAt?: Date } = {}): Promise<string> {
  return tenant.makeKey(["task:write"], fields);
}

test("a key that is revoked elsewhere is good for five seconds more, and not longer", async () => {
  const key = await makeKey(await createTenant());
  expect(await verify(key, 0)).toMatchObject({ ok: true });
  await change(key, { revokedAt: new Date(START) });
  expect(await verify(key, RECENT_KEY_MS - 1)).toMatchObject({ ok: true });
  expect(await verify(key, RECENT_KEY_MS)).toEqual({ ok: false, reason: "key_revoked" });
});

test("what is kept does not outlive the key's expiry, nor a clock that goes back", async () => {
  const tenant = await createTenant();
  const expiring = await makeKey(tenant, { expiresAt: new Date(START + 1_000) });
  expect(await verify(expiring, 999)).toMatchObject({ ok: true });
  expect(await verify(expiring, 1_000)).toEqual({ ok: false, reason: "key_expired" });

  const key = await makeKey(tenant);
  expect(await verify(key, 0)).toMatchObject({ ok: true });
  await change(key, { revokedAt: new Date(START) });
  expect(await verify(key, -1)).toEqual({ ok: false, reason: "key_revoked" });
});

test("a key with another secret is not taken for one that was verified", async () => {
  const key = await makeKey(await createTenant());
  expect(await verify(key, 0)).toMatchObject({ ok: true });
  const forged = `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`;
  expect(await verify(forged, 1)).toEqual({ ok: false, reason: "key_invalid" });
});

test("only the first verification of a while is to note the key's use", async () => {
  const key = await makeKey(await createTenant());
  expect(await verify(key, 0)).toMatchObject({ lastUsedAt: null });
  expect(await verify(key, 1)).toMatchObject({ lastUsedAt: new Date(START) });
});

test("operations of administration look a key up each time, and a revocation here ends it at once", async () => {
  const client = await createRunClient();
  await client.append({ n: 1 });
  await change(client.adminKey, { revokedAt: new Date() });
  expect((await client.onRun("/")).status).toBe(200);
  expect((await client.api(`/org/${client.org}/api-keys`)).status).toBe(401);
  expect((await client.api("/user/api-keys", { method: "POST", json: {} })).status).toBe(401);

  const other = await createRunClient();
  await other.append({ n: 1 });
  expect((await other.api("/user/api-keys/self", { method: "DELETE" })).ok).toBe(true);
  expect((await other.appendText('{"entries":[{"n":2}]}')).status).toBe(401);
});

test("a key that is switched off here is refused at once, and taken again when it is on", async () => {
  const tenant = await createTenant();
  const keys = `/org/${tenant.org}/api-keys`;
  const created = await tenant.api(keys, { method: "POST", json: { name: "agent", scopes: ["task:write"] } });
  const { id, key } = await created.json<{ id: string; key: string }>();
  const setActive = async (active: boolean) =>
    expect((await tenant.api(`${keys}/${id}`, { method: "PATCH", json: { active } })).status).toBe(200);
  expect(await verify(key, 0)).toMatchObject({ ok: true });
  await setActive(false);
  expect(await verify(key, 1)).toEqual({ ok: false, reason: "key_inactive" });
  await setActive(true);
  expect(await verify(key, 2)).toMatchObject({ ok: true });
});

test("a key that goes with its user or its project is refused at once", async () => {
  const tenant = await createTenant();
  const { org, api } = tenant;
  const member = { username: "guest", email: "guest@example.com", role: "contributor" };
  const user = await (await api(`/org/${org}/users`, { method: "POST", json: member })).json<{ id: string }>();
  const project = await api(`/org/${org}/ws/main/projects`, { method: "POST", json: { key: "side", name: "Side" } });
  const { id: projectId } = await project.json<{ id: string }>();
  const ofUser = await tenant.makeKey(["task:read"]);
  await connect(env.DB)
    .update(apiKeys)
    .set({ userId: user.id })
    .where(eq(apiKeys.lookup, lookupOf(ofUser) ?? ""));
  const ofProject = await tenant.makeKey(["task:read"], { projectId });
  const statusOf = async (key: string) => (await api(`/org/${org}/tasks`, { key })).status;
  expect([await statusOf(ofUser), await statusOf(ofProject)]).toEqual([200, 200]);
  expect((await api(`/org/${org}/users/${user.id}`, { method: "DELETE" })).ok).toBe(true);
  expect((await api(`/org/${org}/ws/main/projects/side`, { method: "DELETE" })).ok).toBe(true);
  expect([await statusOf(ofUser), await statusOf(ofProject)]).toEqual([401, 401]);
});
