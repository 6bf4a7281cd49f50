import { expect, test } from "vitest";
import {
  AuthenticationError,
  createAgentTask,
  createWorkspace,
  deleteAgentTask,
  getAgentTask,
  getOrganization,
  getTask,
  InvalidRequestError,
  items,
  listAgentTasks,
  listProjects,
  listWorkspaces,
  NotFoundError,
  pages,
  Taskyard,
  TaskyardError,
  createOrganization,
} from "../../src/client/index.ts";
import { callWorker, createYard } from "./yard.ts";

async function failure(promise: Promise<unknown>): Promise<TaskyardError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof TaskyardError)) throw new Error(`not a TaskyardError: ${String(error)}`);
  return error;
}

test("calls fill in what the client knows: organization by the key, workspace, project", async () => {
  const { yard, tenant } = await createYard();
  expect((await getOrganization(yard)).key).toBe(tenant.org);
  const created = await createWorkspace(yard, { body: { key: "second", name: "Second" } });
  expect(created.key).toBe("second");
  const task = await createAgentTask(yard, { body: { title: "A task", description: "Do it" } });
  expect((await getAgentTask(yard, { path: { task_id: task.id } })).title).toBe("A task");
  expect(await deleteAgentTask(yard, { path: { task_id: task.id } })).toBeUndefined();
});

test("errors have the class of their status and the code of their body, in every family of the API", async () => {
  const { yard, tenant } = await createYard();
  const missing = await failure(getTask(yard, { path: { name: "missing" } }));
  expect(missing).toBeInstanceOf(NotFoundError);
  expect(missing).toMatchObject({
    status: 404,
    code: "not_found_error",
    request: `GET /api/v1/org/${tenant.org}/tasks/missing`,
  });
  expect(missing.requestId).toMatch(/./);
  const invalid = await failure(createOrganization(yard, { body: { key: "NOT A KEY", name: "" } as never }));
  expect(invalid).toBeInstanceOf(InvalidRequestError);
  expect(invalid).toMatchObject({ status: 422, code: "validation_error" });
  expect(invalid.problems.map(({ loc }) => loc.join("."))).toContain("body.key");
  const agent = await failure(createAgentTask(yard, { body: { title: "x".repeat(300) } }));
  expect(agent).toMatchObject({ name: "InvalidRequestError", status: 400, code: "max_length", attr: "title" });
  const stranger = new Taskyard({ url: yard.url, fetch: callWorker, organization: tenant.org });
  expect(await failure(getOrganization(stranger))).toBeInstanceOf(AuthenticationError);
  expect(JSON.stringify(missing) + missing.stack).not.toContain(tenant.adminKey);
});

test("pages and items walk through lists by page, by offset and bare ones", async () => {
  const { yard } = await createYard();
  for (const key of ["a", "b", "c", "d"]) await createWorkspace(yard, { body: { key, name: key } });
  const keys: string[] = [];
  for await (const workspace of items(yard, listWorkspaces, { query: { limit: 2 } })) keys.push(workspace.key);
  expect(keys).toEqual(["a", "b", "c", "d", "main"]);
  const sizes: number[] = [];
  for await (const page of pages(yard, listWorkspaces, { query: { limit: 2 } })) sizes.push(page.workspaces.length);
  expect(sizes).toEqual([2, 2, 1]);
  for (const title of ["1", "2", "3"]) await createAgentTask(yard, { body: { title } });
  const titles: string[] = [];
  for await (const task of items(yard, listAgentTasks, { query: { limit: 2 } })) titles.push(task.title);
  expect(titles).toEqual(["3", "2", "1"]);
  const projects: string[] = [];
  for await (const project of items(yard, listProjects, { query: { limit: 1 } })) projects.push(project.key);
  expect(projects).toEqual(["default"]);
});
