import { expect, test } from "vitest";
import { createTenant } from "../tenant.ts";
import { expectError, read, statusesOf, type WireProject, type WireWorkspace } from "./answers.ts";

const post = (json: unknown) => ({ method: "POST", json });
const patch = (json: unknown) => ({ method: "PATCH", json });
const remove = { method: "DELETE" };

interface List {
  workspaces: WireWorkspace[];
  total: number;
}

test("the default workspace has every field that published clients need to parse it", async () => {
  const { api, org, id } = await createTenant();
  const list = await read<List>(api(`/org/${org}/ws`));
  expect(list).toMatchObject({ page: 1, total: 1, total_pages: 1, has_next: false, has_previous: false });
  expect(list.workspaces).toEqual([
    {
      id: expect.any(String),
      key: "main",
      name: "Main",
      description: null,
      org_id: id,
      org_name: org,
      is_active: true,
      is_default: true,
      project_count: 1,
      created_by: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    },
  ]);
});

test("a workspace is created, read by key and by UUID, changed and deleted", async () => {
  const { api, org, userId } = await createTenant();
  const created = await read<WireWorkspace>(
    api(`/org/${org}/ws`, post({ key: "red-team", name: " Red ", description: "Reds" })),
    201,
  );
  expect(created).toMatchObject({
    key: "red-team",
    name: "Red",
    is_default: false,
    project_count: 0,
    org_name: org,
    created_by: userId,
  });
  expect(await read(api(`/org/${org}/ws/red-team`))).toEqual(created);
  expect(await read(api(`/org/${org}/ws/${created.id.toUpperCase()}`))).toEqual(created);
  const changed = await read<WireWorkspace>(api(`/org/${org}/ws/red-team`, patch({ description: null })));
  expect(changed).toMatchObject({ key: "red-team", name: "Red", description: null });
  expect((await api(`/org/${org}/ws/red-team`, remove)).status).toBe(204);
  await expectError(api(`/org/${org}/ws/red-team`), 404, "not_found_error", "red-team");
  await expectError(api(`/org/${org}/ws/red-team`, remove), 404, "not_found_error");
  await expectError(api(`/org/${org}/ws/red-team`, patch({ name: "Gone" })), 404, "not_found_error");
});

test("the default workspace and one that holds projects stay", async () => {
  const { api, org } = await createTenant();
  await expectError(api(`/org/${org}/ws/main`, remove), 409, "conflict_error", "default workspace");
  await read(api(`/org/${org}/ws`, post({ key: "full", name: "Full" })), 201);
  await read<WireProject>(api(`/org/${org}/ws/full/projects`, post({ key: "one", name: "One" })), 201);
  await expectError(api(`/org/${org}/ws/full`, remove), 409, "conflict_error", "not empty");
  expect(await read(api(`/org/${org}/ws/full`))).toMatchObject({ project_count: 1 });
  expect((await api(`/org/${org}/ws/full/projects/one`, remove)).status).toBe(204);
  expect((await api(`/org/${org}/ws/full`, remove)).status).toBe(204);
});

test("of workspaces of one key created at the same time one is created; other organizations may have it", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  const request = post({ key: "race", name: "Race" });
  const answers = await Promise.all(Array.from({ length: 6 }, () => mine.api(`/org/${mine.org}/ws`, request)));
  expect(statusesOf(answers)).toEqual([201, 409, 409, 409, 409, 409]);
  await expectError(mine.api(`/org/${mine.org}/ws`, request), 409, "already_exists_error", "'race'");
  await read(other.api(`/org/${other.org}/ws`, request), 201);
});

test("pages do not overlap and together hold every workspace, by key", async () => {
  const { api, org } = await createTenant();
  for (const key of ["d", "b", "c", "a"]) await read(api(`/org/${org}/ws`, post({ key, name: key })), 201);
  const pages = [];
  for (const page of [1, 2, 3]) pages.push(await read<List>(api(`/org/${org}/ws?page=${page}&limit=2`)));
  expect(pages.map(({ workspaces }) => workspaces.map(({ key }) => key))).toEqual([["a", "b"], ["c", "d"], ["main"]]);
  expect(pages[1]).toMatchObject({ total: 5, total_pages: 3, has_next: true, has_previous: true });
  expect(pages[2]).toMatchObject({ has_next: false, has_previous: true });
  await expectError(api(`/org/${org}/ws?limit=201`), 422, "validation_error", "limit");
  await expectError(api(`/org/${org}/ws?page=0`), 422, "validation_error", "page");
});

test.for(["Red", "a b", "-a", "", "123", "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001"])(
  "the workspace key '%s' is refused",
  async (key) => {
    const { api, org } = await createTenant();
    await expectError(api(`/org/${org}/ws`, post({ key, name: "Name" })), 422, "validation_error", "body.key");
  },
);

test("reading takes any key of the organization, changing takes admin, unbound", async () => {
  const { api, org, makeKey, projectId } = await createTenant();
  const [reader, bound] = [await makeKey(["task:read"]), await makeKey(["admin"], { projectId })];
  for (const key of [reader, bound]) {
    expect(await read(api(`/org/${org}/ws`, { key }))).toMatchObject({ total: 1 });
    expect(await read(api(`/org/${org}/ws/main`, { key }))).toMatchObject({ project_count: 1 });
    for (const [path, init] of [
      ["/ws", post({ key: "no", name: "No" })],
      ["/ws/main", patch({ name: "No" })],
      ["/ws/main", remove],
    ] as const) {
      await expectError(api(`/org/${org}${path}`, { ...init, key }), 403, "forbidden_error");
    }
  }
});

test("another organization's workspaces are not found", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  await read(other.api(`/org/${other.org}/ws`, post({ key: "secret", name: "Secret" })), 201);
  const { id } = await read<WireWorkspace>(other.api(`/org/${other.org}/ws/secret`));
  for (const segment of ["secret", id]) {
    await expectError(mine.api(`/org/${mine.org}/ws/${segment}`), 404, "not_found_error");
    await expectError(mine.api(`/org/${mine.org}/ws/${segment}`, remove), 404, "not_found_error");
    await expectError(mine.api(`/org/${other.org}/ws/${segment}`), 404, "not_found_error");
  }
  expect(await read(other.api(`/org/${other.org}/ws/secret`))).toMatchObject({ id });
});

test("a key that is bound to a project sees the workspace of that project only", async () => {
  const { api, org, makeKey, projectId } = await createTenant();
  const other = await read<WireWorkspace>(api(`/org/${org}/ws`, post({ key: "other", name: "Other" })), 201);
  const key = await makeKey(["admin"], { projectId });
  const listed = await read<object>(api(`/org/${org}/ws`, { key }));
  expect(listed).toMatchObject({ total: 1, workspaces: [{ key: "main" }] });
  for (const segment of ["other", other.id]) {
    await expectError(api(`/org/${org}/ws/${segment}`, { key }), 404, "not_found_error");
    await expectError(api(`/org/${org}/ws/${segment}/projects`, { key }), 404, "not_found_error");
  }
});
