import { beforeAll, describe, expect, test } from "vitest";
import { type ErrorBody, packTask } from "../registry/archives.ts";
import { publishVersion } from "../registry/published.ts";
import { createTenant, type Tenant } from "../tenant.ts";

/** A key of every scope that is bound to the tenant's project. */
let bound: string;
let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
  bound = await tenant.makeKey(["admin", "runner"], { projectId: tenant.projectId });
  const yaml = {
    verification: { method: "flag", path: "/tmp/flag", value: "FLAG{a}" },
    solution: { script: "solve.sh" },
  };
  await publishVersion(tenant, "sample", "1.0.0", packTask({ source: undefined, ...yaml }, { "solve.sh": "exit 0" }));
});

const call = (path: string, init: Parameters<Tenant["api"]>[1] = {}) =>
  tenant.api(`/org/${tenant.org}${path}`, { key: bound, ...init });

describe("a key that is bound to a project", () => {
  const UPLOADS = "/tasks/sample/versions/2.0.0/uploads";
  const id = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be006";
  const refused: [method: string, path: string, json?: object][] = [
    ["PUT", "/tasks/sample/versions/2.0.0"],
    ["DELETE", "/tasks/sample/1.0.0"],
    ["PATCH", "/tasks/sample/visibility", { is_public: true }],
    ["POST", UPLOADS, { size: 100, sha256: "0".repeat(64) }],
    ["GET", UPLOADS],
    ["GET", `${UPLOADS}/${id}`],
    ["PUT", `${UPLOADS}/${id}/parts/1`],
    ["GET", `${UPLOADS}/${id}/parts`],
    ["POST", `${UPLOADS}/${id}/complete`, {}],
    ["DELETE", `${UPLOADS}/${id}`],
    ["GET", "/runners"],
    ["GET", "/runners/connect"],
    ["GET", `/runners/environments/${id}/connect`],
    ["GET", `/runners/environments/${id}/archive`],
    ["GET", "/webhooks"],
    ["GET", "/users"],
    ["GET", "/api-keys"],
  ];
  test.each(refused)("is refused %s %s", async (method, path, json) => {
    const response = await call(path, { method, ...(json && { json }) });
    const body = await response.json<ErrorBody>();
    expect([response.status, body.type]).toEqual([403, "forbidden_error"]);
    expect(body.detail).toContain("bound to a project");
  });

  test("reads the registry, but not what is withheld from those who do not publish", async () => {
    expect((await call("/tasks")).status).toBe(200);
    expect((await call("/tasks/sample/files/task.yaml")).status).toBe(403);
    expect((await call("/tasks/sample/1.0.0/archive")).status).toBe(403);
    const detail = await (await call("/tasks/sample")).text();
    expect(detail).not.toContain("FLAG{a}");
    const whole = await tenant.api(`/org/${tenant.org}/tasks/sample`);
    expect(await whole.text()).toContain("FLAG{a}");
  });

  test("leaves the task as it was", async () => {
    const versions = await tenant.api(`/org/${tenant.org}/tasks/sample/versions`);
    expect(await versions.json()).toMatchObject({ total: 1, versions: [{ version: "1.0.0", is_public: false }] });
  });
});
