import { expect, test } from "vitest";
import type { Scope } from "../../src/auth/scopes.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";
import { expectError, read, type WireKey, type WireNewKey } from "./answers.ts";

const post = (json: unknown) => ({ method: "POST", json });
const remove = { method: "DELETE" };

function issueOwn({ api }: Tenant, key: string, request: object): Promise<WireNewKey> {
  return read<WireNewKey>(api("/user/api-keys", { ...post(request), key }), 201);
}

test("a key learns whose it is, where it acts and what it may do", async () => {
  const { api, org, userId, makeKey } = await createTenant();
  const key = await makeKey(["task:read"], { expiresAt: new Date("2099-01-01T00:00:00Z") });
  const account = await read<{ api_key: WireKey }>(api("/user", { key }));
  expect(account).toMatchObject({
    id: userId,
    email_address: "owner@example.com",
    username: "owner",
    name: null,
    full_name: null,
    role: "owner",
    organization: { key: org, is_active: true, member_count: 1, can_manage_members: false },
    api_key: {
      name: "task:read",
      active: true,
      scopes: ["task:read"],
      project_id: null,
      expires_at: "2099-01-01T00:00:00.000Z",
    },
  });
  expect(key.startsWith(account.api_key.masked_key.slice(0, -1))).toBe(true);
});

test.for([
  ["the scopes asked for", ["admin"], { allowed_scopes: ["task:read", "task:read"] }, ["task:read"]],
  ["a scope that its own implies", ["task:write"], { allowed_scopes: ["task:read"] }, ["task:read"]],
  [
    "its own scopes under their other name",
    ["task:write", "environment:read"],
    { scopes: ["task:write", "environment:read"], allowed_scopes: null, org_id: null, workspace_id: null },
    ["task:write", "environment:read"],
  ],
] as const)("a key gives another %s", async ([, held, request, expected]) => {
  const tenant = await createTenant();
  const key = await tenant.makeKey([...held] satisfies Scope[]);
  const issued = await issueOwn(tenant, key, {
    name: "laptop",
    allow_self_revoke: true,
    org_id: tenant.id,
    ...request,
  });
  expect(issued).toMatchObject({ name: "laptop", scopes: expected, user_id: tenant.userId, project_id: null });
  expect(await read(tenant.api("/user", { key: issued.key }))).toMatchObject({ api_key: { id: issued.id } });
});

test.for([
  [["task:read"], "task:write"],
  [["task:write", "environment:write"], "admin"],
  [["task:write"], "environment:read"],
] as const)("a key of %o cannot give %s", async ([held, wanted]) => {
  const { api, makeKey } = await createTenant();
  const key = await makeKey([...held]);
  const request = post({ name: "more", allowed_scopes: ["task:read", wanted] });
  await expectError(api("/user/api-keys", { ...request, key }), 403, "forbidden_error", `'${wanted}'`);
});

test("a key that is bound to a project gives keys of that project only", async () => {
  const tenant = await createTenant();
  const { api, makeKey, projectId } = tenant;
  const key = await makeKey(["task:write"], { projectId });
  expect(await issueOwn(tenant, key, { name: "same", scopes: ["task:read"] })).toMatchObject({ project_id: projectId });
  expect(await issueOwn(tenant, key, { name: "same", scopes: ["task:read"], project_id: projectId })).toMatchObject({
    project_id: projectId,
  });
  const other = post({ name: "other", scopes: ["task:read"], project_id: crypto.randomUUID() });
  await expectError(api("/user/api-keys", { ...other, key }), 403, "forbidden_error", "another project");
});

test("a key binds another to a project of its organization", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  const request = { name: "bound", scopes: ["task:read"], project_id: mine.projectId };
  expect(await issueOwn(mine, mine.adminKey, request)).toMatchObject({ project_id: mine.projectId });
  const foreign = post({ name: "foreign", scopes: ["task:read"], project_id: other.projectId });
  await expectError(mine.api("/user/api-keys", foreign), 404, "not_found_error");
});

test.for([
  ["2090-01-01T00:00:00.000Z", undefined, "2090-01-01T00:00:00.000Z"],
  ["2090-01-01T00:00:00.000Z", "2095-01-01T00:00:00.000Z", "2090-01-01T00:00:00.000Z"],
  ["2090-01-01T00:00:00.000Z", "2080-01-01T00:00:00.000Z", "2080-01-01T00:00:00.000Z"],
  [undefined, "2080-01-01T00:00:00.000Z", "2080-01-01T00:00:00.000Z"],
  [undefined, undefined, null],
] as const)(
  "a key that expires at %s and is asked for one until %s gives one until %s",
  async ([own, wanted, until]) => {
    const tenant = await createTenant();
    const key = await tenant.makeKey(["task:read"], own === undefined ? {} : { expiresAt: new Date(own) });
    expect(await issueOwn(tenant, key, { name: "child", scopes: ["task:read"], expires_at: wanted })).toMatchObject({
      expires_at: until,
    });
  },
);

test("what a key cannot be is refused", async () => {
  const { api, id } = await createTenant();
  const elsewhere = post({ name: "elsewhere", scopes: ["task:read"], org_id: crypto.randomUUID() });
  await expectError(api("/user/api-keys", elsewhere), 404, "not_found_error", "Organization");
  const ofWorkspace = post({ name: "narrow", org_id: id, workspace_id: crypto.randomUUID() });
  await expectError(api("/user/api-keys", ofWorkspace), 422, "validation_error", "not bound to workspaces");
  await expectError(api("/user/api-keys", post({})), 422, "validation_error", "body.name");
  const unknown = post({ name: "unknown", allowed_scopes: ["everything"] });
  await expectError(api("/user/api-keys", unknown), 422, "validation_error", "allowed_scopes");
});

test("a key revokes itself", async () => {
  const { api, makeKey } = await createTenant();
  const key = await makeKey(["task:read"]);
  expect((await api("/user/api-keys/self", { ...remove, key })).status).toBe(204);
  await expectError(api("/user", { key }), 401, "authentication_error", "revoked");
  await expectError(api("/user/api-keys/self", { ...remove, key }), 401, "authentication_error", "revoked");
  expect((await api("/user")).status).toBe(200);
});

test("a key is presented as Bearer, as X-API-Key or as Basic with the user __token__", async () => {
  const { adminKey } = await createTenant();
  for (const headers of [
    { Authorization: `Bearer ${adminKey}` },
    { Authorization: `bearer ${adminKey}` },
    { "X-API-Key": adminKey },
    { Authorization: `Basic ${btoa(`__token__:${adminKey}`)}` },
  ]) {
    expect(await read(call("/api/v1/user", { headers }))).toMatchObject({ username: "owner" });
  }
});

test("what is no key of ours is refused without being repeated", async () => {
  const { adminKey } = await createTenant();
  const wrongSecret = `${adminKey.slice(0, -1)}${adminKey.endsWith("0") ? "1" : "0"}`;
  for (const headers of [
    { Authorization: `Bearer ${wrongSecret}` },
    { Authorization: `Bearer ${adminKey.toUpperCase()}` },
    { Authorization: `Bearer ${adminKey}0` },
    { Authorization: `Basic ${btoa(`somebody:${adminKey}`)}` },
    { Authorization: `Basic ${btoa(adminKey)}` },
    { Authorization: "Basic %%%" },
    { Authorization: `Digest ${adminKey}` },
    { "X-API-Key": wrongSecret },
    { Authorization: "Bearer nonsense", "X-API-Key": adminKey },
  ]) {
    const response = await call("/api/v1/user", { headers });
    const text = await response.clone().text();
    expect(text).not.toContain(adminKey.slice(-64, -1));
    await expectError(response, 401, "authentication_error", "Invalid API key");
  }
  for (const headers of [{}, { Authorization: "Bearer" }, { Authorization: " ", "X-API-Key": " " }]) {
    await expectError(call("/api/v1/user", { headers }), 401, "authentication_error", "API key required");
  }
});
