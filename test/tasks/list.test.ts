import { v4 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { type AgentClient, createAgentClient, expectRefused, read, type WirePage, type WireTask } from "./client.ts";

type TaskPage = WirePage<WireTask>;

const list = (client: AgentClient, query = "") => read<TaskPage>(client.send(`/${query}`));

/** The titles that a query finds, in their order. */
async function titles(client: AgentClient, query: string): Promise<string[]> {
  const { count, results } = await list(client, query);
  expect(count).toBe(results.length);
  return results.map((task) => task.title);
}

/** Makes tasks, the first one oldest. */
async function createTasks(client: AgentClient, tasks: object[]): Promise<WireTask[]> {
  const created = [];
  for (const json of tasks) created.push(await client.createTask(json));
  return created;
}

const createRun = (client: AgentClient, task: WireTask, json: object) =>
  read<{ id: string; log_url: string }>(client.send(`/${task.id}/runs/`, { json }), 201);

describe("a list of tasks", () => {
  test("is newest first, in pages whose links are absolute and keep the query", async () => {
    const client = await createAgentClient();
    await createTasks(
      client,
      ["a", "b", "c", "d", "e"].map((title) => ({ title, origin_product: "slack" })),
    );
    const base = "https://taskyard.test/api/projects/@current/tasks/?origin_product=slack";
    const first = await list(client, "?origin_product=slack&limit=2");
    expect(first.results.map(({ title }) => title)).toEqual(["e", "d"]);
    expect(first).toMatchObject({ count: 5, next: `${base}&limit=2&offset=2`, previous: null });
    const second = await read<TaskPage>(
      client.send(new URL(first.next ?? "").href.replace("https://taskyard.test", "")),
    );
    expect(second.results.map(({ title }) => title)).toEqual(["c", "b"]);
    expect(second).toMatchObject({ count: 5, next: `${base}&limit=2&offset=4`, previous: `${base}&limit=2` });
    const last = await list(client, "?limit=2&offset=4");
    expect(last).toMatchObject({ count: 5, next: null, results: [{ title: "a" }] });
    expect(await list(client, "?offset=9")).toMatchObject({ count: 5, next: null, results: [] });
  });

  test.each(["limit=500", "limit=0", "limit=x", "offset=-1", "limit=-5&offset=x", "limit=1&limit=2"])(
    "takes %s as it can",
    async (query) => {
      const client = await createAgentClient();
      await createTasks(client, [{ title: "a" }, { title: "b" }]);
      expect(await titles(client, `?${query}`)).toEqual(["b", "a"]);
    },
  );

  test("ends early where texts are long, and goes on where it ended", async () => {
    const client = await createAgentClient();
    const description = "x".repeat(900_000);
    const titles = Array.from({ length: 12 }, (_, number) => `long ${number}`);
    for (const title of titles) await client.createTask({ title, description });
    const found: string[] = [];
    const lengths: number[] = [];
    for (let path: string | null = "/"; path !== null;) {
      const answer: Response = await client.send(path);
      const text = await answer.text();
      const page: TaskPage = JSON.parse(text);
      expect(page.count).toBe(12);
      lengths.push(text.length);
      found.push(...page.results.map(({ title }) => title));
      path = page.next === null ? null : page.next.replace("https://taskyard.test", "");
    }
    expect(found).toEqual(titles.toReversed());
    expect(lengths.length).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThan(6_000_000);
  });

  test("is empty beyond any offset, however large", async () => {
    const client = await createAgentClient();
    await createTasks(client, [{ title: "a" }]);
    for (const offset of ["9007199254740993", "1".repeat(30), "9".repeat(400)]) {
      expect(await list(client, `?offset=${offset}`)).toMatchObject({ count: 1, results: [], next: null });
    }
  });

  test("embeds the run with the greatest created_at", async () => {
    const client = await createAgentClient();
    const [task] = await createTasks(client, [{ title: "a" }]);
    if (!task) throw new Error("no task");
    await createRun(client, task, { status: "completed" });
    const latest = await createRun(client, task, { status: "in_progress", state: { model: "opus" } });
    const { results } = await list(client);
    expect(results[0]?.latest_run).toMatchObject({
      id: latest.id,
      status: "in_progress",
      model: "opus",
      task: task.id,
    });
    expect(await read(client.send(`/${task.id}`))).toMatchObject({ latest_run: { id: latest.id } });
    expect(results[0]?.latest_run?.log_url).toMatch(/^https:\/\/taskyard\.test\/api\/projects\/\d+\/tasks\//);
  });

  test("filters by origin, and by any other origin", async () => {
    const client = await createAgentClient();
    await createTasks(client, [{ title: "a", origin_product: "slack" }, { title: "b" }]);
    expect(await titles(client, "?origin_product=slack")).toEqual(["a"]);
    expect(await titles(client, "?exclude_origin_product=slack")).toEqual(["b"]);
    expect(await titles(client, "?origin_product=nothing")).toEqual([]);
  });

  test("filters by repository and organization, in any case", async () => {
    const client = await createAgentClient();
    const repositories = ["acme/website", "acme/site", "acme-labs/website", "Other/Website", null];
    await createTasks(
      client,
      repositories.map((repository) => ({ title: String(repository), repository })),
    );
    expect(await titles(client, "?repository=ACME/Website")).toEqual(["acme/website"]);
    expect(await titles(client, "?repository=Website")).toEqual(["Other/Website", "acme-labs/website", "acme/website"]);
    expect(await titles(client, "?repository=site")).toEqual(["acme/site"]);
    expect(await titles(client, "?repository=%25")).toEqual([]);
    expect(await titles(client, "?organization=Acme")).toEqual(["acme/site", "acme/website"]);
    expect(await titles(client, "?organization=acm")).toEqual([]);
    expect(await titles(client, "?organization=acme&repository=website")).toEqual(["acme/website"]);
  });

  test("filters by stage of any run, each task once", async () => {
    const client = await createAgentClient();
    const [built, both, other] = await createTasks(client, [{ title: "a" }, { title: "b" }, { title: "c" }]);
    if (!built || !both || !other) throw new Error("no tasks");
    for (const [task, stage] of [
      [built, "build"],
      [both, "build"],
      [both, "build"],
      [both, "test"],
      [other, "plan"],
    ] as const) {
      await createRun(client, task, { stage });
    }
    expect(await titles(client, "?stage=build")).toEqual(["b", "a"]);
    expect(await titles(client, "?stage=test")).toEqual(["b"]);
    expect(await titles(client, "?stage=nothing")).toEqual([]);
  });

  test("filters by the status of the latest run", async () => {
    const client = await createAgentClient();
    const [done, again] = await createTasks(client, [{ title: "done" }, { title: "again" }, { title: "never" }]);
    if (!done || !again) throw new Error("no tasks");
    await createRun(client, done, { status: "completed" });
    await createRun(client, again, { status: "completed" });
    await createRun(client, again, { status: "failed" });
    expect(await titles(client, "?status=completed")).toEqual(["done"]);
    expect(await titles(client, "?status=failed")).toEqual(["again"]);
    await expectRefused(client.send("/?status=running"), "invalid_choice", "status");
  });

  test("filters by creator", async () => {
    const client = await createAgentClient();
    const [task] = await createTasks(client, [{ title: "a" }]);
    expect(await titles(client, `?created_by=${task?.created_by?.id}`)).toEqual(["a"]);
    expect(await titles(client, "?created_by=999999999")).toEqual([]);
    await expectRefused(client.send("/?created_by=me"), "invalid_input", "created_by", /valid integer/);
  });

  test("searches title, description and number", async () => {
    const client = await createAgentClient();
    const long = "the very long sentence that a like pattern of fifty bytes could not hold at all";
    await createTasks(client, [
      { title: "Fix LOGIN" },
      { title: "b", description: "after the Login 100%" },
      { title: "c", description: long },
    ]);
    expect(await titles(client, "?search=login")).toEqual(["b", "Fix LOGIN"]);
    expect(await titles(client, "?search=100%25")).toEqual(["b"]);
    expect(await titles(client, "?search=_")).toEqual([]);
    expect(await titles(client, "?search=2")).toEqual(["c"]);
    expect(await titles(client, `?search=${encodeURIComponent(long)}`)).toEqual(["c"]);
    expect(await titles(client, "?search=")).toHaveLength(3);
  });

  test("leaves out internal and archived tasks unless asked for", async () => {
    const client = await createAgentClient();
    await createTasks(client, [
      { title: "plain" },
      { title: "internal", internal: true },
      { title: "archived", archived: true },
      { title: "both", internal: true, archived: true },
    ]);
    expect(await titles(client, "")).toEqual(["plain"]);
    expect(await titles(client, "?internal=false&archived=false")).toEqual(["plain"]);
    expect(await titles(client, "?internal=true")).toEqual(["internal"]);
    expect(await titles(client, "?archived=true")).toEqual(["archived"]);
    expect(await titles(client, "?internal=true&archived=true")).toEqual(["both"]);
    expect(await titles(client, "?internal=all&archived=all")).toEqual(["both", "archived", "internal", "plain"]);
    await expectRefused(client.send("/?internal=maybe"), "invalid_choice", "internal");
    await expectRefused(client.send("/?archived=1"), "invalid_choice", "archived");
  });

  test("orders by creation or by last activity, either way", async () => {
    const client = await createAgentClient();
    const [first] = await createTasks(client, [{ title: "a" }, { title: "b" }, { title: "c" }]);
    if (!first) throw new Error("no task");
    await createRun(client, first, {});
    expect(await titles(client, "?ordering=created_at")).toEqual(["a", "b", "c"]);
    expect(await titles(client, "?ordering=-created_at")).toEqual(["c", "b", "a"]);
    expect(await titles(client, "?ordering=-last_activity_at")).toEqual(["a", "c", "b"]);
    expect(await titles(client, "?ordering=last_activity_at")).toEqual(["b", "c", "a"]);
    expect(await titles(client, "?ordering=title")).toEqual(["c", "b", "a"]);
  });

  test("ignores what it does not know", async () => {
    const client = await createAgentClient();
    await createTasks(client, [{ title: "a" }]);
    expect(
      await titles(client, "?channel=x&pinned=true&basic=1&stage=&repository=&created_by=&status=&internal="),
    ).toEqual(["a"]);
  });
});

function summaryOf(task: WireTask, latest_run: object | null) {
  const { id, title, repository, origin_product, created_at, updated_at } = task;
  return { id, title, repository, origin_product, created_at, updated_at, latest_run };
}

describe("summaries", () => {
  test("show what lists need, newest first, of the tasks asked for", async () => {
    const client = await createAgentClient();
    const [a, b] = await createTasks(client, [{ title: "a", internal: true }, { title: "b" }, { title: "c" }]);
    if (!a || !b) throw new Error("no tasks");
    await createRun(client, b, { status: "failed", environment: "local" });
    const ids = [a.id.toUpperCase(), b.id, uuid()];
    const latest = { status: "failed", environment: "local" };
    expect(await read(client.send("/summaries/", { json: { ids } }))).toEqual({
      count: 2,
      next: null,
      previous: null,
      results: [summaryOf(b, latest), summaryOf(a, null)],
    });
    expect(await read(client.send("/summaries?limit=1", { json: { ids } }))).toMatchObject({
      count: 2,
      next: "https://taskyard.test/api/projects/@current/tasks/summaries?limit=1&offset=1",
      results: [{ title: "b" }],
    });
  });

  test("take 5,000 ids and no more", async () => {
    const client = await createAgentClient();
    const [task] = await createTasks(client, [{ title: "a" }]);
    const ids = Array.from({ length: 4_999 }, () => uuid());
    const full = [...ids, task?.id];
    expect(await read(client.send("/summaries/", { json: { ids: full } }))).toMatchObject({ count: 1 });
    await expectRefused(client.send("/summaries/", { json: { ids: [...full, uuid()] } }), "max_length", "ids", /5000/);
    await expectRefused(client.send("/summaries/", { json: { ids: [] } }), "empty", "ids");
    await expectRefused(client.send("/summaries/", { json: {} }), "required", "ids");
    await expectRefused(client.send("/summaries/", { json: { ids: "x" } }), "not_a_list", "ids");
    await expectRefused(client.send("/summaries/", { json: { ids: [uuid(), "x"] } }), "invalid_input", "ids__1");
  });
});

test("repositories are those of tasks that are not internal, each once, in order", async () => {
  const client = await createAgentClient();
  const repositories = ["b/x", "a/y", "B/X", null, "a/y"];
  await createTasks(
    client,
    repositories.map((repository) => ({ repository })),
  );
  await client.createTask({ repository: "z/internal", internal: true });
  await client.createTask({ repository: "c/archived", archived: true });
  expect(await read(client.send("/repositories/"))).toEqual({ repositories: ["a/y", "b/x", "c/archived"] });
});
