import { describe, expect, it } from "vitest";
import { createTenant } from "../../tenant.ts";
import { leftovers, manifest, NOTHING_LEFT, publish } from "../archives.ts";
import { pack } from "../pack.ts";
import { compose, type Files, type Item, publishTask, WITH_COMPOSE, type Yaml } from "../publish-task.ts";

describe("task.yaml that is refused", () => {
  it.each<[what: string, yaml: Yaml, loc: (string | number)[], type: string, files?: Files]>([
    ["no name", { name: undefined }, ["name"], "invalid_type"],
    ["a number as name", { name: 7 }, ["name"], "invalid_type"],
    ["a name that is none", { name: "My Task" }, ["name"], "invalid_format"],
    ["another name than the path's", { name: "other" }, ["name"], "name_mismatch"],
    ["no version", { version: undefined }, ["version"], "invalid_type"],
    ["a version that is none", { version: "1.0" }, ["version"], "invalid_format"],
    ["another version than the path's", { version: "1.0.1" }, ["version"], "version_mismatch"],
    ["no instruction", { instruction: undefined }, ["instruction"], "invalid_type"],
    ["an empty instruction", { instruction: " \n" }, ["instruction"], "custom"],
    ["no verification", { verification: undefined }, ["verification"], "invalid_type"],
    ["tags that are no list", { tags: "a, b" }, ["tags"], "invalid_type"],
    ["101 tags", { tags: Array(101).fill("a") }, ["tags"], "too_big"],
    ["a tag of 101 characters", { tags: ["a".repeat(101)] }, ["tags", 0], "too_big"],
    ["a description of 10,001 characters", { description: "a".repeat(10_001) }, ["description"], "too_big"],
    ["a license of 201 characters", { license: "a".repeat(201) }, ["license"], "too_big"],
    ["an author's name of 201 characters", { author: { name: "a".repeat(201) } }, ["author"], "too_big"],
    ["a repository of 2,001 characters", { repository: "a".repeat(2001) }, ["repository"], "too_big"],
    ["an author that is a list", { author: ["A"] }, ["author"], "invalid_union"],
    ["an author without a name", { author: { email: "a@b.c" } }, ["author"], "invalid_union"],
    ["a difficulty that is a number", { difficulty: 3 }, ["difficulty"], "invalid_type"],
    ["an agent timeout that is text", { max_agent_timeout_sec: "1h" }, ["max_agent_timeout_sec"], "invalid_type"],
    ["a provision without a script", { provision: { timeout: 3 } }, ["provision", "script"], "invalid_type"],
    ["a provision that is no mapping", { provision: "x.sh" }, ["provision"], "invalid_type"],
    [
      "a teardown timeout of 0",
      { teardown: { script: "verify.sh", timeout: 0 } },
      ["teardown", "timeout"],
      "too_small",
    ],
    ["a solution without a script", { solution: {} }, ["solution", "script"], "invalid_type"],
    [
      "a provision script that is not there",
      { provision: { script: "p.sh" } },
      ["provision", "script"],
      "script_missing",
    ],
    ["a teardown script that is not there", { teardown: { script: "t.sh" } }, ["teardown", "script"], "script_missing"],
    ["a solution that is not there", { solution: { script: "s.sh" } }, ["solution", "script"], "script_missing"],
    ["a script outside", { provision: { script: "../verify.sh" } }, ["provision", "script"], "script_missing"],
    ["51 models", { models: Array.from({ length: 51 }, (_, index) => `m${index}`) }, ["models"], "too_big"],
    ["a model twice", { models: ["a", "a"] }, ["models"], "custom"],
    ["a model with a space", { models: ["a b"] }, ["models", 0], "invalid_format"],
    [
      "101 ports of a service",
      { ports: { web: Array.from({ length: 101 }, () => 80) } },
      ["ports", "web"],
      "too_big",
      WITH_COMPOSE,
    ],
    ["ports that are no mapping", { ports: [80] }, ["ports"], "invalid_type", WITH_COMPOSE],
    ["a port that is no number", { ports: { web: ["80"] } }, ["ports", "web", 0], "invalid_type", WITH_COMPOSE],
    ["port 65536", { ports: { web: [65_536] } }, ["ports", "web", 0], "too_big", WITH_COMPOSE],
  ])("%s", async (_what, yaml, loc, type, files) => {
    const { tenant, status, body } = await publishTask(yaml, files);
    expect({ status, type: body["type"] }).toEqual({ status: 422, type: "task_error" });
    expect(body.errors).toHaveLength(1);
    expect(body.errors?.[0]).toMatchObject({ loc: ["archive", "task.yaml", ...loc], type });
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("names both names", async () => {
    const { body } = await publishTask({ name: "other" });
    expect(body.errors?.[0]?.msg).toMatch(/'other'.*'sample'/);
  });

  it("names every field at once", async () => {
    const { body } = await publishTask({ tags: 1, author: 2, license: 3 });
    expect(body.errors?.map(({ loc }) => loc.at(-1)).sort()).toEqual(["author", "license", "tags"]);
  });

  it.each([
    ["no YAML", "name: [", "yaml"],
    ["no mapping", "- a\n- b\n", "invalid_type"],
    ["empty", "", "invalid_type"],
    ["two documents", `${manifest()}\n---\nname: b\n`, "yaml"],
    ["a key twice", "name: sample\nname: sample\n", "yaml"],
    ["a tag of its own", "name: !!js/function sample\n", "yaml"],
    ["an unknown alias", "name: *nobody\n", "yaml"],
    ["an alias bomb", `a: &a [${"x,".repeat(9)}x]\n${bomb(9)}`, "yaml"],
    ["nested without end", `name: ${"[".repeat(60_000)}`, "yaml"],
    ["of 101 levels", `name: ${"[".repeat(100)}${"]".repeat(100)}`, "yaml"],
    ["a list of itself", "name: &a [*a]", "yaml"],
    ["of 10,000 keys", Array.from({ length: 10_000 }, (_, index) => `k${index}: 1`).join("\n"), "yaml"],
    ["over 1 MiB", `# ${"x".repeat(1_048_576)}\n`, "unreadable"],
  ])("a document that is %s", async (_what, text, type) => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "task.yaml": text }));
    expect(answer.status).toBe(422);
    const { errors }: { errors: Item[] } = await answer.json();
    expect(errors[0]).toMatchObject({ loc: ["archive", "task.yaml"], type });
  });

  it("a document that aliases make large", async () => {
    const tenant = await createTenant();
    const fields: Yaml = JSON.parse(manifest({ verification: undefined }));
    const lines = Object.entries(fields).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
    const texts = `[&a "${"x".repeat(100_000)}", ${Array(50).fill("*a").join(", ")}]`;
    const judge = `verification: {judge: {model: m, rubric: r, model_params: {texts: ${texts}}}}`;
    const answer = await publish(
      tenant,
      pack({ "task.yaml": [...lines, judge].join("\n"), "verify.sh": "", "solution.sh": "" }),
    );
    const { errors }: { errors: Item[] } = await answer.json();
    expect(errors).toMatchObject([{ loc: ["archive", "task.yaml"], type: "too_large" }]);
  });

  it("names no more than fifty problems", async () => {
    const { body } = await publishTask({ tags: Array.from({ length: 60 }, () => ({})) });
    expect(body.errors).toHaveLength(50);
  });

  it("a document that is not UTF-8", async () => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "task.yaml": new Uint8Array([0x61, 0x3a, 0x20, 0xff]) }));
    const { errors }: { errors: Item[] } = await answer.json();
    expect(errors[0]).toMatchObject({ type: "unreadable" });
  });
});

/** Ten aliases of the line before, `depth` times over. */
function bomb(depth: number): string {
  const names = "abcdefghijkl";
  let text = "";
  for (let level = 1; level <= depth; level += 1) {
    const before = names[level - 1] ?? "a";
    text += `${names[level]}: &${names[level]} [${Array(10).fill(`*${before}`).join(",")}]\n`;
  }
  return text;
}

describe("task.yaml that is taken", () => {
  it("shows every field", async () => {
    const { status, body } = await publishTask({
      tags: ["a", 2, true],
      difficulty: "odd",
      author: { name: "Ada", email: "ada@example.com" },
      license: "MIT",
      repository: "https://example.com/r",
      max_agent_timeout_sec: 600,
      provision: { script: "./verify.sh" },
      teardown: { script: "verify.sh", timeout: 5 },
      models: ["a/b", "c"],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      description: "A sample.",
      source: "tests",
      instruction: "Write the answer to /tmp/answer.",
      tags: ["a", "2", "true"],
      difficulty: "odd",
      author: "Ada",
      license: "MIT",
      repository: "https://example.com/r",
      provision: { script: "./verify.sh", timeout: 120 },
      teardown: { script: "verify.sh", timeout: 5 },
      solution: { script: "solution.sh" },
      ports: null,
    });
  });

  it("takes author_name for the author, and empty fields for absent ones", async () => {
    const { body } = await publishTask({ author_name: "Ada", license: null, tags: null });
    expect(body).toMatchObject({ author: "Ada", license: null, tags: null });
  });

  it("is listed when it has 100 levels", async () => {
    // The document, verification, judge, model_params and x are five of them.
    const x: unknown = JSON.parse("[".repeat(95) + "]".repeat(95));
    const judge = { model: "m", rubric: "r", model_params: { x } };
    const { tenant, status } = await publishTask({ verification: { judge } });
    expect(status).toBe(201);
    const list = await tenant.api(`/org/${tenant.org}/tasks`);
    expect(await list.json()).toMatchObject({ total: 1 });
  });

  it("is not needed at all", async () => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "data/a.txt": "a" }));
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ instruction: null, verification: null, warnings: [] });
  });

  it("counts at the root only", async () => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "README.md": "", "sub/task.yaml": "nonsense: [" }));
    expect(await answer.json()).toMatchObject({ instruction: null });
  });

  it("warns, and publishes all the same", async () => {
    const yaml = {
      description: undefined,
      source: undefined,
      solution: undefined,
      verification: { method: "flag", path: "/home/agent/flag", value: "x" },
      ports: { client: [80] },
      cheer: "up",
      constructor: "x",
    };
    const files = compose({ client: { image: "x", ports: ["80", "81-82"] }, other: { image: "y", expose: [90] } });
    const { status, body } = await publishTask(yaml, files);
    expect(status).toBe(201);
    const found = body.warnings?.map(({ loc, type }) => `${loc.slice(1).join(".")} ${type}`).sort();
    expect(found).toEqual([
      "docker-compose.yaml.services.client client_service",
      "docker-compose.yaml.services.client port_undeclared",
      "docker-compose.yaml.services.other port_undeclared",
      "task.yaml.cheer field_unknown",
      "task.yaml.constructor field_unknown",
      "task.yaml.description field_absent",
      "task.yaml.solution field_absent",
      "task.yaml.source field_absent",
      "task.yaml.verification.path flag_path",
    ]);
  });
});
