import { describe, expect, it } from "vitest";
import { COMPOSE, compose, type Files, publishTask, WITH_COMPOSE } from "../publish-task.ts";

const atYaml = (...path: string[]) => ["archive", "task.yaml", ...path];
const atCompose = (...path: string[]) => ["archive", "docker-compose.yaml", ...path];

const build = (block: unknown) => compose({ web: { build: block, ports: ["80"] } });
const atBuild = atCompose("services", "web", "build");
const MANY = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`s${index}`, { image: "x" }]));

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
    ["one of 101 services", compose(MANY), undefined, atCompose("services"), "too_many_services"],
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

it("warns of a published port by either of its numbers", async () => {
  const { body } = await publishTask(
    { ports: { web: [8080] } },
    compose({ web: { image: "x", ports: ["8080:80", "90-92"] } }),
  );
  expect(body.warnings?.map(({ type, msg }) => [type, msg])).toEqual([
    ["port_undeclared", expect.stringContaining("exposes 90-92,")],
  ]);
});
