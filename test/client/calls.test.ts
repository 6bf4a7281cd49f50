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
  const invalid = await failure(
    createOrganization(yard, {
      body: { key: "NOT A KEY", name: "X" },
    }),
  );
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

/** A client whose requests the test answers or lets through; what it sends is noted. */
async function createUnluckyYard(fate: (count: number, send: () => Promise<Response>) => Promise<Response>) {
  const sent: { method: string; path: string; key: string | null; body: unknown; at: number }[] = [];
  const { yard, tenant } = await createYard();
  const unlucky = new Taskyard({
    url: yard.url,
    apiKey: tenant.adminKey,
    organization: tenant.org,
    fetch: async (url, init) => {
      const key = new Headers(init.headers).get("idempotency-key");
      const { method = "GET", body } = init;
      sent.push({ method, path: new URL(url).pathname, key, body, at: performance.now() });
      return await fate(sent.length, () => callWorker(url, init));
    },
  });
  return { yard: unlucky, tenant, sent };
}

/** What a server answers that has too much to do. */
const busy = (seconds: string) =>
  Response.json(
    { code: 429, detail: "Slowly", type: "usage_limit_exceeded_error" },
    { status: 429, headers: { "Retry-After": seconds } },
  );

const lost = async (send: () => Promise<Response>) => {
  await send();
  throw new TypeError("fetch failed", { cause: new Error("socket hang up") });
};

test("what makes something is sent with one idempotency key for all tries, and made once", async () => {
  const { yard, sent } = await createUnluckyYard((count, send) => (count <= 2 ? lost(send) : send()));
  const task = await createAgentTask(yard, { body: { title: "Once" } });
  expect(sent).toHaveLength(3);
  expect(sent[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
  const { results } = await listAgentTasks(yard);
  expect(results.map(({ id }) => id)).toEqual([task.id]);
  // The next one has a key of its own, and one's own key is taken as it is.
  await createAgentTask(yard, { body: { title: "Twice" } });
  expect(sent.at(-1)?.key).not.toBe(sent[0]?.key);
  const headers = { "idempotency-key": "mine" };
  const mine = await createAgentTask(yard, { body: { title: "Mine" }, headers });
  expect((await createAgentTask(yard, { body: { title: "Mine" }, headers })).id).toBe(mine.id);
});

test("what is not safe to repeat is sent once, and what the server refused for now when it says", async () => {
  const { yard, sent } = await createUnluckyYard((_, send) => lost(send));
  const error = await failure(createWorkspace(yard, { body: { key: "second", name: "Second" } }));
  expect(error).toMatchObject({ name: "NetworkError", status: 0, code: "network_error" });
  expect(error.message).toContain("socket hang up");
  expect(sent).toHaveLength(1);
  const none = await failure(getOrganization(yard, { retries: 2 }));
  expect(none.name).toBe("NetworkError");
  expect(sent).toHaveLength(4);
  const limited = await createUnluckyYard(async (count, send) => (count === 1 ? busy("1") : await send()));
  await createWorkspace(limited.yard, { body: { key: "second", name: "Second" } });
  const [first, second] = limited.sent;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
  const forLong = await createUnluckyYard(async () => busy("3600"));
  expect(await failure(getOrganization(forLong.yard))).toMatchObject({ name: "LimitError", retryAfter: 3600 });
  expect(forLong.sent).toHaveLength(1);
});

test("calls end when they are aborted, also in the pause before they are repeated", async () => {
  const ending = new AbortController();
  const { yard } = await createUnluckyYard(async () => {
    setTimeout(() => ending.abort(new Error("enough")), 5);
    return Response.json({}, { status: 503, headers: { "Retry-After": "100" } });
  });
  await expect(getOrganization(yard, { signal: ending.signal })).rejects.toThrow("enough");
  await expect(getOrganization(yard, { signal: ending.signal })).rejects.toThrow("enough");
});

test("paths cannot lead elsewhere, and answers that are no JSON still are errors", async () => {
  const { yard } = await createUnluckyYard(
    async () => new Response("<html>Bad gateway</html>", { status: 502, statusText: "Bad Gateway" }),
  );
  await expect(getTask(yard, { path: { name: ".." } })).rejects.toThrow("path.name cannot be");
  await expect(getTask(yard, { path: { name: "" } })).rejects.toThrow("path.name cannot be");
  expect(await failure(getOrganization(yard, { retries: 0 }))).toMatchObject({ name: "ServerError", code: "http_502" });
  expect(() => new Taskyard({ url: "ftp://taskyard.test" })).toThrow("No http(s) URL");
});
