import { beforeAll, describe, expect, test } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { packTask } from "../archives.ts";
import { pack } from "../pack.ts";
import { makePublic, publishFields, publishVersion } from "../published.ts";

interface Versions {
  latest: { version: string };
  versions: { version: string }[];
  total: number;
  has_next: boolean;
}

let tenant: Tenant;
let other: Tenant;

beforeAll(async () => {
  [tenant, other] = [await createTenant(), await createTenant()];
  for (const version of ["1.9.0", "2.0.0", "1.10.0"]) await publishFields(tenant, "versioned", version);
});

const get = (path: string, from: Tenant = tenant, init: RequestInit = {}) =>
  from.api(`/org/${tenant.org}/tasks${path}`, init);

async function expectError(response: Response, status: number, type: string, detail: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code: status, type, detail: expect.stringContaining(detail) });
}

describe("task and version", () => {
  test("the detail of the latest version, all fields of TaskDetail", async () => {
    const latest = await (await get("/versioned")).json();
    expect(latest).toEqual({
      id: expect.any(String),
      name: "versioned",
      version: "2.0.0",
      org_key: tenant.org,
      organization_id: tenant.id,
      is_public: false,
      file_size: expect.any(Number),
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      created_by: tenant.userId,
      template_status: "ready",
      sandbox_provider: "docker",
      description: "A sample.",
      difficulty: null,
      author: null,
      license: null,
      source: null,
      tags: null,
      ports: null,
      oci_digest: null,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      instruction: "Write the answer to /tmp/answer.",
      repository: null,
      provision: null,
      teardown: null,
      solution: { script: "solution.sh" },
      verification: { method: "script", script: "verify.sh", where: "environment", timeout: 30 },
    });
    expect(await (await get("/versioned/latest")).json()).toEqual(latest);
    expect(await (await get("/versioned/2.0.0")).json()).toEqual(latest);
  });

  test("an older version", async () => {
    expect(await (await get("/versioned/1.10.0")).json()).toMatchObject({ version: "1.10.0" });
  });

  test("unknown task and version are 404", async () => {
    await expectError(await get("/nothing"), 404, "not_found_error", `Task '${tenant.org}/nothing' not found.`);
    await expectError(await get("/versioned/9.9.9"), 404, "not_found_error", "Version '9.9.9'");
  });

  test.each(["/versioned/1.0", "/versioned/v1.0.0", "/versioned/01.0.0", "/versioned/visibility", "/Upper", "/-x"])(
    "%s is refused before any look-up",
    async (path) => {
      await expectError(await get(path), 422, "validation_error", "validation failed");
    },
  );

  test("versions, highest first by number, in pages", async () => {
    const all = await (await get("/versioned/versions")).json<Versions>();
    expect(all.latest.version).toBe("2.0.0");
    expect(all.versions.map(({ version }) => version)).toEqual(["2.0.0", "1.10.0", "1.9.0"]);
    const second = await (await get("/versioned/versions?limit=2&page=2")).json<Versions>();
    expect(second).toMatchObject({ latest: { version: "2.0.0" }, total: 3, has_next: false });
    expect(second.versions.map(({ version }) => version)).toEqual(["1.9.0"]);
    await expectError(await get("/nothing/versions"), 404, "not_found_error", "not found");
  });
});

describe("instruction and readme", () => {
  test("the instruction, unresolved", async () => {
    const instruction = { instruction: "Write the answer to /tmp/answer.", resolved: false };
    expect(await (await get("/versioned/instruction")).json()).toEqual(instruction);
    await expectError(await get("/versioned/instruction?sandbox_id=sbx-1"), 404, "not_found_error", "sandbox 'sbx-1'");
  });

  test("an archive without task.yaml has no instruction", async () => {
    await publishVersion(tenant, "bare", "1.0.0", pack({ "data.txt": "1" }));
    expect(await (await get("/bare/instruction")).json()).toEqual({ instruction: null, resolved: false });
    await expectError(await get("/bare/readme"), 404, "not_found_error", "has no readme");
  });

  test("the readme, under the name it has", async () => {
    await publishVersion(tenant, "described", "1.0.0", packTask({ name: "described" }, { "Readme.MD": "# Grüße\n" }));
    const response = await get("/described/readme");
    expect(await response.json()).toEqual({ content: "# Grüße\n", path: "Readme.MD", truncated: false });
    expect(response.headers.get("x-task-version")).toBe("1.0.0");
  });

  test("a long readme is cut between characters", async () => {
    const text = `x${"é".repeat(400_000)}`;
    await publishVersion(tenant, "long", "1.0.0", packTask({ name: "long" }, { "README.md": text }));
    const readme = await (await get("/long/readme")).json<{ content: string; truncated: boolean }>();
    expect(readme.truncated).toBe(true);
    expect(readme.content).toBe(text.slice(0, readme.content.length));
    expect(readme.content.length).toBeGreaterThan(250_000);
  });
});

describe("visibility", () => {
  test("a private task of another organization is told like an unknown one, a public one is read", async () => {
    await publishFields(tenant, "shown", "1.0.0");
    const paths = ["", "/1.0.0", "/latest", "/versions", "/files", "/files/task.yaml", "/instruction", "/readme"];
    for (const path of [...paths, "/1.0.0/archive"]) {
      const [hidden, unknown] = await Promise.all([get(`/shown${path}`, other), get(`/unknown${path}`, other)]);
      expect(hidden.status).toBe(404);
      expect((await hidden.text()).replace("shown", "unknown")).toBe(await unknown.text());
    }
    await makePublic(tenant, "shown");
    const answers = await Promise.all(paths.slice(0, 7).map((path) => get(`/shown${path}`, other)));
    expect(answers.map(({ status }) => status)).toEqual(paths.slice(0, 7).map(() => 200));
    expect(await (await get("/shown/instruction", other)).json()).toMatchObject({ resolved: false });
  });

  test("is changed for all versions, and back", async () => {
    await publishFields(tenant, "toggled", "1.0.0");
    await publishFields(tenant, "toggled", "1.1.0");
    const path = `/org/${tenant.org}/tasks/toggled/visibility`;
    const shown = await tenant.api(path, { method: "PATCH", json: { is_public: true } });
    expect(await shown.json()).toMatchObject({ name: "toggled", version: "1.1.0", is_public: true });
    expect(await (await get("/toggled/1.0.0", other)).json()).toMatchObject({ is_public: true });
    const hidden = await tenant.api(path, { method: "PATCH", json: { is_public: false } });
    expect(await hidden.json()).toMatchObject({ is_public: false });
    expect((await get("/toggled/1.0.0", other)).status).toBe(404);
  });

  test("is the owner's to change, and a boolean", async () => {
    const path = `/org/${tenant.org}/tasks/versioned/visibility`;
    const patch = (from: Tenant, json: unknown, key?: string) =>
      from.api(path, { method: "PATCH", json, ...(key !== undefined && { key }) });
    await expectError(await patch(other, { is_public: true }), 404, "not_found_error", "not found");
    const reader = await tenant.makeKey(["task:read"]);
    await expectError(await patch(tenant, { is_public: true }, reader), 403, "forbidden_error", "task:write");
    await expectError(await patch(tenant, { is_public: "yes" }), 422, "validation_error", "is_public");
    await expectError(await patch(tenant, { public: true }), 422, "validation_error", "is_public");
    const unknown = await tenant.api(`/org/${tenant.org}/tasks/nothing/visibility`, {
      method: "PATCH",
      json: { is_public: true },
    });
    await expectError(unknown, 404, "not_found_error", "not found");
    expect(await (await get("/versioned")).json()).toMatchObject({ is_public: false });
  });
});

/** What GET and HEAD have to agree on; JSON has no length of its own while it streams. */
function comparable({ status, headers }: Response) {
  const names = ["content-type", "etag", "last-modified", "cache-control", "accept-ranges", "content-disposition"];
  return { status, headers: names.map((name) => headers.get(name)) };
}

describe("HEAD answers as GET does, without a body", () => {
  test.each(["", "/versioned", "/versioned/files", "/versioned/files/task.yaml", "/versioned/2.0.0/archive"])(
    "%s",
    async (path) => {
      const [head, got] = await Promise.all([get(path, tenant, { method: "HEAD" }), get(path)]);
      expect(comparable(head)).toEqual(comparable(got));
      expect(await head.text()).toBe("");
      expect((await got.arrayBuffer()).byteLength).toBeGreaterThan(0);
    },
  );

  test.each(["/versioned/files/task.yaml", "/versioned/2.0.0/archive"])("%s: the length", async (path) => {
    const [head, got] = await Promise.all([get(path, tenant, { method: "HEAD" }), get(path)]);
    expect(Number(head.headers.get("content-length"))).toBe((await got.arrayBuffer()).byteLength);
  });
});
