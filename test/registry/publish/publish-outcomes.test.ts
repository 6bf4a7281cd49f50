import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createTenant, type Tenant } from "../../tenant.ts";
import { FIXTURES } from "../../zip/fixtures.ts";
import { type Detail, type ErrorBody, leftovers, NOTHING_LEFT, noise, packTask, publish, sha256 } from "../archives.ts";
import { pack } from "../pack.ts";

describe("publishing at the same time", () => {
  it("lets one of ten equal archives in, and answers the others with it", async () => {
    const tenant = await createTenant();
    const answers = await Promise.all(Array.from({ length: 10 }, () => publish(tenant, packTask())));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([...Array<number>(9).fill(200), 201]);
    const ids = await Promise.all(answers.map(async (answer) => (await answer.json<Detail>()).id));
    expect(new Set(ids).size).toBe(1);
    expect(await leftovers(tenant)).toMatchObject({ uploads: 0, discarded: 0, objects: [expect.any(String)] });
  });

  it("lets one of ten different archives in, and refuses the others", async () => {
    const tenant = await createTenant();
    const archives = Array.from({ length: 10 }, (_, index) => packTask({ description: `Number ${index}.` }));
    const answers = await Promise.all(archives.map((archive) => publish(tenant, archive)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array<number>(9).fill(409)]);
    const left = await leftovers(tenant);
    expect(left).toMatchObject({ uploads: 0, discarded: 0, objects: [expect.any(String)] });
    const winner = archives[answers.findIndex(({ status }) => status === 201)] ?? noise(1);
    expect((await env.ARCHIVES.head(left.objects[0] ?? ""))?.size).toBe(winner.byteLength);
    expect((await publish(tenant, winner)).status).toBe(200);
  });

  it("lets ten versions of one task in, and knows the highest", async () => {
    const tenant = await createTenant();
    const versions = ["1.0.0", "1.2.0", "1.10.0", "0.9.9", "1.9.9", "2.0.0", "1.0.10", "10.0.0", "9.9.9", "2.10.3"];
    const answers = await Promise.all(versions.map((version) => publish(tenant, packTask({ version }), { version })));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(201));
    const latest: Detail = await (await tenant.api(`/org/${tenant.org}/tasks/sample`)).json();
    expect(latest.version).toBe("10.0.0");
  });
});

describe("archives of ordinary tools", () => {
  it.each(FIXTURES)("has nothing against $name but what its task.yaml lacks", async ({ bytes }) => {
    const tenant = await createTenant();
    const answer = await publish(tenant, new Uint8Array(bytes));
    const { errors = [] }: Partial<ErrorBody> = await answer.json();
    expect(errors.map(({ loc }) => loc.slice(0, 2).join("/")).filter((loc) => loc !== "archive/task.yaml")).toEqual([]);
    // Below a folder of its own, as GitHub packs it, task.yaml does not count.
    expect(answer.status).toBe(errors.length > 0 ? 422 : 201);
  });
});

describe("archives that are refused", () => {
  const broken = packTask({}, { "data.txt": "x".repeat(1000) });
  // A byte of the first entry's data, behind its local header.
  broken[60] = (broken[60] ?? 0) ^ 0xff;

  it.each([
    ["bytes that are no archive", noise(5000), ["archive"], "no-end-record"],
    ["traversal", pack({ "../escape.txt": "x" }), ["archive", "../escape.txt"], "traversal"],
    ["damaged data", broken, ["archive", "task.yaml"], undefined],
  ])("leaves nothing of %s", async (_what, archive, loc, type) => {
    const tenant = await createTenant();
    const refused = await publish(tenant, archive);
    expect(refused.status).toBe(422);
    const body: ErrorBody = await refused.json();
    expect(body.type).toBe("task_error");
    expect(body.errors?.[0]).toMatchObject({ loc, ...(type !== undefined && { type }) });
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
    expect((await tenant.api(`/org/${tenant.org}/tasks/sample`)).status).toBe(404);
  });

  it("names every problem", async () => {
    const tenant = await createTenant();
    const refused = await publish(tenant, pack({ "/etc/passwd": "x", "a//b": "x" }));
    const body: ErrorBody = await refused.json();
    expect(body.errors?.map(({ type }) => type).sort()).toEqual(["absolute-path", "empty-segment"]);
  });

  it("does not keep the name from a good archive", async () => {
    const tenant = await createTenant();
    await publish(tenant, noise(100));
    expect((await publish(tenant, packTask())).status).toBe(201);
  });
});

function remove(tenant: Tenant, version: string, key = tenant.adminKey): Promise<Response> {
  return tenant.api(`/org/${tenant.org}/tasks/sample/${version}`, { method: "DELETE", key });
}

describe("delete", () => {
  it("deletes the version, its object, and the task with its last version", async () => {
    const tenant = await createTenant();
    for (const version of ["1.0.0", "1.1.0"]) await publish(tenant, packTask({ version }), { version });
    expect((await remove(tenant, "1.1.0")).status).toBe(204);
    const latest: Detail = await (await tenant.api(`/org/${tenant.org}/tasks/sample`)).json();
    expect(latest.version).toBe("1.0.0");
    expect((await leftovers(tenant)).objects).toHaveLength(1);
    expect((await remove(tenant, "1.0.0")).status).toBe(204);
    expect((await tenant.api(`/org/${tenant.org}/tasks/sample`)).status).toBe(404);
    expect(await leftovers(tenant)).toEqual(NOTHING_LEFT);
  });

  it("lets the number be published again, with other bytes", async () => {
    const tenant = await createTenant();
    await publish(tenant, packTask());
    await remove(tenant, "1.0.0");
    const other = packTask({ description: "Another." });
    const again = await publish(tenant, other);
    expect(again.status).toBe(201);
    expect((await again.json<Detail>()).sha256).toBe(await sha256(other));
  });

  it("wants one version, there, of the own organization, and task:write", async () => {
    const [tenant, stranger] = [await createTenant(), await createTenant()];
    await publish(tenant, packTask());
    expect((await remove(tenant, "latest")).status).toBe(422);
    expect((await remove(tenant, "1.0.1")).status).toBe(404);
    expect((await remove(tenant, "1.0.0", stranger.adminKey)).status).toBe(404);
    expect((await remove(tenant, "1.0.0", await tenant.makeKey(["task:read"]))).status).toBe(403);
    expect((await remove(tenant, "1.0.0")).status).toBe(204);
    expect((await remove(tenant, "1.0.0")).status).toBe(404);
  });
});
