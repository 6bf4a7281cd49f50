import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { apiKeys } from "../../src/db/schema.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import { expectError, read, type WireKey, type WireNewKey, type WireUser } from "./answers.ts";

const post = (json: unknown) => ({ method: "POST", json });
const remove = { method: "DELETE" };
const CI = { name: " ci ", scopes: ["task:write"] };

function issue({ api, org }: Tenant, request: object = CI): Promise<WireNewKey> {
  return read<WireNewKey>(api(`/org/${org}/api-keys`, post(request)), 201);
}

test("a key is shown once, in an answer that nothing may keep", async () => {
  const tenant = await createTenant();
  const { api, org, userId } = tenant;
  const response = await api(`/org/${org}/api-keys`, post(CI));
  expect(response.headers.get("cache-control")).toBe("no-store");
  const { key, ...shown } = await read<WireNewKey>(response, 201);
  expect(key).toMatch(/^ty_[0-9a-f]{24}_[0-9a-f]{64}$/);
  expect(shown).toEqual({
    id: expect.any(String),
    name: "ci",
    masked_key: `${key.slice(0, 28)}…`,
    active: true,
    scopes: ["task:write"],
    allowed_scopes: ["task:write"],
    user_id: userId,
    username: "owner",
    org_id: tenant.id,
    project_id: null,
    created_at: expect.stringMatching(/Z$/),
    expires_at: null,
    revoked_at: null,
    suspended_at: null,
    last_used_at: null,
  });
  expect(await read(api(`/org/${org}/api-keys/${shown.id}`))).toEqual(shown);
  const secret = key.slice(-64);
  for (const path of [`/org/${org}/api-keys?include_revoked=true`, `/org/${org}/api-keys/${shown.id}`, "/user"]) {
    for (const presented of [tenant.adminKey, key]) {
      const text = await (await api(path, { key: presented })).text();
      expect(text).not.toContain(secret);
      expect(text).not.toContain('"hash"');
    }
  }
});

test("only a hash of the key is stored", async () => {
  const tenant = await createTenant();
  const { key, id } = await issue(tenant);
  const [row] = await connect(env.DB).select().from(apiKeys).where(eq(apiKeys.id, id));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  expect(row?.hash).toBe(Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""));
  expect(JSON.stringify(row)).not.toContain(key.slice(-64));
  expect(row?.lookup).toBe(key.slice(3, 27));
});

test("a key belongs to the user and the project that are asked for, and acts so", async () => {
  const tenant = await createTenant();
  const { api, org, projectId } = tenant;
  const grace = { email: "grace@example.com", username: "grace" };
  const { id } = await read<WireUser>(api(`/org/${org}/users`, post(grace)), 201);
  const expires_at = "2099-01-01T01:00:00+01:00";
  const issued = await issue(tenant, { ...CI, user_id: id, project_id: projectId, expires_at });
  expect(issued).toMatchObject({
    user_id: id,
    username: "grace",
    project_id: projectId,
    expires_at: "2099-01-01T00:00:00.000Z",
  });
  expect(await read(api("/user", { key: issued.key }))).toMatchObject({ id, api_key: { project_id: projectId } });
});

test("a user or project of another organization is not found, and no key is made", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  for (const request of [
    { ...CI, user_id: other.userId },
    { ...CI, project_id: other.projectId },
    { ...CI, project_id: crypto.randomUUID() },
  ]) {
    await expectError(mine.api(`/org/${mine.org}/api-keys`, post(request)), 404, "not_found_error", "user or project");
  }
  expect(await read(mine.api(`/org/${mine.org}/api-keys`))).toMatchObject({ total: 1 });
});

test.for([
  { scopes: ["task:read"] },
  { name: " ", scopes: ["task:read"] },
  { name: "none", scopes: [] },
  { name: "unknown", scopes: ["everything"] },
  { name: "past", scopes: ["task:read"], expires_at: "2020-01-01T00:00:00Z" },
  { name: "no date", scopes: ["task:read"], expires_at: "tomorrow" },
  { name: "no uuid", scopes: ["task:read"], project_id: "default" },
])("the request %o is refused", async (request) => {
  const { api, org } = await createTenant();
  await expectError(api(`/org/${org}/api-keys`, post(request)), 422, "validation_error");
});

test("keys are listed newest first, a page at a time", async () => {
  const tenant = await createTenant();
  for (const name of ["one", "two", "three"]) await issue(tenant, { ...CI, name });
  const pages = [];
  for (const page of [1, 2]) {
    pages.push(await read<{ api_keys: WireKey[] }>(tenant.api(`/org/${tenant.org}/api-keys?limit=2&page=${page}`)));
  }
  expect(pages.map((page) => page.api_keys.map(({ name }) => name))).toEqual([
    ["three", "two"],
    ["one", "admin"],
  ]);
  expect(pages[0]).toMatchObject({ total: 4, total_pages: 2, has_next: true, has_previous: false });
});

test("a revoked key stops at once and stays on record with the instant of its first revocation", async () => {
  const tenant = await createTenant();
  const { api, org } = tenant;
  const { key, id } = await issue(tenant);
  const path = `/org/${org}/api-keys/${id}`;
  expect((await api("/user", { key })).status).toBe(200);
  expect((await api(path, remove)).status).toBe(204);
  await expectError(api("/user", { key }), 401, "authentication_error", "revoked");
  const revoked = await read<WireKey>(api(path));
  expect(revoked).toMatchObject({ active: false, revoked_at: expect.stringMatching(/Z$/) });

  const db = connect(env.DB);
  const earlier = new Date("2026-01-02T03:04:05.678Z");
  await db.update(apiKeys).set({ revokedAt: earlier }).where(eq(apiKeys.id, id));
  expect((await api(path, remove)).status).toBe(204);
  expect(await read(api(path))).toMatchObject({ revoked_at: earlier.toISOString() });

  const names = async (query: string) =>
    (await read<{ api_keys: WireKey[] }>(api(`/org/${org}/api-keys${query}`))).api_keys.map(({ name }) => name);
  expect(await names("")).toEqual(["admin"]);
  expect(await names("?include_revoked=false")).toEqual(["admin"]);
  expect(await names("?include_revoked=true")).toEqual(["ci", "admin"]);
  await expectError(api(`/org/${org}/api-keys?include_revoked=maybe`), 422, "validation_error", "include_revoked");
});

test("a key that expires is told apart by its holder and in the list", async () => {
  const { api, org, makeKey } = await createTenant();
  const key = await makeKey(["task:read"], { expiresAt: new Date(Date.now() - 1) });
  await expectError(api("/user", { key }), 401, "expired_token_error", "expired");
  const { api_keys } = await read<{ api_keys: WireKey[] }>(api(`/org/${org}/api-keys`));
  expect(api_keys.map(({ name, active }) => [name, active])).toEqual(
    expect.arrayContaining([
      ["task:read", false],
      ["admin", true],
    ]),
  );
});

test("a key is switched off and on again, keeping the instant, but not by itself", async () => {
  const tenant = await createTenant();
  const { api, org } = tenant;
  const { id, key } = await issue(tenant);
  const change = (active: unknown, of = id) => api(`/org/${org}/api-keys/${of}`, { method: "PATCH", json: { active } });
  const off = await read<WireKey & { suspended_at: string }>(change(false));
  expect(off).toMatchObject({ active: false, suspended_at: expect.stringMatching(/Z$/) });
  expect(await read(change(false))).toEqual(off);
  await expectError(api("/user", { key }), 401, "authentication_error", "inactive");
  expect(await read(change(true))).toMatchObject({ active: true, suspended_at: null });
  expect((await api("/user", { key })).status).toBe(200);
  await expectError(change("no"), 422, "validation_error", "body.active");
  await expectError(change(false, crypto.randomUUID()), 404, "not_found_error", "not found");
  const { api_keys } = await read<{ api_keys: WireKey[] }>(api(`/org/${org}/api-keys`));
  const own = api_keys.find(({ name }) => name === "admin");
  await expectError(change(false, own?.id), 409, "conflict_error", "itself");
});

test("a key in the form of workflow clients is a key like any other", async () => {
  const tenant = await createTenant();
  const { key, masked_key } = await issue(tenant, { ...CI, format: "ca" });
  expect(key).toMatch(/^ca_[\w-]{59}$/);
  expect(masked_key).toBe(`${key.slice(0, 19)}…`);
  expect((await tenant.api("/user", { key })).status).toBe(200);
  await expectError(tenant.api("/user", { key: `${key.slice(0, -1)}!` }), 401, "authentication_error", "Invalid");
});

test("keys are managed by admin keys of the whole organization only", async () => {
  const { api, org, makeKey, projectId } = await createTenant();
  const writer = await makeKey(["task:write", "environment:write"]);
  const bound = await makeKey(["admin"], { projectId });
  const some = `/${crypto.randomUUID()}`;
  for (const [path, init] of [
    ["", {}],
    ["", post(CI)],
    [some, {}],
    [some, remove],
  ] as const) {
    await expectError(api(`/org/${org}/api-keys${path}`, { ...init, key: writer }), 403, "forbidden_error", "'admin'");
    await expectError(api(`/org/${org}/api-keys${path}`, { ...init, key: bound }), 403, "forbidden_error", "bound");
  }
});

test("another organization's keys are neither seen nor revoked", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  const { id, key } = await issue(other);
  for (const init of [{}, remove]) {
    await expectError(mine.api(`/org/${mine.org}/api-keys/${id}`, init), 404, "not_found_error", id);
    await expectError(mine.api(`/org/${other.org}/api-keys/${id}`, init), 404, "not_found_error", other.org);
    await expectError(mine.api(`/org/${mine.org}/api-keys/self`, init), 422, "validation_error", "path.key_id");
  }
  expect((await other.api("/user", { key })).status).toBe(200);
});
