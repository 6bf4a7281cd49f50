import { describe, expect, test } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { type ErrorBody, publish } from "../archives.ts";
import { pack } from "../pack.ts";
import { makePublic } from "../published.ts";
import { imageTask, plainTask, type TaskFolder, withSettings } from "../harbor-tasks.ts";

interface Problem {
  loc: string[];
  msg: string;
  type: string;
}

const settings = (more: string) => withSettings(plainTask, more);

async function publishFolder(files: TaskFolder, given?: Tenant) {
  const tenant = given ?? (await createTenant());
  const response = await publish(tenant, pack(files), { name: "words" });
  return { tenant, response };
}

async function warningsOf(files: TaskFolder): Promise<Problem[]> {
  const { response } = await publishFolder(files);
  const text = await response.text();
  expect(response.status, text).toBe(201);
  const { warnings = [] }: { warnings?: Problem[] } = JSON.parse(text);
  return warnings;
}

describe("a task in Harbor's format", () => {
  test("is published as it is, with what task.toml and instruction.md say", async () => {
    const { tenant, response } = await publishFolder(plainTask);
    expect(response.status, await response.clone().text()).toBe(201);
    const detail = await (await tenant.api(`/org/${tenant.org}/tasks/words`)).json();
    expect(detail).toMatchObject({
      name: "words",
      description: "Count words.",
      difficulty: "easy",
      author: "Ada",
      tags: ["text", "counting", "shell"],
      instruction: plainTask["instruction.md"],
      verification: { method: "script", timeout: 120, script: "tests/test.sh" },
    });
  });

  test("may lie in one folder, as it is packed by people", async () => {
    const folder = Object.fromEntries(Object.entries(plainTask).map(([name, text]) => [`words/${name}`, text]));
    expect(await warningsOf(folder)).toMatchObject([{ type: "folder_stripped" }]);
  });

  test("shows its tests, its solution and its configuration to nobody who only reads", async () => {
    const { tenant } = await publishFolder(plainTask);
    const stranger = await createTenant();
    const path = `/org/${tenant.org}/tasks/words`;
    await makePublic(tenant, "words");
    const listing = await stranger.api(`${path}/files`);
    expect(listing.status).toBe(200);
    for (const name of ["task.toml", "tests/test.sh", "tests/expected.sh", "solution/solve.sh"]) {
      expect((await stranger.api(`${path}/files/${name}`)).status, name).toBe(403);
      expect((await tenant.api(`${path}/files/${name}`)).status, name).toBe(200);
    }
    expect((await stranger.api(`${path}/files/words.txt`)).status).toBe(200);
    expect((await stranger.api(`${path}/1.0.0/archive`)).status).toBe(403);
  });

  test("keeps keys that nobody knows, and says so", async () => {
    const unknown = withSettings(
      plainTask,
      '[environment]\ncpus = 2\nmemory = "2G"\ncolour = "red"\nhealthcheck = { command = "true", disable = true }\n[extra]\na = 1\n',
    );
    const warnings = await warningsOf(unknown);
    expect(warnings.map(({ loc, type }) => [loc.join("/"), type])).toEqual([
      ["archive/task.toml/extra", "field_unknown"],
      ["archive/task.toml/environment/colour", "field_unknown"],
      ["archive/task.toml/environment/healthcheck/disable", "field_unknown"],
    ]);
  });

  test.each([
    ["no solution", { "solution/solve.sh": undefined }, "field_absent"],
    ["another name", { "task.toml": 'version = "1.0"\n[task]\nname = "acme/other"\n' }, "name_mismatch"],
    ["a test script with CRLF", { "tests/test.sh": "echo 1\r\n" }, "script_crlf"],
    [
      "an image and a Dockerfile",
      { ...imageTask, "task.toml": 'version = "1.0"\n[environment]\ndocker_image = "debian"\n' },
      "dockerfile_unused",
    ],
    ["a task.yaml that is not read", { "sub/task.yaml": "a: 1" }, undefined],
  ])("warns of %s", async (_, change, type) => {
    const files = Object.fromEntries(
      Object.entries<string | undefined>({ ...plainTask, ...change }).filter(
        (file): file is [string, string] => file[1] !== undefined,
      ),
    );
    expect((await warningsOf(files)).map((warning) => warning.type)).toEqual(type === undefined ? [] : [type]);
  });

  test.each<[string, Record<string, string | undefined>, string, RegExp]>([
    ["no instruction", { "instruction.md": undefined }, "instruction_missing", /instruction\.md: is missing/],
    ["an empty instruction", { "instruction.md": " \n" }, "instruction_empty", /instruction\.md: is empty/],
    ["no tests", { "tests/test.sh": undefined }, "script_missing", /tests\/test\.sh: is missing/],
    ["steps", { "steps/one/instruction.md": "a" }, "steps_unsupported", /Publish each step as a task/],
    ["broken TOML", { "task.toml": 'version = "1.0"\n[task\n' }, "toml", /not valid TOML: line 2/],
    ["a key twice", { "task.toml": 'version = "1.0"\nversion = "1.0"\n' }, "toml", /not valid TOML: line 2/],
    ["nesting without end", { "task.toml": `a = ${"[".repeat(20_000)}` }, "toml", /not valid TOML/],
    ["no version", { "task.toml": "[task]\n" }, "custom", /version is missing/],
    [
      "a version to come",
      { "task.toml": 'schema_version = "9.0"\n' },
      "invalid_value",
      /schema_version must be one of 1\.1/,
    ],
    [
      "a time that is none",
      settings("[environment]\nbuild_timeout_sec = 0\n"),
      "too_small",
      /build_timeout_sec must be more than 0/,
    ],
    [
      "a size that is none",
      settings('[environment]\nmemory = "much"\n'),
      "invalid_format",
      /memory must be a size such as 2G/,
    ],
    ["a relative workdir", settings('[environment]\nworkdir = "app"\n'), "invalid_format", /workdir must be absolute/],
    ...[
      ["no command", "", "invalid_type", /environment\.healthcheck\.command must be a string/],
      ["an empty command", 'command = ""', "too_small", /healthcheck\.command must not be empty/],
      ["no retries", 'command = "true"\nretries = 0', "too_small", /healthcheck\.retries must be from 1 to 100/],
      ["retries above", 'command = "true"\nretries = 101', "too_big", /healthcheck\.retries must be from 1 to 100/],
      ["half a retry", 'command = "true"\nretries = 1.5', "invalid_type", /retries must be a whole number/],
      ["no time", 'command = "true"\ntimeout_sec = 0', "too_small", /healthcheck\.timeout_sec must be more than 0/],
      [
        "a time before its start",
        'command = "true"\nstart_period_sec = -1',
        "too_small",
        /start_period_sec must not be less than 0/,
      ],
      [
        "more time than there is",
        'command = "true"\nstart_period_sec = 3500\nretries = 4',
        "custom",
        /environment\.healthcheck may go on for 3670 seconds[^]*at most 3600/,
      ],
    ].map(([what, lines, type, message]): [string, TaskFolder, string, RegExp] => [
      `a healthcheck with ${String(what)}`,
      settings(`[environment.healthcheck]\n${String(lines)}\n`),
      String(type),
      message instanceof RegExp ? message : /never/,
    ]),
    [
      "services without main",
      { "environment/docker-compose.yaml": "services:\n  web: {}\n" },
      "compose_main_missing",
      /no service main/,
    ],
    [
      "a compose file that is none",
      { "environment/docker-compose.yaml": "a: [" },
      "compose_unreadable",
      /not valid YAML/,
    ],
  ])("is refused for %s", async (_, change, type, message) => {
    const files = Object.fromEntries(
      Object.entries<string | undefined>({ ...plainTask, ...change }).filter(
        (file): file is [string, string] => file[1] !== undefined,
      ),
    );
    const { response, tenant } = await publishFolder(files);
    const body = await response.json<ErrorBody>();
    expect([response.status, body.errors?.map((error) => error.type)]).toEqual([422, [type]]);
    expect(body.errors?.[0]?.msg).toMatch(message);
    expect((await tenant.api(`/org/${tenant.org}/tasks/words`)).status).toBe(404);
  });
});
