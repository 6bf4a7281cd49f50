import { beforeAll, describe, expect, test } from "vitest";
import { ended, evaluate, evaluationsPath } from "../evaluations/client.ts";
import { makePublic, publishFields } from "../registry/published.ts";
import { createTenant, type Tenant } from "../tenant.ts";

interface TaskSet {
  id: string;
  name: string;
  version: number;
  org_key: string;
  is_public: boolean;
  description: string | null;
  tags: string[];
  task_count: number;
  tasks: string[];
  created_by: string;
  created_at: string;
  updated_at: string;
}

interface Problem {
  code: number;
  type: string;
  detail: string;
  errors?: { loc: (string | number)[]; msg: string; type: string }[];
}

let tenant: Tenant;
let other: Tenant;
let third: Tenant;

beforeAll(async () => {
  [tenant, other, third] = [await createTenant(), await createTenant(), await createTenant()];
  for (const [owner, name, version] of [
    [tenant, "log-triage", "1.0.0"],
    [tenant, "log-triage", "1.1.0"],
    [tenant, "web-login", "1.0.0"],
    [tenant, "both-have", "1.0.0"],
    [other, "both-have", "1.0.0"],
    [other, "private-one", "1.0.0"],
    [other, "only-here", "1.0.0"],
    [other, "several", "1.0.0"],
    [third, "several", "1.0.0"],
  ] as const) {
    await publishFields(owner, name, version, {});
  }
  for (const name of ["both-have", "only-here", "several"]) await makePublic(other, name);
  await makePublic(third, "several");
});

const sets = (path = "", init: Parameters<Tenant["api"]>[1] = {}, who = tenant, org = who.org) =>
  who.api(`/org/${org}/task-sets${path}`, init);

async function expectAnswer<T>(response: Promise<Response>, status: number): Promise<T> {
  const answer = await response;
  const body = await answer.text();
  expect(answer.status, body).toBe(status);
  return JSON.parse(body);
}

let made = 0;

async function make(fields: Record<string, unknown> = {}, who = tenant): Promise<TaskSet> {
  const json = { name: `set-${made++}`, tasks: ["only-here"], ...fields };
  return expectAnswer<TaskSet>(sets("", { method: "POST", json }, who), 201);
}

const patch = (name: string, json: unknown) => expectAnswer<TaskSet>(sets(`/${name}`, { method: "PATCH", json }), 200);
const get = (path: string) => expectAnswer<TaskSet>(sets(path), 200);

describe("a task set", () => {
  test("keeps its tasks in their order, each with its organization", async () => {
    const tasks = ["web-login", "log-triage@1.0.0", "both-have@latest", "only-here", `${other.org}/both-have@1.0.0`];
    const set = await make({ name: "nightly", description: " Each night ", tasks, tags: ["smoke", "web", "smoke"] });
    expect(set).toMatchObject({
      name: "nightly",
      version: 1,
      org_key: tenant.org,
      organization_id: tenant.id,
      is_public: false,
      description: "Each night",
      tags: ["smoke", "web"],
      task_count: 5,
      created_by: tenant.userId,
      tasks: [
        `${tenant.org}/web-login`,
        `${tenant.org}/log-triage@1.0.0`,
        `${tenant.org}/both-have`,
        `${other.org}/only-here`,
        `${other.org}/both-have@1.0.0`,
      ],
    });
    expect(await get("/nightly")).toEqual(set);
    expect(await get("/nightly/latest")).toEqual(set);
    const again = await expectAnswer<Problem>(sets("", { method: "POST", json: { name: "nightly", tasks } }), 409);
    expect(again).toMatchObject({ type: "already_exists_error", detail: "There is a task set 'nightly' already." });
  });

  test("has a version for each change of its tasks, and none for others", async () => {
    const { name, updated_at } = await make({ tasks: ["web-login"] });
    expect(await patch(name, { description: "What for", tags: ["a"] })).toMatchObject({ version: 1, tags: ["a"] });
    expect(await patch(name, { tasks: ["web-login@latest"], is_public: true })).toMatchObject({
      version: 1,
      is_public: true,
    });
    const second = await patch(name, { tasks: ["log-triage", "web-login"], description: null });
    expect(second).toMatchObject({ version: 2, task_count: 2, description: null, tags: ["a"], is_public: true });
    expect(second.updated_at >= updated_at).toBe(true);
    expect((await patch(name, { tasks: ["log-triage"] })).version).toBe(3);
    expect(await get(`/${name}/1`)).toMatchObject({ version: 1, tasks: [`${tenant.org}/web-login`] });
    expect(await get(`/${name}/2`)).toMatchObject({ version: 2, tasks: second.tasks });
    const { versions, ...page } = await expectAnswer<Record<string, unknown>>(sets(`/${name}/versions?limit=2`), 200);
    expect(versions).toMatchObject([
      { version: 3, task_count: 1, created_by: tenant.userId },
      { version: 2, task_count: 2 },
    ]);
    expect(page).toMatchObject({ page: 1, limit: 2, total: 3, total_pages: 2, has_next: true, has_previous: false });
    await expectAnswer<Problem>(sets(`/${name}/4`), 404);
  });

  test("numbers versions that are made at the same time one after the other", async () => {
    const { name } = await make({ tasks: ["web-login"] });
    const changes = ["log-triage", "both-have", "only-here", "log-triage@1.0.0"].map((task) =>
      patch(name, { tasks: [task] }),
    );
    expect((await Promise.all(changes)).map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
    expect(await get(`/${name}`)).toMatchObject({ version: 5, task_count: 1 });
  });

  test("is deleted with its versions, and its name is free again", async () => {
    const { name } = await make();
    await patch(name, { tasks: ["web-login"] });
    expect((await sets(`/${name}`, { method: "DELETE" })).status).toBe(204);
    for (const path of [`/${name}`, `/${name}/1`, `/${name}/versions`]) await expectAnswer<Problem>(sets(path), 404);
    await expectAnswer<Problem>(sets(`/${name}`, { method: "DELETE" }), 404);
    expect(await make({ name })).toMatchObject({ version: 1 });
  });

  test("takes a thousand tasks in one request, and names each that is not there", async () => {
    const many = Array.from({ length: 1000 }, (_, index) => (index === 700 ? "only-here" : `missing-${index}`));
    const { detail, errors = [] } = await expectAnswer<Problem>(
      sets("", { method: "POST", json: { name: "many", tasks: many } }),
      422,
    );
    expect(detail).toBe("There is no task 'missing-0' here. (999 problems in all)");
    expect(errors).toHaveLength(100);
    await expectAnswer<Problem>(sets("/many"), 404);
  });
});

const expectRefusal = async (task: string) =>
  (await expectAnswer<Problem>(sets("", { method: "POST", json: { name: "x", tasks: [task] } }), 422)).detail;

describe("what is refused, before anything is stored", () => {
  test.each<[unknown, string, (string | number)[]]>([
    ["log-triage@9.9.9", "task_not_found", ["body", "tasks", 0]],
    ["nothing", "task_not_found", ["body", "tasks", 0]],
    ["private-one", "task_not_found", ["body", "tasks", 0]],
    ["several", "task_ambiguous", ["body", "tasks", 0]],
    ["Not A Task", "invalid_format", ["body", "tasks", 0]],
    ["a/b/c", "invalid_format", ["body", "tasks", 0]],
  ])("the task %j is %s", async (task, type, loc) => {
    const { name } = await make();
    for (const answer of [
      sets("", { method: "POST", json: { name: "refused", tasks: [task] } }),
      sets(`/${name}`, { method: "PATCH", json: { tasks: [task], description: "changed" } }),
    ]) {
      const problem = await expectAnswer<Problem>(answer, 422);
      expect(problem).toMatchObject({ code: 422, type: "validation_error" });
      expect(problem.errors).toEqual([expect.objectContaining({ loc, type })]);
    }
    await expectAnswer<Problem>(sets("/refused"), 404);
    expect(await get(`/${name}`)).toMatchObject({ version: 1, description: null });
  });

  test("another organization's private task is told of as one that is not there", async () => {
    expect(await expectRefusal(`${other.org}/private-one`)).toBe(`There is no task '${other.org}/private-one' here.`);
    expect(await expectRefusal(`${other.org}/never-made`)).toBe(`There is no task '${other.org}/never-made' here.`);
  });

  test("a task that stands there twice, by whatever name", async () => {
    const json = { name: "twice", tasks: ["web-login", "log-triage", `${tenant.org}/web-login@latest`] };
    const { errors } = await expectAnswer<Problem>(sets("", { method: "POST", json }), 422);
    expect(errors).toEqual([
      { loc: ["body", "tasks", 2], type: "task_twice", msg: `'${tenant.org}/web-login' is in the set already.` },
    ]);
  });

  test.each<[Record<string, unknown>, (string | number)[]]>([
    [{ name: "facets" }, ["body", "name"]],
    [{ name: "Upper" }, ["body", "name"]],
    [{ tasks: [] }, ["body", "tasks"]],
    [{ tasks: Array.from({ length: 1001 }, () => "only-here") }, ["body", "tasks"]],
    [{ tasks: "only-here" }, ["body", "tasks"]],
    [{ description: "x".repeat(2001) }, ["body", "description"]],
    [{ tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }, ["body", "tags"]],
    [{ tags: [""] }, ["body", "tags", 0]],
    [{ is_public: "yes" }, ["body", "is_public"]],
    [{ taks: ["only-here"] }, ["body", "taks"]],
  ])("the field of %#", async (fields, loc) => {
    const json = { name: "never", tasks: ["only-here"], ...fields };
    const { errors } = await expectAnswer<Problem>(sets("", { method: "POST", json }), 422);
    expect(errors?.[0]?.loc).toEqual(loc);
    await expectAnswer<Problem>(sets("/never"), 404);
  });

  test.each(["?page=0", "?limit=101", "?sort_by=size", "?include_public=perhaps"])("the query %s", async (query) => {
    expect(await expectAnswer<Problem>(sets(query), 422)).toMatchObject({ type: "validation_error" });
  });

  test.each(["/nightly/0", "/nightly/1.0.0", "/UPPER"])("the path %s", async (path) => {
    expect(await expectAnswer<Problem>(sets(path), 422)).toMatchObject({ type: "validation_error" });
  });
});

describe("who may read and write", () => {
  test("a private set is nobody else's, a public one is read by all", async () => {
    const { name } = await make({ name: "shown-or-not" });
    const asOther = (path: string) => sets(path, {}, other, tenant.org);
    const hidden = await expectAnswer<Problem>(asOther(`/${name}`), 404);
    expect(hidden.detail).toBe(`Task set '${tenant.org}/${name}' not found.`);
    expect((await expectAnswer<Problem>(asOther("/never-made"), 404)).detail).toBe(
      hidden.detail.replace(name, "never-made"),
    );
    await patch(name, { is_public: true });
    const set = await expectAnswer<TaskSet>(asOther(`/${name}`), 200);
    expect(set).toMatchObject({ org_key: tenant.org, tasks: [`${other.org}/only-here`] });
    await expectAnswer<TaskSet>(asOther(`/${name}/1`), 200);
    await expectAnswer(asOther(`/${name}/versions`), 200);
    for (const method of ["PATCH", "DELETE"]) {
      await expectAnswer<Problem>(other.api(`/org/${tenant.org}/task-sets/${name}`, { method, json: {} }), 404);
    }
    await expectAnswer<Problem>(
      other.api(`/org/${tenant.org}/task-sets`, { method: "POST", json: { name: "x", tasks: ["only-here"] } }),
      404,
    );
  });

  test("keys need task:read and task:write, and one of a project does not write", async () => {
    const reader = await tenant.makeKey(["task:read"]);
    const bound = await tenant.makeKey(["task:write"], { projectId: tenant.projectId });
    const json = { name: "by-key", tasks: ["only-here"] };
    await expectAnswer(sets("", { key: reader }), 200);
    await expectAnswer<Problem>(sets("", { method: "POST", json, key: reader }), 403);
    await expectAnswer<Problem>(sets("", { method: "POST", json, key: bound }), 403);
    await expectAnswer(sets("", { key: bound }), 200);
    await expectAnswer<Problem>(sets("", { key: await tenant.makeKey(["environment:write"]) }), 403);
  });
});

describe("lists and facets", () => {
  let owner: Tenant;
  let reader: Tenant;
  beforeAll(async () => {
    [owner, reader] = [await createTenant(), await createTenant()];
    for (const [name, tags, is_public] of [
      ["alpha", ["smoke", "web"], true],
      ["beta", ["smoke"], false],
      ["alphabet", [], false],
    ] as const) {
      await make({ name, tags, is_public }, owner);
    }
  });
  const list = async (query = "", who = owner, org = owner.org) => {
    const { task_sets, ...page } = await expectAnswer<{ task_sets: TaskSet[]; total: number }>(
      sets(query, {}, who, org),
      200,
    );
    return { names: task_sets.map(({ name }) => name), page, task_sets };
  };

  test("newest first, without the tasks themselves", async () => {
    const { names, page, task_sets } = await list();
    expect(names).toEqual(["alphabet", "beta", "alpha"]);
    expect(page).toEqual({ page: 1, limit: 50, total: 3, total_pages: 1, has_next: false, has_previous: false });
    expect(task_sets[0]).toMatchObject({ version: 1, task_count: 1 });
    expect(task_sets[0]).not.toHaveProperty("tasks");
  });

  test.each([
    ["?search=ALPHA", ["alphabet", "alpha"]],
    ["?tags=web", ["alpha"]],
    ["?tags=web&tags=smoke", ["beta", "alpha"]],
    ["?tags%5B%5D=smoke&search=b", ["beta"]],
    ["?sort_by=name&sort_dir=asc", ["alpha", "alphabet", "beta"]],
    ["?sort_by=name&sort_dir=asc&limit=2&page=2", ["beta"]],
    ["?search=%25", []],
  ])("%s", async (query, expected) => {
    expect((await list(query)).names).toEqual(expected);
  });

  test("of another organization its public ones, and of one that has none 404", async () => {
    expect((await list("", reader, owner.org)).names).toEqual(["alpha"]);
    expect((await list("", reader, reader.org)).names).toEqual([]);
    expect((await list("?include_public=true&tags=web", reader, reader.org)).names).toEqual(["alpha"]);
    for (const path of ["", "/facets"]) {
      await expectAnswer<Problem>(sets(path, {}, owner, reader.org), 404);
      await expectAnswer<Problem>(sets(path, {}, owner, "never-made"), 404);
    }
  });

  test("facets count what the list has with the same filters", async () => {
    expect(await expectAnswer(sets("/facets", {}, owner), 200)).toEqual({
      tags: [
        { value: "smoke", count: 2 },
        { value: "web", count: 1 },
      ],
      visibility: [
        { value: "private", count: 2 },
        { value: "public", count: 1 },
      ],
      total: 3,
    });
    expect(await expectAnswer(sets("/facets?search=alpha", {}, reader, owner.org), 200)).toEqual({
      tags: [
        { value: "smoke", count: 1 },
        { value: "web", count: 1 },
      ],
      visibility: [{ value: "public", count: 1 }],
      total: 1,
    });
  });
});

const ofSet = (task_set: string) => ({ name: "of a set", model: "none", agent: "nop", task_set });

describe("an evaluation of a set", () => {
  test("has its tasks, and says which version it was", async () => {
    const { name } = await make({ tasks: ["web-login", "log-triage@1.0.0"] });
    await patch(name, { tasks: ["web-login"] });
    for (const [reference, version, size] of [
      [`${name}@1`, 1, 2],
      [`${tenant.org}/${name}`, 2, 1],
    ] as const) {
      const job = await evaluate(tenant, { agent: "nop", task_set: reference });
      expect(await ended(tenant, job)).toMatchObject({
        dataset_size: size,
        params: { task_set: `${tenant.org}/${name}@${version}`, task_names: null },
      });
    }
  });

  test.each(["never-made", "nightly@77", "Not A Set"])("is refused where there is no set: %s", async (reference) => {
    const { errors } = await expectAnswer<Problem>(
      tenant.api(evaluationsPath(tenant), { method: "POST", json: ofSet(reference) }),
      422,
    );
    expect(errors).toEqual([
      { loc: ["body", "task_set"], type: "task_set_not_found", msg: `There is no task set '${reference}' here.` },
    ]);
  });

  test("of a name that several have is the own one, or has to say whose", async () => {
    for (const who of [other, third]) await make({ name: "shared-name", is_public: true }, who);
    const { errors } = await expectAnswer<Problem>(
      tenant.api(evaluationsPath(tenant), { method: "POST", json: ofSet("shared-name") }),
      422,
    );
    expect(errors).toMatchObject([{ type: "task_set_ambiguous" }]);
    await make({ name: "shared-name" });
    const job = await evaluate(tenant, ofSet("shared-name"));
    expect(await ended(tenant, job)).toMatchObject({ params: { task_set: `${tenant.org}/shared-name@1` } });
  });
});
