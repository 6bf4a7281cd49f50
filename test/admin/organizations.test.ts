import { expect, test } from "vitest";
import { createTenant } from "../tenant.ts";
import { expectError, read, statusesOf, type WireKey, type WireUser } from "./answers.ts";

const post = (json: unknown) => ({ method: "POST", json });
const patch = (json: unknown) => ({ method: "PATCH", json });

test("an organization has every field that published clients need to parse it", async () => {
  const { api, org, id } = await createTenant();
  const organization = await read<object>(api(`/org/${org}`));
  expect(organization).toMatchObject({
    id,
    key: org,
    name: org,
    description: null,
    is_active: true,
    allow_external_invites: false,
    max_members: 500,
    member_count: 1,
    can_manage_members: true,
    effective_max_sandbox_runtime_seconds: expect.any(Number),
    max_sandbox_runtime_source_level: "platform",
    effective_default_sandbox_runtime_seconds: expect.any(Number),
    default_sandbox_runtime_source_level: "platform",
    platform_max_sandbox_runtime_seconds: expect.any(Number),
    platform_default_sandbox_runtime_seconds: expect.any(Number),
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(await read<object[]>(api("/user/organizations"))).toEqual([organization]);
});

test("any key reads the organization; members are managed by administrators", async () => {
  const { api, org, makeKey } = await createTenant();
  const key = await makeKey(["task:read"]);
  expect(await read<object>(api(`/org/${org}`, { key }))).toMatchObject({ can_manage_members: false });
});

test("another organization is not found, whether it exists or not", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  await expectError(mine.api(`/org/${other.org}`), 404, "not_found_error", other.org);
  await expectError(mine.api("/org/nowhere"), 404, "not_found_error", "nowhere");
  await expectError(mine.api(`/org/${other.org}`, patch({ name: "Taken" })), 404, "not_found_error");
});

test("name and description change, trimmed", async () => {
  const { api, org } = await createTenant();
  const change = patch({ name: "  New name ", description: " What we do " });
  const changed = await read<object>(api(`/org/${org}`, change));
  expect(changed).toMatchObject({ name: "New name", description: "What we do", key: org });
  const cleared = await read<object>(api(`/org/${org}`, patch({ description: null })));
  expect(cleared).toMatchObject({ name: "New name", description: null, member_count: 1 });
  expect(await read<object>(api(`/org/${org}`, patch({})))).toMatchObject({ name: "New name" });
});

test.for([{ name: "   " }, { name: "x".repeat(201) }, { description: "x".repeat(2001) }, { name: 7 }])(
  "the change %o is refused",
  async (change) => {
    const { api, org } = await createTenant();
    await expectError(api(`/org/${org}`, patch(change)), 422, "validation_error");
  },
);

test("an admin key creates another organization, owned by its own user unless told otherwise", async () => {
  const { api, org } = await createTenant();
  const key = `${org}-two`;
  const created = await read<{ user: WireUser; api_key: WireKey & { key: string } }>(
    api("/organizations", post({ key, name: "Two" })),
    201,
  );
  expect(created.user).toMatchObject({ username: "owner", email_address: "owner@example.com", role: "owner" });
  const itself = await read<object>(api("/user", { key: created.api_key.key }));
  expect(itself).toMatchObject({ id: created.user.id, organization: { key } });
  await expectError(api(`/org/${key}`), 404, "not_found_error");

  const owner = { username: "grace", email: "grace@example.com" };
  const third = await read<{ user: WireUser }>(api("/organizations", post({ key: `${org}-3`, name: "3", owner })), 201);
  expect(third.user).toMatchObject({ username: "grace", name: null });
});

test("of organizations of one key created at the same time one is created", async () => {
  const { api, org } = await createTenant();
  const body = { key: `${org}-race`, name: "Race" };
  const answers = await Promise.all(Array.from({ length: 6 }, () => api("/organizations", post(body))));
  expect(statusesOf(answers)).toEqual([201, 409, 409, 409, 409, 409]);
  await expectError(api("/organizations", post(body)), 409, "already_exists_error", body.key);
});

test("creating an organization needs the admin scope, and a key of the whole organization", async () => {
  const { api, org, makeKey, projectId } = await createTenant();
  const body = { key: `${org}-no`, name: "No" };
  const writer = await makeKey(["task:write", "environment:write"]);
  await expectError(api("/organizations", { ...post(body), key: writer }), 403, "forbidden_error", "scope 'admin'");
  const bound = await makeKey(["admin"], { projectId });
  await expectError(api("/organizations", { ...post(body), key: bound }), 403, "forbidden_error", "bound to a project");
});
