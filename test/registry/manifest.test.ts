import { describe, expect, it } from "vitest";
import { createTenant } from "../tenant.ts";
import { leftovers, NOTHING_LEFT, manifest, pack, packTask, publish } from "./archives.ts";

interface Item {
  loc: (string | number)[];
  msg: string;
  type: string;
}

type Files = Record<string, string>;
type Yaml = Record<string, unknown>;

const COMPOSE = `
services:
  web:
    build: ./challenge
    ports: ["8080:80", "127.0.0.1:9000:9001/tcp"]
  db:
    image: postgres
    expose: [5432, "6000-6002"]
  api:
    image: api
    ports: [{ target: 3000, published: 3001 }]
`;

const WITH_COMPOSE: Files = { "docker-compose.yaml": COMPOSE, "challenge/Dockerfile": "FROM scratch\n" };

const compose = (services: unknown): Files => ({
  ...WITH_COMPOSE,
  "docker-compose.yaml": JSON.stringify({ services }),
});

/** Publishes a task with these fields and files, and gives the answer's items and body. */
async function publishTask(yaml: Yaml, files: Files = {}) {
  const tenant = await createTenant();
  const answer = await publish(tenant, packTask(yaml, files));
  const body: Record<string, unknown> & { errors?: Item[]; warnings?: Item[] } = await answer.json();
  return { tenant, status: answer.status, body };
}

const judge = { model: "m", rubric: "Did it?" };
const flag = { path: "/tmp/flag", value: "FLAG{1}" };
const SHA256 = "ab".repeat(32);

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
    ["over 1 MiB", `# ${"x".repeat(1_048_576)}\n`, "unreadable"],
  ])("a document that is %s", async (_what, text, type) => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "task.yaml": text }));
    expect(answer.status).toBe(422);
    const { errors }: { errors: Item[] } = await answer.json();
    expect(errors[0]).toMatchObject({ loc: ["archive", "task.yaml"], type });
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

describe("verification", () => {
  it.each<[what: string, block: Yaml, loc: string[], type: string]>([
    ["an unknown method", { method: "magic" }, ["method"], "invalid_value"],
    ["nothing to infer a method from", {}, ["method"], "method_missing"],
    ["a flag without a method", { ...flag }, ["method"], "method_missing"],
    ["script without a script", { method: "script" }, ["script"], "field_missing"],
    ["a script that is not there", { method: "script", script: "gone.sh" }, ["script"], "script_missing"],
    ["script with a judge", { method: "script", script: "verify.sh", judge }, ["judge"], "conflict"],
    ["script with a flag", { script: "verify.sh", value: "x" }, ["value"], "conflict"],
    ["flag with a script", { method: "flag", ...flag, script: "verify.sh" }, ["script"], "conflict"],
    ["flag with a judge", { method: "flag", ...flag, judge }, ["judge"], "conflict"],
    ["flag without a path", { method: "flag", value: "x" }, ["path"], "field_missing"],
    ["flag without value and hash", { method: "flag", path: "/tmp/f" }, ["value"], "field_missing"],
    ["flag with value and hash", { method: "flag", ...flag, hash: SHA256 }, ["hash"], "conflict"],
    ["a value that is a number", { method: "flag", path: "/tmp/f", value: 42 }, ["value"], "invalid_type"],
    ["both names of path", { method: "flag", ...flag, submission_path: "/tmp/g" }, ["submission_path"], "conflict"],
    [
      "both names of hash",
      { method: "flag", path: "/tmp/f", hash: SHA256, flag_hash: SHA256 },
      ["flag_hash"],
      "conflict",
    ],
    ["a hash of an unknown algorithm", { method: "flag", path: "/tmp/f", hash: "crc:00" }, ["hash"], "hash_format"],
    [
      "a hash of the wrong length",
      { method: "flag", path: "/tmp/f", hash: `sha512:${SHA256}` },
      ["hash"],
      "hash_format",
    ],
    [
      "a bare hash that is no sha256",
      { method: "flag", path: "/tmp/f", hash: "ab".repeat(20) },
      ["hash"],
      "hash_format",
    ],
    ["outcome_judge without a judge", { method: "outcome_judge" }, ["judge"], "field_missing"],
    ["outcome_judge without a rubric", { judge: { model: "m" } }, ["judge", "rubric"], "field_missing"],
    ["outcome_judge with a script", { method: "outcome_judge", judge, script: "verify.sh" }, ["script"], "conflict"],
    ["script_and_judge without a script", { method: "script_and_judge", judge }, ["script"], "field_missing"],
    ["flag_and_judge without a judge", { method: "flag_and_judge", ...flag }, ["judge"], "field_missing"],
    ["a judge without a model", { judge: { rubric: "r" } }, ["judge", "model"], "invalid_type"],
    ["a judge of another kind", { judge: { ...judge, kind: "vote" } }, ["judge", "kind"], "invalid_value"],
    ["0 steps", { judge: { ...judge, max_steps: 0 } }, ["judge", "max_steps"], "too_small"],
    ["501 steps", { judge: { ...judge, max_steps: 501 } }, ["judge", "max_steps"], "too_big"],
    ["an unknown judge key", { judge: { ...judge, mood: "good" } }, ["judge"], "unrecognized_keys"],
    ["an unknown place", { script: "verify.sh", where: "moon" }, ["where"], "invalid_value"],
    ["a timeout of 0", { script: "verify.sh", timeout: 0 }, ["timeout"], "too_small"],
  ])("refuses %s", async (_what, verification, loc, type) => {
    const { status, body } = await publishTask({ verification });
    expect(status).toBe(422);
    expect(body.errors).toHaveLength(1);
    expect(body.errors?.[0]).toMatchObject({ loc: ["archive", "task.yaml", "verification", ...loc], type });
  });

  const script = { script: "verify.sh" };
  const shown = { kind: "trajectory", max_steps: 50, ...judge };
  it.each<[what: string, block: Yaml, stored: Yaml]>([
    ["script", script, { method: "script", timeout: 30, ...script, where: "environment" }],
    [
      "script at the agent",
      { ...script, where: "agent", timeout: 5 },
      { method: "script", timeout: 5, ...script, where: "agent" },
    ],
    [
      "script_and_judge",
      { ...script, judge },
      { method: "script_and_judge", timeout: 30, ...script, where: "environment", judge: shown },
    ],
    ["outcome_judge", { judge }, { method: "outcome_judge", timeout: 30, judge: shown }],
    [
      "flag_and_judge",
      { ...flag, judge: { model: "m" } },
      { method: "flag_and_judge", timeout: 30, ...flag, judge: { kind: "trajectory", max_steps: 50, model: "m" } },
    ],
    ["flag", { method: "flag", ...flag }, { method: "flag", timeout: 30, ...flag }],
    [
      "a bare hash",
      { method: "flag", path: "/tmp/f", hash: SHA256.toUpperCase() },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: `sha256:${SHA256}` },
    ],
    [
      "its aliases",
      { method: "flag", submission_path: "/tmp/f", flag_hash: "md5:" + "0".repeat(32) },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: "md5:" + "0".repeat(32) },
    ],
    [
      "sha1",
      { method: "flag", path: "/tmp/f", hash: "sha1:" + "0".repeat(40) },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: "sha1:" + "0".repeat(40) },
    ],
    [
      "sha512",
      { method: "flag", path: "/tmp/f", hash: "sha512:" + "0".repeat(128) },
      { method: "flag", timeout: 30, path: "/tmp/f", hash: "sha512:" + "0".repeat(128) },
    ],
  ])("takes %s", async (_what, verification, stored) => {
    const { status, body } = await publishTask({ verification });
    expect(status).toBe(201);
    expect(body["verification"]).toEqual(stored);
  });
});

const atYaml = (...path: string[]) => ["archive", "task.yaml", ...path];
const atCompose = (...path: string[]) => ["archive", "docker-compose.yaml", ...path];

describe("docker-compose.yaml", () => {
  const PORTS = { web: [8080, 80, 9000, 9001], db: [5432, 6001, 6000, 6002], api: [3000, 3001] };

  it("agrees with ports in every spelling", async () => {
    const { status, body } = await publishTask({ ports: PORTS }, WITH_COMPOSE);
    expect(status).toBe(201);
    expect(body["ports"]).toEqual(PORTS);
    expect(body.warnings).toEqual([]);
  });

  it("may end in .yml", async () => {
    const files: Files = { "docker-compose.yml": COMPOSE, "challenge/Dockerfile": "" };
    expect((await publishTask({ ports: { web: [80] } }, files)).status).toBe(201);
  });

  const build = (build: unknown) => compose({ web: { build, ports: ["80"] } });
  const atBuild = atCompose("services", "web", "build");
  it.each<[what: string, files: Files, ports: Record<string, number[]> | undefined, loc: string[], type: string]>([
    ["ports without it", {}, { web: [80] }, atYaml("ports"), "compose_missing"],
    [
      "ports with one that is not at the root",
      { "sub/docker-compose.yaml": COMPOSE },
      { web: [80] },
      atYaml("ports"),
      "compose_missing",
    ],
    ["one that is no YAML", { "docker-compose.yaml": "services: [" }, undefined, atCompose(), "compose_unreadable"],
    [
      "one that is too long",
      { "docker-compose.yaml": `#${" ".repeat(1_048_576)}` },
      undefined,
      atCompose(),
      "compose_unreadable",
    ],
    [
      "one without services",
      { "docker-compose.yaml": "version: '3'\n" },
      undefined,
      atCompose("services"),
      "compose_services_missing",
    ],
    ["a service it does not have", WITH_COMPOSE, { cache: [6379] }, atYaml("ports", "cache"), "service_missing"],
    ["a port it does not expose", WITH_COMPOSE, { web: [80, 81] }, atYaml("ports", "web"), "port_missing"],
    [
      "a Dockerfile that is not there",
      compose({ web: { build: "./nowhere", ports: ["80"] } }),
      undefined,
      atBuild,
      "dockerfile_missing",
    ],
    [
      "another Dockerfile that is not there",
      build({ context: "challenge", dockerfile: "Dockerfile.dev" }),
      undefined,
      atBuild,
      "dockerfile_missing",
    ],
    ["a context above the root", build({ context: "challenge/../.." }), undefined, atBuild, "build_context_outside"],
    ["an absolute context", build("/srv"), undefined, atBuild, "build_context_outside"],
    [
      "a context elsewhere",
      build("https://github.com/acme/challenge.git"),
      undefined,
      atBuild,
      "build_context_outside",
    ],
    [
      "a Dockerfile above the root",
      build({ context: "challenge", dockerfile: "../../Dockerfile" }),
      undefined,
      atBuild,
      "dockerfile_missing",
    ],
    ["a context that is a list", build({ context: ["a"] }), undefined, atBuild, "build_malformed"],
  ])("is refused: %s", async (_what, files, ports, loc, type) => {
    const { status, body } = await publishTask({ ports }, files);
    expect(status).toBe(422);
    expect(body.errors).toHaveLength(1);
    expect(body.errors?.[0]).toMatchObject({ loc, type });
  });

  it.each<[what: string, build: unknown]>([
    ["the root as context", "."],
    ["a Dockerfile beside the context", { context: "challenge", dockerfile: "../Dockerfile" }],
    ["an inline Dockerfile", { context: "challenge", dockerfile_inline: "FROM scratch" }],
    ["a context out of the environment", "${CONTEXT}"],
  ])("may build from %s", async (_what, block) => {
    const { status } = await publishTask({}, { ...build(block), Dockerfile: "FROM scratch\n" });
    expect(status).toBe(201);
  });

  it("may merge anchors", async () => {
    const text = "x-base: &base\n  expose: [80]\nservices:\n  web:\n    <<: *base\n    image: nginx\n";
    expect((await publishTask({ ports: { web: [80] } }, { "docker-compose.yaml": text })).status).toBe(201);
  });

  it.each([
    ["http://web:8080/login", "compose_address"],
    ["ssh to web:22", "compose_address"],
    ["postgres://db", "compose_address"],
    ["http://localhost:8080", "loopback_address"],
    ["curl http://127.0.0.1/", "loopback_address"],
    ["http://[::1]/", "loopback_address"],
    ["https://0.0.0.0:1", "loopback_address"],
  ])("forbids the instruction %j", async (instruction, type) => {
    const { status, body } = await publishTask({ ports: { web: [80] }, instruction }, WITH_COMPOSE);
    expect(status).toBe(422);
    expect(body.errors?.[0]).toMatchObject({ loc: atYaml("instruction"), type });
  });

  it.each(["Open {{web_url}} and log in.", "Read the web: it has db dumps.", "See https://web.example.com/db"])(
    "allows the instruction %j",
    async (instruction) => {
      expect((await publishTask({ ports: { web: [80] }, instruction }, WITH_COMPOSE)).status).toBe(201);
    },
  );

  it("leaves the instruction alone without ports", async () => {
    expect((await publishTask({ instruction: "Open http://localhost:8080" }, WITH_COMPOSE)).status).toBe(201);
  });
});

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

  it("is not needed at all", async () => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "data/a.txt": "a" }));
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ instruction: null, verification: null, warnings: [] });
  });

  it("counts at the root only", async () => {
    const tenant = await createTenant();
    const answer = await publish(tenant, pack({ "sub/task.yaml": "nonsense: [" }));
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
      "task.yaml.description field_absent",
      "task.yaml.solution field_absent",
      "task.yaml.source field_absent",
      "task.yaml.verification.path flag_path",
    ]);
  });
});
