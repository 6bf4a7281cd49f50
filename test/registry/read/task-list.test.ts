import { beforeAll, describe, expect, test } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { makePublic, publishFields } from "../published.ts";

interface List {
  tasks: { name: string; version: string; org_key: string; file_size: number }[];
  page: number;
  limit: number;
  total: number;
  total_pages: number;
  has_next: boolean;
  has_previous: boolean;
}

let tenant: Tenant;
let other: Tenant;

const TASKS = {
  "log-triage": { difficulty: "easy", tags: ["logs", "bash"], author: "Ada", source: "internal" },
  "sql-injection": { difficulty: "hard", tags: ["web"], author: "Bo", source: "ctf" },
  "web-login": { difficulty: "medium", tags: ["web", "logs"], author: { name: "Ada" } },
  untagged: {},
};

beforeAll(async () => {
  [tenant, other] = [await createTenant(), await createTenant()];
  for (const [name, fields] of Object.entries(TASKS)) {
    await publishFields(tenant, name, "1.0.0", fields);
  }
  await publishFields(tenant, "log-triage", "1.10.0", { ...TASKS["log-triage"], difficulty: "medium" });
  await publishFields(tenant, "log-triage", "1.9.0", TASKS["log-triage"]);
  await publishFields(other, "public-one", "1.0.0", { difficulty: "hard", tags: ["web"] });
  await publishFields(other, "private-one", "1.0.0", { difficulty: "hard" });
  await makePublic(other, "public-one");
});

async function list(query = "", org = tenant.org): Promise<List> {
  const response = await tenant.api(`/org/${org}/tasks${query}`);
  expect(response.status).toBe(200);
  return response.json<List>();
}

const names = async (query: string, org?: string) => (await list(query, org)).tasks.map(({ name }) => name);

describe("list", () => {
  test("one row per name, the highest version, newest first", async () => {
    const answer = await list();
    expect(answer.tasks.map(({ name, version }) => `${name}@${version}`)).toEqual([
      "log-triage@1.10.0",
      "untagged@1.0.0",
      "web-login@1.0.0",
      "sql-injection@1.0.0",
    ]);
    expect(answer).toMatchObject({
      page: 1,
      limit: 50,
      total: 4,
      total_pages: 1,
      has_next: false,
      has_previous: false,
    });
  });

  test("the fields of TaskSummary, and no other", async () => {
    const { tasks } = await list("?search=log-triage");
    expect(tasks[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: "log-triage",
      version: "1.10.0",
      org_key: tenant.org,
      organization_id: tenant.id,
      is_public: false,
      file_size: expect.any(Number),
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      template_status: "ready",
      sandbox_provider: "docker",
      description: "A sample.",
      difficulty: "medium",
      author: "Ada",
      license: null,
      source: "internal",
      tags: ["logs", "bash"],
      ports: null,
      oci_digest: null,
      verification: { method: "script", script: "verify.sh", where: "environment", timeout: 30 },
    });
  });

  test.each([
    ["difficulty=hard", ["sql-injection"]],
    ["difficulty=hard&difficulty=medium", ["log-triage", "sql-injection", "web-login"]],
    ["difficulty[]=hard&difficulty%5B%5D=medium", ["log-triage", "sql-injection", "web-login"]],
    ["difficulty=easy", []],
    ["tags=web&tags=bash", ["log-triage", "sql-injection", "web-login"]],
    ["tags=we", []],
    ["author=Ada&difficulty=medium", ["log-triage", "web-login"]],
    ["source=ctf&source=internal", ["log-triage", "sql-injection"]],
    ["search=LOG", ["log-triage", "web-login"]],
    ["search=%25", []],
    ["search=_", []],
    ["search=%5C", []],
    ["search=%00", []],
    ["search=", ["log-triage", "sql-injection", "untagged", "web-login"]],
    ["include_public=true&difficulty=hard", ["public-one", "sql-injection"]],
    ["include_public=True&tags=web", ["public-one", "sql-injection", "web-login"]],
    ["include_public=false&difficulty=hard", ["sql-injection"]],
  ])("?%s", async (query, expected) => {
    // Public tasks of other tests' organizations may be in the list too.
    const known = new Set([...Object.keys(TASKS), "public-one", "private-one"]);
    const found = await list(`?${query}&sort_by=name&sort_dir=asc&limit=100`);
    const ours = found.tasks.filter((task) => [tenant.org, other.org].includes(task.org_key));
    expect(ours.map(({ name }) => name).filter((name) => known.has(name))).toEqual(expected);
  });

  test("search takes as much as a name has", async () => {
    const long = await createTenant();
    const name = `${"long-name-".repeat(12)}12345678`;
    await publishFields(long, name, "1.0.0");
    const find = async (text: string) => {
      const response = await long.api(`/org/${long.org}/tasks?search=${text}`);
      expect(response.status).toBe(200);
      return (await response.json<List>()).total;
    };
    expect([await find(name.toUpperCase()), await find(`${name}9`)]).toEqual([1, 0]);
  });

  // Ties follow the order of publishing; rows without a value come last in either direction.
  test.each([
    ["name", "asc", ["log-triage", "sql-injection", "untagged", "web-login"]],
    ["name", "desc", ["web-login", "untagged", "sql-injection", "log-triage"]],
    ["difficulty", "asc", ["sql-injection", "web-login", "log-triage", "untagged"]],
    ["difficulty", "desc", ["web-login", "log-triage", "sql-injection", "untagged"]],
    ["author", "asc", ["web-login", "log-triage", "sql-injection", "untagged"]],
    ["source", "desc", ["log-triage", "sql-injection", "web-login", "untagged"]],
    ["created_at", "asc", ["sql-injection", "web-login", "untagged", "log-triage"]],
  ])("sorted by %s %s", async (by, direction, expected) => {
    expect(await names(`?sort_by=${by}&sort_dir=${direction}`)).toEqual(expected);
  });

  test("sorted by file_size", async () => {
    const { tasks } = await list("?sort_by=file_size&sort_dir=asc");
    const sizes = tasks.map((task) => task.file_size);
    expect(sizes).toEqual(sizes.toSorted((left, right) => left - right));
    expect(new Set(sizes).size).toBeGreaterThan(1);
  });

  test("pages do not overlap and say where they stand", async () => {
    const first = await list("?limit=3&sort_by=difficulty&sort_dir=asc");
    const second = await list("?limit=3&page=2&sort_by=difficulty&sort_dir=asc");
    expect(first).toMatchObject({ page: 1, limit: 3, total: 4, total_pages: 2, has_next: true, has_previous: false });
    expect(second).toMatchObject({ page: 2, limit: 3, total: 4, total_pages: 2, has_next: false, has_previous: true });
    const all = [...first.tasks, ...second.tasks].map(({ name }) => name).toSorted();
    expect(all).toEqual(Object.keys(TASKS).toSorted());
    expect(await list("?limit=3&page=9")).toMatchObject({ tasks: [], total: 4, has_next: false, has_previous: true });
  });

  test("of another organization only what is public", async () => {
    expect(await names("", other.org)).toEqual(["public-one"]);
    expect(await names("?difficulty=none", other.org)).toEqual([]);
  });

  test("another organization without public tasks is told like one that does not exist", async () => {
    const closed = await createTenant();
    await publishFields(closed, "private-one", "1.0.0");
    for (const path of ["tasks", "tasks/facets", "tasks?include_public=true"]) {
      const [hidden, unknown] = await Promise.all(
        [closed.org, "no-such-org"].map((org) => tenant.api(`/org/${org}/${path}`)),
      );
      expect([hidden?.status, unknown?.status]).toEqual([404, 404]);
      expect((await hidden?.text())?.replace(closed.org, "no-such-org")).toBe(await unknown?.text());
    }
  });

  test.each(["sort_by=id", "sort_dir=up", "page=0", "limit=101", "limit=x", "include_public=maybe", "difficulty="])(
    "?%s is refused",
    async (query) => {
      const response = await tenant.api(`/org/${tenant.org}/tasks?${query}`);
      expect(response.status).toBe(422);
      const [name] = query.split("=");
      expect(await response.json()).toMatchObject({ type: "validation_error", errors: [{ loc: ["query", name] }] });
    },
  );
});

describe("facets", () => {
  test("count the values of the tasks that the list answers", async () => {
    const response = await tenant.api(`/org/${tenant.org}/tasks/facets`);
    expect(await response.json()).toEqual({
      difficulty: [
        { value: "medium", count: 2 },
        { value: "hard", count: 1 },
      ],
      tags: [
        { value: "logs", count: 2 },
        { value: "web", count: 2 },
        { value: "bash", count: 1 },
      ],
      author: [
        { value: "Ada", count: 2 },
        { value: "Bo", count: 1 },
      ],
      source: [
        { value: "ctf", count: 1 },
        { value: "internal", count: 1 },
      ],
      total: 4,
    });
  });

  test("take the same filters", async () => {
    const response = await tenant.api(`/org/${tenant.org}/tasks/facets?tags=web&search=login`);
    expect(await response.json()).toMatchObject({ difficulty: [{ value: "medium", count: 1 }], source: [], total: 1 });
  });
});
