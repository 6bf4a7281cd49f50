import { beforeAll, describe, expect, test } from "vitest";
import type { Scope } from "../../../src/auth/scopes.ts";
import { createTenant, type Tenant } from "../../tenant.ts";
import { manifest, packTask } from "../archives.ts";
import { pack } from "../pack.ts";
import { makePublic, publishVersion } from "../published.ts";

/** Who reads, and with which key. */
interface Reader {
  tenant: Tenant;
  key: string;
}

let owner: Tenant;
let stranger: Tenant;
let digest = "";
const readers = new Map<string, Reader>();

const FLAG = "flag{not-for-everyone}";
const SECRETS = ["solution.sh", "Solution/notes.md", "task.yaml"];

async function add(who: string, tenant: Tenant, scopes: Scope[]): Promise<void> {
  readers.set(who, { tenant, key: await tenant.makeKey(scopes) });
}

beforeAll(async () => {
  [owner, stranger] = [await createTenant(), await createTenant()];
  await add("owner's writer", owner, ["task:write"]);
  await add("owner's admin", owner, ["admin"]);
  await add("owner's reader", owner, ["task:read"]);
  await add("another's writer", stranger, ["task:write"]);
  await add("another's admin", stranger, ["admin"]);
  await add("another's reader", stranger, ["task:read"]);
  const archive = packTask(
    {
      name: "guarded",
      solution: { script: "solution.sh" },
      verification: { method: "flag", path: "/tmp/flag", value: FLAG },
    },
    {
      "Solution/notes.md": "the way to it",
      "README.md": "# Guarded",
      "solution.sh.txt": "open",
      "my/solution.sh": "open",
    },
  );
  ({ sha256: digest } = await publishVersion(owner, "guarded", "1.0.0", archive));
  await makePublic(owner, "guarded");
});

function ask(who: string, path: string, init: RequestInit = {}): Promise<Response> {
  const reader = readers.get(who);
  if (!reader) throw new Error(`No reader ${who}`);
  return reader.tenant.api(`/org/${owner.org}/tasks/guarded${path}`, { ...init, key: reader.key });
}

async function expectForbidden(response: Response): Promise<void> {
  expect(response.status).toBe(403);
  const body = await response.text();
  expect(body).not.toContain(FLAG);
  expect(JSON.parse(body)).toMatchObject({ type: "forbidden_error", detail: expect.stringContaining("task:write") });
}

describe.each(["owner's writer", "owner's admin"])("%s", (who) => {
  test("sees the solution and the flag", async () => {
    const detail = { solution: { script: "solution.sh" }, verification: { method: "flag", value: FLAG } };
    expect(await (await ask(who, "")).json()).toMatchObject(detail);
    expect(await (await ask(who, "/1.0.0")).json()).toMatchObject(detail);
  });

  test("reads every file and the archive", async () => {
    for (const path of SECRETS) expect((await ask(who, `/files/${path}`)).status).toBe(200);
    expect((await ask(who, "/1.0.0/archive")).status).toBe(200);
  });
});

describe.each(["owner's reader", "another's writer", "another's admin", "another's reader"])("%s", (who) => {
  test("sees neither solution nor flag, in no answer", async () => {
    const detail = await (await ask(who, "")).json<{ verification: Record<string, unknown> }>();
    expect(detail).toMatchObject({ solution: null, verification: { method: "flag", path: "/tmp/flag" } });
    expect(detail.verification).not.toHaveProperty("value");
    for (const path of ["", "/1.0.0", "/latest", "/versions", "/instruction", "/readme", "/files"]) {
      const response = await ask(who, path);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toContain(FLAG);
    }
  });

  test("reads the names and the other files", async () => {
    const { files } = await (await ask(who, "/files")).json<{ files: { filename: string }[] }>();
    expect(files.map(({ filename }) => filename)).toEqual(expect.arrayContaining(SECRETS));
    for (const path of ["verify.sh", "README.md", "solution.sh.txt", "my/solution.sh"]) {
      expect((await ask(who, `/files/${path}`)).status).toBe(200);
    }
    expect(await (await ask(who, "/readme")).json()).toMatchObject({ content: "# Guarded" });
  });

  test("does not read a withheld file, whatever the request", async () => {
    for (const path of SECRETS) {
      await expectForbidden(await ask(who, `/files/${path}`));
      await expectForbidden(await ask(who, `/files/${path}?version=1.0.0`));
      await expectForbidden(await ask(who, `/files/${path}`, { headers: { Range: "bytes=0-3" } }));
      expect((await ask(who, `/files/${path}`, { method: "HEAD" })).status).toBe(403);
    }
    // A validator that a writer has seen opens nothing.
    const etag = (await ask("owner's writer", "/files/task.yaml")).headers.get("etag") ?? "";
    await expectForbidden(await ask(who, "/files/task.yaml", { headers: { "If-None-Match": etag } }));
  });

  test.each([
    "solution%2Esh",
    "%73olution.sh",
    "solution%2esh",
    "Solution%2Fnotes.md",
    "x/../solution.sh",
    "x/%2e%2e/solution.sh",
    "./solution.sh",
    "%54%41sk.yaml",
    "SOLUTION.SH",
    "Task.YAML",
    "solution/notes.md",
    "Solution/none",
  ])("gets 403 for %s", async (path) => {
    await expectForbidden(await ask(who, `/files/${path}`));
  });

  test.each([
    "solution.sh/",
    "/solution.sh",
    "solution.sh%00",
    "%2573olution.sh",
    "solution.sh%20",
    "..%2fsolution.sh",
  ])("gets no file for %s", async (path) => {
    expect([403, 404]).toContain((await ask(who, `/files/${path}`)).status);
  });

  test("does not get the archive, by range or HEAD either, and is told what to do", async () => {
    const response = await ask(who, "/1.0.0/archive");
    expect(await response.clone().json()).toMatchObject({ detail: expect.stringContaining("/files/") });
    await expectForbidden(response);
    await expectForbidden(await ask(who, "/latest/archive", { headers: { Range: "bytes=0-9" } }));
    expect((await ask(who, "/latest/archive", { method: "HEAD" })).status).toBe(403);
    await expectForbidden(await ask(who, "/1.0.0/archive", { headers: { "If-None-Match": `"${digest}"` } }));
  });
});

describe("the archive as a whole", () => {
  const harmless = {
    "task.yaml": manifest({ solution: undefined, verification: { script: "verify.sh" } }),
    "verify.sh": "",
  };
  test.each([
    ["nothing to withhold", harmless, 200],
    ["no task.yaml", { "data/solution.sh": "", "solution.shell": "", "my-solution/a": "" }, 200],
    ["a solution that task.yaml does not name", { ...harmless, "Solution.SH": "" }, 403],
    ["a folder of solutions", { ...harmless, "SOLUTION/step": "" }, 403],
  ])("with %s", async (_, files, status) => {
    const name = "sample";
    const own = await createTenant();
    await publishVersion(own, name, "1.0.0", pack(files));
    await makePublic(own, name);
    expect((await stranger.api(`/org/${own.org}/tasks/${name}/1.0.0/archive`)).status).toBe(status);
  });
});
