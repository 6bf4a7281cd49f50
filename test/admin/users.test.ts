import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { users } from "../../src/db/schema.ts";
import { createTenant } from "../tenant.ts";
import { expectError, read, statusesOf, type WireNewKey, type WireUser } from "./answers.ts";

const post = (json: unknown) => ({ method: "POST", json });
const patch = (json: unknown) => ({ method: "PATCH", json });
const remove = { method: "DELETE" };
const GRACE = { email: "Grace@Example.com", username: "grace", name: " Grace ", role: "reader" };

test("a user is added, read, changed and deleted", async () => {
  const { api, org, id } = await createTenant();
  const created = await read<WireUser>(api(`/org/${org}/users`, post(GRACE)), 201);
  expect(created).toEqual({
    id: expect.any(String),
    email_address: "grace@example.com",
    username: "grace",
    name: "Grace",
    full_name: "Grace",
    role: "reader",
    org_id: id,
    joined_at: expect.stringMatching(/Z$/),
    created_at: expect.stringMatching(/Z$/),
    updated_at: expect.stringMatching(/Z$/),
  });
  const path = `/org/${org}/users/${created.id}`;
  expect(await read(api(path))).toEqual(created);
  expect(await read(api(`/org/${org}`))).toMatchObject({ member_count: 2 });
  const change = { name: null, role: "contributor" };
  expect(await read(api(path, patch(change)))).toMatchObject({
    name: null,
    role: "contributor",
    email_address: "grace@example.com",
    username: "grace",
  });
  expect((await api(path, remove)).status).toBe(204);
  for (const init of [{}, patch({ role: "reader" }), remove]) {
    await expectError(api(path, init), 404, "not_found_error", created.id);
  }
});

test("users are contributors unless told otherwise, and are listed by username", async () => {
  const { api, org } = await createTenant();
  for (const username of ["zoe", "bob"]) {
    const created = await read<WireUser>(
      api(`/org/${org}/users`, post({ email: `${username}@example.com`, username })),
      201,
    );
    expect(created).toMatchObject({ role: "contributor", name: null });
  }
  const pages = [];
  for (const page of [1, 2]) {
    pages.push(await read<{ users: WireUser[] }>(api(`/org/${org}/users?limit=2&page=${page}`)));
  }
  expect(pages.map((page) => page.users.map(({ username }) => username))).toEqual([["bob", "owner"], ["zoe"]]);
  expect(pages[1]).toMatchObject({ page: 2, limit: 2, total: 3, total_pages: 2, has_next: false, has_previous: true });
});

test("an address or username that the organization has is refused, whatever its case of address", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  await read(mine.api(`/org/${mine.org}/users`, post(GRACE)), 201);
  const sameEmail = post({ email: "GRACE@example.com", username: "another" });
  await expectError(mine.api(`/org/${mine.org}/users`, sameEmail), 409, "member_exists_error", "e-mail address");
  const sameName = post({ email: "another@example.com", username: "grace" });
  await expectError(mine.api(`/org/${mine.org}/users`, sameName), 409, "member_exists_error", "username");
  await read(other.api(`/org/${other.org}/users`, post(GRACE)), 201);
});

test("of equal users added at the same time one is added", async () => {
  const { api, org } = await createTenant();
  const answers = await Promise.all(Array.from({ length: 6 }, () => api(`/org/${org}/users`, post(GRACE))));
  expect(statusesOf(answers)).toEqual([201, 409, 409, 409, 409, 409]);
});

test.for([
  { ...GRACE, email: "no address" },
  { ...GRACE, email: undefined },
  { ...GRACE, username: "with space" },
  { ...GRACE, username: "" },
  { ...GRACE, role: "king" },
  { ...GRACE, name: "" },
])("the new user %o is refused", async (user) => {
  const { api, org } = await createTenant();
  await expectError(api(`/org/${org}/users`, post(user)), 422, "validation_error");
});

test("an organization takes 500 members and no more, also when they come at the same time", async () => {
  const { api, org, id } = await createTenant();
  const db = connect(env.DB);
  const row = (index: number) =>
    db.insert(users).values({
      id: crypto.randomUUID(),
      organizationId: id,
      username: `member-${index}`,
      email: `member-${index}@example.com`,
      role: "reader",
    });
  await db.batch([row(0), ...Array.from({ length: 497 }, (_, index) => row(index + 1))]);
  const add = (name: string) => api(`/org/${org}/users`, post({ username: name, email: `${name}@example.com` }));
  expect(statusesOf(await Promise.all(["a", "b", "c"].map(add)))).toEqual([201, 429, 429]);
  await expectError(add("d"), 429, "member_limit_exceeded_error", "500");
  expect(await read(api(`/org/${org}`))).toMatchObject({ member_count: 500 });
});

test("deleting a user ends the user's keys at once, and no others", async () => {
  const { api, org } = await createTenant();
  const { id } = await read<WireUser>(api(`/org/${org}/users`, post(GRACE)), 201);
  const request = post({ name: "hers", scopes: ["task:read"], user_id: id });
  const { key, id: keyId } = await read<WireNewKey>(api(`/org/${org}/api-keys`, request), 201);
  expect(await read(api("/user", { key }))).toMatchObject({ username: "grace" });
  expect((await api(`/org/${org}/users/${id}`, remove)).status).toBe(204);
  await expectError(api("/user", { key }), 401, "authentication_error", "Invalid API key");
  await expectError(api(`/org/${org}/api-keys/${keyId}`), 404, "not_found_error");
  expect((await api("/user")).status).toBe(200);
});

test("the user who calls is not deleted", async () => {
  const { api, org, userId } = await createTenant();
  await expectError(api(`/org/${org}/users/${userId}`, remove), 409, "conflict_error", "belongs to");
});

test("the last owner is neither deleted nor demoted, and keeps the keys; one of two may go", async () => {
  const { api, org, userId } = await createTenant();
  const { id } = await read<WireUser>(api(`/org/${org}/users`, post({ ...GRACE, role: "contributor" })), 201);
  const request = post({ name: "hers", scopes: ["admin"], user_id: id });
  const { key } = await read<WireNewKey>(api(`/org/${org}/api-keys`, request), 201);
  const owner = `/org/${org}/users/${userId}`;
  await expectError(api(owner, { ...remove, key }), 409, "conflict_error", "last owner");
  await expectError(api(owner, patch({ role: "reader" })), 409, "conflict_error", "last owner");
  expect(await read(api(owner, patch({ role: "owner", name: "Still" })))).toMatchObject({ role: "owner" });

  expect(await read(api(`/org/${org}/users/${id}`, patch({ role: "owner" })))).toMatchObject({ role: "owner" });
  expect((await api(owner, { ...remove, key })).status).toBe(204);
  await expectError(api("/user"), 401, "authentication_error");
});

test("of two owners who are demoted at the same time one stays an owner", async () => {
  const { api, org, userId } = await createTenant();
  const { id } = await read<WireUser>(api(`/org/${org}/users`, post({ ...GRACE, role: "owner" })), 201);
  const answers = await Promise.all(
    [userId, id].map((user) => api(`/org/${org}/users/${user}`, patch({ role: "reader" }))),
  );
  expect(statusesOf(answers)).toEqual([200, 409]);
});

test("users are seen and managed by admin keys of the whole organization only", async () => {
  const { api, org, userId, makeKey, projectId } = await createTenant();
  const writer = await makeKey(["task:write", "environment:write"]);
  const bound = await makeKey(["admin"], { projectId });
  for (const [path, init] of [
    ["", {}],
    ["", post(GRACE)],
    [`/${userId}`, {}],
    [`/${userId}`, patch({ name: "No" })],
    [`/${userId}`, remove],
  ] as const) {
    await expectError(api(`/org/${org}/users${path}`, { ...init, key: writer }), 403, "forbidden_error", "'admin'");
    await expectError(api(`/org/${org}/users${path}`, { ...init, key: bound }), 403, "forbidden_error", "bound");
  }
});

test("another organization's users are not found; an id that is no UUID is refused", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  for (const init of [{}, patch({ name: "Taken" }), remove]) {
    await expectError(mine.api(`/org/${mine.org}/users/${other.userId}`, init), 404, "not_found_error");
    await expectError(mine.api(`/org/${other.org}/users/${other.userId}`, init), 404, "not_found_error");
    await expectError(mine.api(`/org/${mine.org}/users/owner`, init), 422, "validation_error", "path.user_id");
  }
});
