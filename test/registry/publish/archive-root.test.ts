import { describe, expect, it } from "vitest";
import { connect, provision } from "../../environments/client.ts";
import { createTenant, type Tenant } from "../../tenant.ts";
import { manifest, packTask, publish, sha256 } from "../archives.ts";
import { pack } from "../pack.ts";
import { complete, putPart, readUpload, type UploadBody, uploadsPath, withVerification } from "../uploads/uploads.ts";

interface Warned {
  warnings: { loc: string[]; type: string; msg: string }[];
  instruction: string | null;
}

/** A task packed as one folder, as a click on "Compress" packs it. */
const WRAPPED = {
  "my-task/": "",
  "my-task/task.yaml": manifest(),
  "my-task/README.md": "# Sample\n",
  "my-task/verify.sh": 'test "$(cat data/in)" = 42\n',
  "my-task/solution.sh": "true\n",
  "my-task/data/in": "42",
  'my-task/dät"a': "x",
};
/** What macOS puts beside it. */
const MAC = { ".DS_Store": "x", "__MACOSX/my-task/._solution.sh": "x", "__MACOSX/._my-task": "x" };

const publishQuery = (tenant: Tenant, body: Uint8Array<ArrayBuffer>, query = "") =>
  tenant.api(`/org/${tenant.org}/tasks/sample/versions/1.0.0${query}`, { method: "PUT", body });

async function published(tenant: Tenant, files: Record<string, string>, query = ""): Promise<Warned> {
  const answer = await publishQuery(tenant, pack(files), query);
  expect(answer.status, await answer.clone().text()).toBe(201);
  return await answer.json();
}

interface Listing {
  files: { filename: string }[];
  total_files: number;
  next_cursor?: string;
}

async function filesOf(tenant: Tenant, query = ""): Promise<Listing> {
  return await (await tenant.api(`/org/${tenant.org}/tasks/sample/files${query}`)).json();
}

const names = ({ files }: Listing) => files.map(({ filename }) => filename);

const STRIPPED = ["task.yaml", "README.md", "verify.sh", "solution.sh", "data/in", 'dät"a'];

describe("an archive packed as one folder", () => {
  it.each([
    ["alone", WRAPPED],
    ["with what macOS puts beside it", { ...MAC, ...WRAPPED }],
  ])("is the task in it, %s", async (_how, files) => {
    const tenant = await createTenant();
    const { warnings, instruction } = await published(tenant, files);
    expect(instruction).toBe("Write the answer to /tmp/answer.");
    expect(warnings).toMatchObject([{ loc: ["archive", "my-task/"], type: "folder_stripped" }]);
    const listed = await filesOf(tenant);
    expect([names(listed), listed.total_files]).toEqual([STRIPPED, STRIPPED.length]);
    const inData = await filesOf(tenant, "?prefix=data/");
    expect([names(inData), inData.total_files]).toEqual([["data/in"], 1]);
    const page = await filesOf(tenant, "?limit=4");
    const cursor = page.next_cursor ?? "";
    expect(names(await filesOf(tenant, `?limit=4&cursor=${cursor}`))).toEqual(STRIPPED.slice(4));
    expect((await filesOf(tenant, `?limit=4&cursor=${cursor}`)).total_files).toBe(STRIPPED.length);
    const read = (path: string) => tenant.api(`/org/${tenant.org}/tasks/sample/files/${path}`);
    expect(await (await read("data/in")).text()).toBe("42");
    expect((await read("my-task/data/in")).status).toBe(404);
    expect((await read(".DS_Store")).status).toBe(404);
    const readme = await tenant.api(`/org/${tenant.org}/tasks/sample/readme`);
    expect(await readme.json()).toEqual({ content: "# Sample\n", path: "README.md", truncated: false });
  });

  it("withholds its solution, also in the archive, which keeps its bytes", async () => {
    const tenant = await createTenant();
    const archive = pack({ ...WRAPPED, ...MAC });
    expect((await publishQuery(tenant, archive)).status).toBe(201);
    const key = await tenant.makeKey(["task:read"]);
    const read = (path: string) => tenant.api(`/org/${tenant.org}/tasks/sample/${path}`, { key });
    expect((await read("files/solution.sh")).status).toBe(403);
    expect((await read("1.0.0/archive")).status).toBe(403);
    const whole = await tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0/archive`);
    expect(whole.headers.get("X-Archive-Root")).toBe("my-task/");
    expect(await sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(await sha256(archive));
  });

  it("is at the task's folder in an environment, without its solution, and is verified", async () => {
    const tenant = await createTenant();
    await published(tenant, { ...WRAPPED, ...MAC });
    const client = connect(tenant, await provision(tenant));
    const { stdout } = await client.execute("find . -type f");
    const visible = STRIPPED.filter((name) => name !== "solution.sh").map((name) => `./${name}`);
    expect(stdout.trimEnd().split("\n").toSorted()).toEqual(visible.toSorted());
    expect((await client.execute("cat data/in")).stdout).toBe("42");
    const verdict = await client.onEnvironment("/verify", { method: "POST" });
    expect(await verdict.json()).toMatchObject({ passed: true });
  });

  it("keeps its paths when told so", async () => {
    const tenant = await createTenant();
    const { warnings, instruction } = await published(tenant, WRAPPED, "?strip=false");
    expect(instruction).toBeNull();
    expect(warnings).toMatchObject([{ loc: ["archive", "my-task/task.yaml"], type: "task_file_misplaced" }]);
    expect(names(await filesOf(tenant))).toContain("my-task/task.yaml");
    const whole = await tenant.api(`/org/${tenant.org}/tasks/sample/1.0.0/archive`);
    expect(whole.headers.has("X-Archive-Root")).toBe(false);
    expect((await publishQuery(tenant, pack(WRAPPED), "?strip=perhaps")).status).toBe(422);
  });

  it.each([true, false])("is so too when it comes in parts, strip=%s", async (strip) => {
    const tenant = await createTenant();
    const archive = pack(WRAPPED);
    const started = await tenant.api(uploadsPath(tenant), {
      method: "POST",
      json: { size: archive.byteLength, ...(!strip && { strip }) },
    });
    const { id }: UploadBody = await started.json();
    expect((await putPart(tenant, id, 1, archive)).status).toBe(200);
    await withVerification(() => complete(tenant, id));
    const type = strip ? "folder_stripped" : "task_file_misplaced";
    expect(await readUpload(tenant, id)).toMatchObject({ state: "accepted", warnings: [{ type }] });
    expect(names(await filesOf(tenant)).includes("task.yaml")).toBe(strip);
  });
});

describe("a task file that is not where it is looked for", () => {
  it.each([
    ["two folders down", { "a/b/task.yaml": manifest() }, "a/b/task.yaml"],
    ["in a folder beside others", { "a/task.yaml": manifest(), "b/x": "" }, "a/task.yaml"],
    ["beside a file at the root", { "a/task.yaml": manifest(), "README.md": "" }, "a/task.yaml"],
    ["under another ending", { "task.yml": manifest() }, "task.yml"],
    ["in another letter case", { "Task.yaml": manifest() }, "Task.yaml"],
  ])("is warned of %s", async (_where, files, path) => {
    const { warnings, instruction } = await published(await createTenant(), files);
    expect(instruction).toBeNull();
    expect(warnings).toMatchObject([{ loc: ["archive", path], type: "task_file_misplaced" }]);
  });

  it("leaves a folder without a task alone", async () => {
    const tenant = await createTenant();
    expect((await published(tenant, { "data/a": "", "data/b": "" })).warnings).toEqual([]);
    expect(names(await filesOf(tenant))).toEqual(["data/a", "data/b"]);
  });
});

describe("a path that a runner cannot unpack", () => {
  it("is warned of", async () => {
    const path = `data/${"é".repeat(128)}`;
    const answer = await publish(await createTenant(), packTask({}, { [path]: "x" }));
    const { warnings } = await answer.json<Warned>();
    expect(warnings).toMatchObject([{ loc: ["archive", path], type: "path_too_long" }]);
  });

  it("is not when it is as long as it may be", async () => {
    const answer = await publish(await createTenant(), packTask({}, { [`data/${"a".repeat(255)}`]: "x" }));
    expect((await answer.json<Warned>()).warnings).toEqual([]);
  });
});

describe("a script that will fail", () => {
  it.each([
    ["ends its lines with CRLF", { "verify.sh": "exit 0\r\n" }, "verify.sh", "script_crlf"],
    ["is called by others and has CRLF", { "lib/helper.sh": "true\r\n" }, "lib/helper.sh", "script_crlf"],
    ["is for another interpreter", { "verify.sh": "#!/usr/bin/env python3\n" }, "verify.sh", "script_interpreter"],
    ["is a program", { "verify.sh": "\x7fELF\0" }, "verify.sh", "script_binary"],
    ["is longer than verify runs", { "verify.sh": "#".repeat(100_001) }, "verify.sh", "script_too_long"],
  ])("is warned of when it %s", async (_how, files, path, type) => {
    const answer = await publish(await createTenant(), packTask({}, files));
    expect((await answer.json<Warned>()).warnings).toMatchObject([{ loc: ["archive", path], type }]);
  });

  it("is not when a shell is to run it", async () => {
    for (const first of ["#!/bin/sh", "#!/usr/bin/env bash", "#!/bin/bash -eu", "echo"]) {
      const answer = await publish(await createTenant(), packTask({}, { "verify.sh": `${first}\n` }));
      expect((await answer.json<Warned>()).warnings).toEqual([]);
    }
  });

  it("is warned of when it may take longer than it is given", async () => {
    const yaml = { verification: { method: "script", script: "verify.sh", timeout: 900 } };
    const answer = await publish(await createTenant(), packTask(yaml));
    expect((await answer.json<Warned>()).warnings).toMatchObject([{ type: "timeout_cut" }]);
  });

  it("is named as the archive spells it when letter case alone differs", async () => {
    const answer = await publish(
      await createTenant(),
      packTask({ verification: { method: "script", script: "Verify.sh" } }),
    );
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain("It has 'verify.sh': letter case matters.");
  });
});
