import { v4 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { createAgentClient, expectNotFound, expectRefused, read, type WireTask } from "./client.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

describe("a new task", () => {
  test("has every field of the contract", async () => {
    const { createTask, userId, send } = await createAgentClient();
    const { id: userNumber } = await read<{ id: number }>(send("/api/users/@me/"));
    const created = await createTask({
      title: " Fix the login ",
      description: "It is broken",
      origin_product: "error_tracking",
      repository: "Acme/WebSite",
      github_integration: null,
      json_schema: { type: "object", properties: { pr_url: { type: "string" } } },
      unknown: "ignored",
      assignee: 7,
    });
    expect(created).toEqual({
      id: expect.stringMatching(UUID),
      task_id: expect.any(Number),
      task_number: 0,
      slug: "DEF-0",
      title: "Fix the login",
      title_manually_set: true,
      description: "It is broken",
      origin_product: "error_tracking",
      repository: "acme/website",
      github_integration: null,
      json_schema: { type: "object", properties: { pr_url: { type: "string" } } },
      internal: false,
      archived: false,
      archived_at: null,
      ci_prompt: null,
      latest_run: null,
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
      created_by: {
        id: userNumber,
        uuid: userId,
        distinct_id: userId,
        first_name: "owner",
        last_name: "",
        email: "owner@example.com",
        is_email_verified: null,
        hedgehog_config: null,
        role_at_organization: "owner",
      },
    });
    expect(await read(send(`/${created.id}/`))).toEqual(created);
  });

  test("needs no field, nor a body", async () => {
    const { createTask, send } = await createAgentClient();
    const defaults = {
      title: "Untitled Task",
      title_manually_set: false,
      description: "",
      origin_product: "user_created",
    };
    expect(await createTask()).toMatchObject({ ...defaults, repository: null, json_schema: null });
    expect(await read(send("", { method: "POST" }), 201)).toMatchObject({ ...defaults, task_number: 1 });
  });

  test.each([
    ["First line\nSecond", "First line"],
    [`${"a".repeat(60)}\nmore`, "a".repeat(60)],
    [`${"a".repeat(61)}\nmore`, `${"a".repeat(57)}...`],
    ["", "Untitled Task"],
  ])("without a title takes it from the description", async (description, title) => {
    const { createTask } = await createAgentClient();
    expect(await createTask({ description, title: "" })).toMatchObject({ title, title_manually_set: false });
  });

  test("keeps the later fields", async () => {
    const { createTask } = await createAgentClient();
    const later = {
      internal: true,
      archived: true,
      ci_prompt: "Mend the build",
      title: "T",
      title_manually_set: false,
    };
    expect(await createTask({ ...later, runtime: "acp", repositories: ["acme/api"] })).toMatchObject({
      ...later,
      archived_at: expect.stringMatching(TIME),
    });
  });

  test.each<[string, object, string, string, RegExp]>([
    ["a long title", { title: "x".repeat(256) }, "max_length", "title", /no more than 255 characters/],
    ["a null title", { title: null }, "null", "title", /may not be null/],
    ["a title of the wrong type", { title: true }, "invalid_input", "title", /Not a valid string/],
    ["a null description", { description: null }, "null", "description", /may not be null/],
    ["an unknown origin", { origin_product: "x" }, "invalid_choice", "origin_product", /"x" is not a valid choice/],
    ["an empty origin", { origin_product: "" }, "invalid_choice", "origin_product", /"" is not a valid choice/],
    [
      "a repository without a slash",
      { repository: "website" },
      "invalid_input",
      "repository",
      /organization\/repository/,
    ],
    ["a repository of three parts", { repository: "a/b/c" }, "invalid_input", "repository", /organization\/repository/],
    [
      "a repository with an empty part",
      { repository: "a/ " },
      "invalid_input",
      "repository",
      /organization\/repository/,
    ],
    ["a long repository", { repository: `a/${"b".repeat(254)}` }, "max_length", "repository", /255/],
    ["an integration", { github_integration: 5 }, "does_not_exist", "github_integration", /Invalid pk "5"/],
    ["an integration that is no number", { github_integration: "x" }, "invalid_input", "github_integration", /integer/],
    ["a schema that is none", { json_schema: [1] }, "invalid_input", "json_schema", /Not a usable JSON Schema/],
    ["a schema of unknown type", { json_schema: { type: "text" } }, "invalid_input", "json_schema", /#\/type/],
    [
      "a pattern that could backtrack",
      { json_schema: { pattern: "(a)\\1" } },
      "invalid_input",
      "json_schema",
      /linear time/,
    ],
    ["a schema with a loose end", { json_schema: { $ref: "#/$defs/x" } }, "invalid_input", "json_schema", /\$defs\/x/],
    ["a flag that is none", { internal: "maybe" }, "invalid_input", "internal", /valid boolean/],
    ["too many repositories", { repositories: Array(11).fill("a/b") }, "max_length", "repositories", /10 elements/],
    ["a long repository in a list", { repositories: ["a/b", "x".repeat(256)] }, "max_length", "repositories__1", /255/],
    ["an unknown runtime", { runtime: "x" }, "invalid_choice", "runtime", /not a valid choice/],
    ["a model without adapter", { model: "opus" }, "invalid_input", "runtime_adapter", /required/],
    [
      "a long artifact id",
      { pending_user_artifact_ids: ["x".repeat(129)] },
      "max_length",
      "pending_user_artifact_ids__0",
      /128/,
    ],
  ])("is refused with %s", async (_what, json, code, attr, detail) => {
    const { send } = await createAgentClient();
    await expectRefused(send("/", { json }), code, attr, detail);
  });

  test("may be as long as requests are", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask({ description: "x".repeat(1_000_000) });
    for (const json of [{ ci_prompt: "語".repeat(100_000) }, { json_schema: { title: "x".repeat(260_000) } }]) {
      await read(send(`/${id}/`, { method: "PATCH", json }));
    }
    expect(await read(send(`/${id}/`))).toMatchObject({ description: "x".repeat(1_000_000) });
    await expectRefused(
      send(`/${id}/`, { method: "PATCH", json: { ci_prompt: "x".repeat(100_001) } }),
      "max_length",
      "ci_prompt",
    );
    const tooLarge = { description: "x".repeat(1_100_000) };
    expect(await read(send("/", { json: tooLarge }), 413)).toMatchObject({ type: "invalid_request", attr: null });
  });

  test("characters outside the basic plane count as one, and none is cut in two", async () => {
    const { createTask, send } = await createAgentClient();
    expect(await createTask({ title: "🦔".repeat(255) })).toMatchObject({ title: "🦔".repeat(255) });
    await expectRefused(send("/", { json: { title: "🦔".repeat(256) } }), "max_length", "title", /255 characters/);
    const { title } = await createTask({ description: `${"a".repeat(56)}🦔${"b".repeat(20)}` });
    expect(title).toBe(`${"a".repeat(56)}🦔...`);
  });

  test("null and blank are no repository", async () => {
    const { createTask } = await createAgentClient();
    for (const repository of [null, "", "  "])
      expect(await createTask({ repository })).toMatchObject({ repository: null });
  });

  test("takes every origin of the contract", async () => {
    const { createTask } = await createAgentClient();
    for (const origin_product of ["slack", "automation", "image_builder", "workflow"]) {
      expect(await createTask({ origin_product })).toMatchObject({ origin_product });
    }
  });

  test("a body that is not JSON, or no object, is refused", async () => {
    const { send, adminKey } = await createAgentClient();
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${adminKey}` };
    const { exports } = await import("cloudflare:workers");
    const url = "https://taskyard.test/api/projects/@current/tasks/";
    const answer = exports.default.fetch(new Request(url, { method: "POST", headers, body: "{" }));
    expect(await read(answer, 400)).toMatchObject({ type: "invalid_request", code: "parse_error", attr: null });
    await expectRefused(send("/", { json: [1] }), "invalid_input", null);
    const plain = { ...headers, "Content-Type": "text/plain" };
    const unread = exports.default.fetch(new Request(url, { method: "POST", headers: plain, body: "{}" }));
    expect(await read(unread, 415)).toMatchObject({ type: "invalid_request", code: "unsupported_media_type" });
  });
});

describe("a task", () => {
  test.each(["PATCH", "PUT"])("%s changes what is given", async (method) => {
    const { createTask, send } = await createAgentClient();
    const before = await createTask({ description: "Old words", repository: "a/b", json_schema: { type: "object" } });
    expect(before.title_manually_set).toBe(false);
    const json = { title: "New", internal: true, repository: null, json_schema: null, ci_prompt: "x" };
    const after = await read<WireTask>(send(`/${before.id}`, { method, json }));
    expect(after).toEqual({ ...before, ...json, title_manually_set: true, updated_at: expect.any(String) });
    expect(after.updated_at > before.updated_at).toBe(true);
    expect(await read(send(`/${before.id}`))).toEqual(after);
    expect(await read(send(`/${before.id}`, { method, json: {} }))).toMatchObject({ title: "New" });
  });

  test("a title can be set without counting as set by hand", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask();
    const json = { title: "Made up", title_manually_set: false };
    expect(await read(send(`/${id}/`, { method: "PATCH", json }))).toMatchObject(json);
  });

  test("stays archived since when it first was, until it is not", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask();
    const archive = (archived: boolean) => read<WireTask>(send(`/${id}/`, { method: "PATCH", json: { archived } }));
    const first = await archive(true);
    expect(first).toMatchObject({ archived: true, archived_at: expect.stringMatching(TIME) });
    expect((await archive(true)).archived_at).toBe(first.archived_at);
    expect(await archive(false)).toMatchObject({ archived: false, archived_at: null });
  });

  test("deleted is gone from everywhere", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask({ repository: "a/b" });
    const deleted = await send(`/${id}/`, { method: "DELETE" });
    expect([deleted.status, await deleted.text()]).toEqual([204, ""]);
    await expectNotFound(send(`/${id}/`));
    await expectNotFound(send(`/${id}/`, { method: "PATCH", json: { title: "x" } }));
    await expectNotFound(send(`/${id}/`, { method: "DELETE" }));
    await expectNotFound(send(`/${id}/run/`, { json: {} }));
    expect(await read(send("/?internal=all&archived=all"))).toMatchObject({ count: 0, results: [] });
    expect(await read(send("/summaries/", { json: { ids: [id] } }))).toMatchObject({ count: 0 });
    expect(await read(send("/repositories/"))).toEqual({ repositories: [] });
    expect(await createAgentTaskNumber(send)).toBe(1);
  });

  test.each(["nonsense", "123", uuid()])("that is not there (%s) is 404", async (id) => {
    const { send } = await createAgentClient();
    for (const method of ["GET", "DELETE"]) await expectNotFound(send(`/${id}`, { method }));
    for (const method of ["PATCH", "PUT"]) await expectNotFound(send(`/${id}`, { method, json: { title: "x" } }));
    await expectNotFound(send(`/${id}/run`, { method: "POST" }));
  });

  test("that is not there is refused for a bad body first", async () => {
    const { send } = await createAgentClient();
    await expectRefused(send(`/${uuid()}/`, { method: "PATCH", json: { title: null } }), "null", "title");
    await expectRefused(send(`/${uuid()}/run/`, { json: { mode: "x" } }), "invalid_choice", "mode");
  });

  test("other methods are 405", async () => {
    const { send } = await createAgentClient();
    expect(await read(send("/", { method: "PUT", json: {} }), 405)).toEqual({
      type: "invalid_request",
      code: "method_not_allowed",
      detail: 'Method "PUT" not allowed.',
      attr: null,
    });
  });
});

async function createAgentTaskNumber(send: Awaited<ReturnType<typeof createAgentClient>>["send"]): Promise<number> {
  return (await read<WireTask>(send("/", { json: {} }), 201)).task_number;
}

test("200 tasks created at the same time get 200 distinct consecutive numbers", async () => {
  const { createTask } = await createAgentClient();
  const tasks = await Promise.all(Array.from({ length: 200 }, () => createTask({ title: "One of many" })));
  const numbers = tasks.map((task) => task.task_number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(new Set(tasks.map((task) => task.id)).size).toBe(200);
  expect(new Set(tasks.map((task) => task.slug))).toContain("DEF-199");
});

test("a key that may only read cannot write", async () => {
  const { createTask, makeKey, send } = await createAgentClient();
  const { id } = await createTask();
  const key = await makeKey(["task:read"]);
  await read(send(`/${id}/`, { key }));
  await read(send("/summaries/", { key, json: { ids: [id] } }));
  for (const [path, method] of [
    ["/", "POST"],
    [`/${id}/`, "PATCH"],
    [`/${id}/`, "PUT"],
    [`/${id}/`, "DELETE"],
    [`/${id}/run/`, "POST"],
  ] as const) {
    expect(await read(send(path, { key, method, json: {} }), 403)).toEqual({
      type: "authentication_error",
      code: "permission_denied",
      detail: "API key missing required scope 'task:write'",
      attr: null,
    });
  }
});
