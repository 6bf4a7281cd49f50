import { expect, test } from "vitest";
import { createTenant } from "../tenant.ts";
import { expectError, read, statusesOf, type WireNewKey, type WireProject, type WireWorkspace } from "./answers.ts";

const post = (json: unknown) => ({ method: "POST", json });
const patch = (json: unknown) => ({ method: "PATCH", json });
const remove = { method: "DELETE" };

test("a project is created, read by key, UUID and number, changed and deleted", async () => {
  const { api, org, id } = await createTenant();
  const projects = `/org/${org}/ws/main/projects`;
  const created = await read<WireProject>(api(projects, post({ key: "nightly", name: " Nightly " })), 201);
  expect(created).toEqual({
    id: expect.any(String),
    number: expect.any(Number),
    key: "nightly",
    name: "Nightly",
    description: null,
    org_id: id,
    workspace_id: expect.any(String),
    is_default: false,
    created_at: expect.stringMatching(/Z$/),
    updated_at: expect.stringMatching(/Z$/),
  });
  const workspace = await read<WireWorkspace>(api(`/org/${org}/ws/main`));
  expect(workspace).toMatchObject({ id: created.workspace_id, project_count: 2 });
  for (const segment of ["nightly", created.id, String(created.number)]) {
    expect(await read(api(`${projects}/${segment}`))).toEqual(created);
    expect(await read(api(`/org/${org}/ws/${workspace.id}/projects/${segment}`))).toEqual(created);
  }
  const changed = await read(api(`${projects}/nightly`, patch({ name: "Each night", description: "Long" })));
  expect(changed).toMatchObject({ key: "nightly", name: "Each night", description: "Long" });
  expect((await api(`${projects}/${created.number}`, remove)).status).toBe(204);
  for (const init of [{}, patch({ name: "Gone" }), remove]) {
    await expectError(api(`${projects}/nightly`, init), 404, "not_found_error", "Project 'nightly'");
  }
});

test("the list is a bare array by key, paged, with the total in a header", async () => {
  const { api, org } = await createTenant();
  const projects = `/org/${org}/ws/main/projects`;
  for (const key of ["zeta", "alpha"]) await read(api(projects, post({ key, name: key })), 201);
  const pages = [];
  for (const page of [1, 2]) {
    const response = await api(`${projects}?limit=2&page=${page}`);
    expect(response.headers.get("x-total-count")).toBe("3");
    pages.push((await read<WireProject[]>(response)).map(({ key }) => key));
  }
  expect(pages).toEqual([["alpha", "default"], ["zeta"]]);
  await expectError(api(`${projects}?limit=0`), 422, "validation_error");
});

test("a workspace that is not there has no projects to list, read or create", async () => {
  const { api, org } = await createTenant();
  const projects = `/org/${org}/ws/nowhere/projects`;
  await expectError(api(projects), 404, "not_found_error", "Workspace 'nowhere'");
  await expectError(api(projects, post({ key: "a", name: "A" })), 404, "not_found_error", "Workspace 'nowhere'");
  await expectError(api(`${projects}/default`), 404, "not_found_error");
});

test("the default project stays", async () => {
  const { api, org } = await createTenant();
  await expectError(api(`/org/${org}/ws/main/projects/default`, remove), 409, "conflict_error", "default project");
});

test("of projects of one key created at the same time one is created; another workspace may have it", async () => {
  const { api, org } = await createTenant();
  const request = post({ key: "race", name: "Race" });
  const answers = await Promise.all(Array.from({ length: 6 }, () => api(`/org/${org}/ws/main/projects`, request)));
  expect(statusesOf(answers)).toEqual([201, 409, 409, 409, 409, 409]);
  await expectError(api(`/org/${org}/ws/main/projects`, request), 409, "already_exists_error", "'race'");
  await read(api(`/org/${org}/ws`, post({ key: "second", name: "Second" })), 201);
  await read(api(`/org/${org}/ws/second/projects`, request), 201);
});

test("a key that looks like a number or a UUID is refused, as it would be mistaken for one", async () => {
  const { api, org } = await createTenant();
  for (const key of ["42", "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001"]) {
    await expectError(api(`/org/${org}/ws/main/projects`, post({ key, name: "N" })), 422, "validation_error");
  }
});

test("a key that is bound to a project sees that one only, and administers nothing", async () => {
  const { api, org, makeKey } = await createTenant();
  const projects = `/org/${org}/ws/main/projects`;
  const mine = await read<WireProject>(api(projects, post({ key: "mine", name: "Mine" })), 201);
  const key = await makeKey(["admin"], { projectId: mine.id });
  const response = await api(projects, { key });
  expect(response.headers.get("x-total-count")).toBe("1");
  expect(await read<WireProject[]>(response)).toEqual([mine]);
  expect(await read(api(`${projects}/mine`, { key }))).toEqual(mine);
  await expectError(api(`${projects}/default`, { key }), 404, "not_found_error");
  expect(await read(api(`/org/${org}/ws/main`, { key }))).toMatchObject({ project_count: 1 });
  await expectError(api(projects, { ...post({ key: "new", name: "New" }), key }), 403, "forbidden_error", "bound");
  await expectError(api(`${projects}/mine`, { ...patch({ name: "No" }), key }), 403, "forbidden_error", "bound");
  await expectError(api(`${projects}/mine`, { ...remove, key }), 403, "forbidden_error", "bound");
});

test("deleting a project ends the keys that are bound to it, and no others", async () => {
  const { api, org } = await createTenant();
  const projects = `/org/${org}/ws/main/projects`;
  const { id } = await read<WireProject>(api(projects, post({ key: "short", name: "Short" })), 201);
  const bound = await read<WireNewKey>(
    api(`/org/${org}/api-keys`, post({ name: "b", scopes: ["task:read"], project_id: id })),
    201,
  );
  expect((await api("/user", { key: bound.key })).status).toBe(200);
  expect((await api(`${projects}/short`, remove)).status).toBe(204);
  await expectError(api("/user", { key: bound.key }), 401, "authentication_error", "Invalid API key");
  await expectError(api(`/org/${org}/api-keys/${bound.id}`), 404, "not_found_error");
  expect((await api("/user")).status).toBe(200);
});

test("another organization's projects are not found by any name, nor in another workspace", async () => {
  const [mine, other] = [await createTenant(), await createTenant()];
  const theirs = await read<WireProject>(other.api(`/org/${other.org}/ws/main/projects/default`));
  for (const segment of [theirs.id, String(theirs.number)]) {
    for (const init of [{}, patch({ name: "Taken" }), remove]) {
      await expectError(mine.api(`/org/${mine.org}/ws/main/projects/${segment}`, init), 404, "not_found_error");
    }
  }
  await read(mine.api(`/org/${mine.org}/ws`, post({ key: "second", name: "Second" })), 201);
  await expectError(mine.api(`/org/${mine.org}/ws/second/projects/${mine.projectId}`), 404, "not_found_error");
});

test("changing needs the admin scope", async () => {
  const { api, org, makeKey } = await createTenant();
  const key = await makeKey(["task:write", "environment:write"]);
  const projects = `/org/${org}/ws/main/projects`;
  expect(await read<WireProject[]>(api(projects, { key }))).toHaveLength(1);
  for (const [path, init] of [
    [projects, post({ key: "a", name: "A" })],
    [`${projects}/default`, patch({ name: "A" })],
    [`${projects}/default`, remove],
  ] as const) {
    await expectError(api(path, { ...init, key }), 403, "forbidden_error", "scope 'admin'");
  }
});
