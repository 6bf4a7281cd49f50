/** The console's registry, agent tasks and administration in Chromium, against the server of all live tests. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { strToU8, zipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { watchForProblems } from "../../../scripts/browser.ts";
import type { Connection } from "../../../scripts/state-folder.ts";
import { createLiveOrganization } from "../live-organization.ts";
import { callAs, dropOnto, executablePath, findBarriers, findNarrowProblems, launch, openConsole } from "./browser.ts";

/** Milliseconds for something to be shown, on a machine that does other things too. */
const SHOWN = { timeout: 30_000 };

/** What a manifest has to say, and the script that it names. */
const VERIFIED = "verification:\n  method: script\n  script: verify.sh\n";
const droppedManifest = (version: string) => `name: dropped\nversion: ${version}\ninstruction: Go\n${VERIFIED}`;
const SCRIPT = { "verify.sh": "#!/bin/sh\nexit 0\n" };

const MARKUP = "<img src=x onerror='window.pwned=1'>";

describe.skipIf(executablePath === undefined)("the console's registry", () => {
  let connection: Connection;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    connection = await createLiveOrganization("registry");
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    problems = watchForProblems(page, connection.base_url);
  });
  afterEach(() => page.context().close());

  async function publish(name: string, version: string, files: Record<string, string>): Promise<void> {
    const { base_url, org, api_key } = connection;
    const manifest = `name: ${name}\nversion: ${version}\ndescription: "${MARKUP}"\ninstruction: |\n  ${MARKUP}\n${VERIFIED}`;
    const entries = Object.entries({ "task.yaml": manifest, ...SCRIPT, ...files }).map(([file, text]) => [
      file,
      strToU8(text),
    ]);
    const response = await fetch(`${base_url}/api/v1/org/${org}/tasks/${name}/versions/${version}`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${api_key}` },
      body: zipSync(Object.fromEntries(entries)),
    });
    expect(response.status).toBe(201);
  }

  const choose = (name: string, files: Record<string, string>) =>
    page.locator("input[type=file][accept]").setInputFiles({
      name,
      mimeType: "application/zip",
      buffer: Buffer.from(
        zipSync(Object.fromEntries(Object.entries(files).map(([file, text]) => [file, strToU8(text)]))),
      ),
    });

  it("publishes a folder, and says file by file why an archive is refused", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "console-"));
    try {
      await mkdir(path.join(folder, ".git"));
      await mkdir(path.join(folder, "bin"));
      await writeFile(path.join(folder, ".git", "HEAD"), "ref");
      await writeFile(
        path.join(folder, "task.yaml"),
        `name: from-folder\nversion: 0.1.0\ninstruction: Go\n${VERIFIED}`,
      );
      await writeFile(path.join(folder, "README.md"), "# From a folder\n");
      await writeFile(path.join(folder, "verify.sh"), SCRIPT["verify.sh"]);
      await writeFile(path.join(folder, "bin", "run"), "#!/bin/sh\necho done\n");
      await openConsole(page, connection, "tasks/publish");
      await page.getByText("Drop a task’s folder").waitFor(SHOWN);
      expect(await findBarriers(page)).toEqual([]);
      await page.locator("input[type=file]:not([accept])").setInputFiles(folder);
      await page.getByText("4 files", { exact: false }).waitFor(SHOWN);
      await expect.poll(() => page.getByLabel("Name").inputValue()).toBe("from-folder");
      await page.getByRole("button", { name: "Publish" }).click();
      await page.getByText("from-folder 0.1.0 is published").waitFor(SHOWN);
      await page.getByRole("link", { name: "See the task" }).click();
      await page.getByRole("tab", { name: "Files" }).click();
      await page.getByRole("treeitem", { name: /bin/ }).click();
      await page.getByRole("treeitem", { name: /run/ }).click();
      await page.getByText("echo done").waitFor(SHOWN);
      expect(problems).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await openConsole(page, connection, "tasks/publish");
    await choose("bad.zip", { "task.yaml": "name: bad\nversion: 1.0.0\n", "../evil": "x", "a\\b": "y" });
    await expect.poll(() => page.getByLabel("Version").inputValue()).toBe("1.0.0");
    await page.getByRole("button", { name: "Publish" }).click();
    const refusal = page.getByRole("alert", { name: "Not published" });
    await refusal.getByRole("heading", { name: /\.\.\/evil/ }).waitFor(SHOWN);
    await refusal.getByText("backslash", { exact: true }).waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
  });

  it("shows files, readme and differences, and what is hostile as the text that it is", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 2_500 }, (_, at) => [`many/${at % 10}/${at}.txt`, String(at)]),
    );
    await publish("shown", "1.0.0", {
      "README.md": `# Title\n\n${MARKUP}\n\n[x](javascript:pwned=1)`,
      "a.py": "x = 1\n",
    });
    await publish("shown", "1.1.0", {
      "README.md": "# Title",
      "a.py": "x = 2\n",
      [`${MARKUP}.txt`]: MARKUP,
      ...many,
    });
    await openConsole(page, connection, "tasks");
    await page.getByText(MARKUP).first().waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("link", { name: "shown" }).click();
    await page.getByRole("heading", { name: "Title", exact: true }).waitFor(SHOWN);
    await page.getByLabel("Version").selectOption("1.0.0");
    await page.getByText(MARKUP).waitFor(SHOWN);
    await page.getByLabel("Version").selectOption("1.1.0");
    await page.getByRole("tab", { name: "Files" }).click();
    await page.getByText("2,505 files", { exact: true }).waitFor(SHOWN);
    // By the keyboard: into the first folder, and the first one in it, to a file.
    await page.getByRole("tree").focus();
    for (const key of ["Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"])
      await page.keyboard.press(key);
    await page.getByRole("region", { name: "Preview of many/0/0.txt" }).waitFor(SHOWN);
    await page.getByLabel("Find files by a part of their path").fill("onerror");
    await page.getByRole("treeitem", { name: /onerror/ }).click();
    await page
      .getByRole("region", { name: /Preview of <img/ })
      .getByText(MARKUP)
      .nth(1)
      .waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("tab", { name: "Compare" }).click();
    await page.getByText("2,501 added, 0 removed, 3 changed, 1 the same.").waitFor(SHOWN);
    await page.getByRole("button", { name: /Changed a\.py/ }).click();
    await page.getByText("x = 2").waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("tab", { name: "Instruction" }).click();
    await page.getByText(MARKUP).first().waitFor(SHOWN);
    for (const tag of ["img", "script", "a[href^=javascript]", "[onerror]"])
      expect(await page.locator(`main ${tag}`).count()).toBe(0);
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    expect(problems).toEqual([]);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByLabel("Type 1.1.0 to go on").fill("1.1.0");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "shown" }).waitFor(SHOWN);
  });

  it("takes a folder and a zip archive that are dropped, and nothing else", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "console-"));
    const at = (name: string) => path.join(folder, name);
    try {
      await mkdir(at("dropped/data/deep"), { recursive: true });
      await mkdir(at("dropped/.git"));
      await writeFile(at("dropped/.git/HEAD"), "ref");
      await writeFile(at("dropped/task.yaml"), droppedManifest("2.1.0"));
      await writeFile(at("dropped/README.md"), "# Dropped\n");
      await writeFile(at("dropped/verify.sh"), SCRIPT["verify.sh"]);
      await writeFile(at("dropped/data/deep/a.txt"), "a");
      const archive = { "task.yaml": strToU8(droppedManifest("2.0.0")), "verify.sh": strToU8(SCRIPT["verify.sh"]) };
      await writeFile(at("dropped.zip"), zipSync(archive));
      await writeFile(at("notes.txt"), "Not a task");
      await openConsole(page, connection, "tasks/publish");
      const zone = page.getByRole("group", { name: "Task to publish" });
      await zone.waitFor(SHOWN);
      await dropOnto(zone, [at("notes.txt")]);
      await page.getByText("notes.txt is no zip archive.", { exact: false }).first().waitFor(SHOWN);
      await dropOnto(zone, [at("dropped"), at("dropped.zip")]);
      await page.getByText("Drop one folder or one zip archive.").first().waitFor(SHOWN);
      for (const [name, version] of [
        ["dropped.zip", "2.0.0"],
        ["dropped", "2.1.0"],
      ] as const) {
        await dropOnto(zone, [at(name)]);
        await expect.poll(() => page.getByLabel("Version").inputValue()).toBe(version);
        await page.getByRole("button", { name: "Publish" }).click();
        await page.getByText(`dropped ${version} is published`).waitFor(SHOWN);
      }
      await page.getByRole("link", { name: "See the task" }).click();
      await page.getByRole("tab", { name: "Files" }).click();
      await page.getByRole("treeitem", { name: /data/ }).waitFor(SHOWN);
      await page.getByText("4 files", { exact: true }).waitFor(SHOWN);
      expect(problems).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("shows what was sent to a webhook, and sends it again", async () => {
    const received: unknown[] = [];
    const receiver = createServer((request, response) => {
      request.setEncoding("utf8");
      let body = "";
      request.on("data", (text: string) => (body += text));
      request.on("end", () => {
        received.push(JSON.parse(body));
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    try {
      const address = receiver.address();
      if (address === null || typeof address === "string") throw new Error("The receiver has no port");
      const url = `http://127.0.0.1:${address.port}/hook`;
      await openConsole(page, connection, "administration/webhooks");
      await page.getByRole("button", { name: "New webhook" }).click();
      await page.getByLabel("Address").fill(url);
      await page.getByLabel("A task is created").check();
      await page.getByRole("button", { name: "Create", exact: true }).click();
      const secret = await page.getByLabel("Signing secret", { exact: true }).inputValue(SHOWN);
      await page.getByRole("button", { name: "I have kept it" }).click();
      expect(await page.content()).not.toContain(secret);
      const task = { title: "Told of", description: "Told of" };
      await callAs(connection, z.object({ id: z.string() }), "POST", "/api/projects/@current/tasks", task);
      await page.getByRole("link", { name: url }).click();
      await page.getByRole("row", { name: /flows\.tasks\.created Delivered/ }).waitFor(SHOWN);
      expect(await findBarriers(page)).toEqual([]);
      await page.getByRole("button", { name: "Look at flows.tasks.created" }).click();
      await page.getByRole("dialog", { name: "What is sent" }).getByText("flows.tasks.created").waitFor(SHOWN);
      expect(await findBarriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Deliver flows.tasks.created again" }).click();
      await page.getByRole("row", { name: /flows\.tasks\.created \(again\) Delivered/ }).waitFor(SHOWN);
      await expect.poll(() => received.length).toBe(2);
      expect(received[1]).toEqual(received[0]);
      expect(problems).toEqual([]);
    } finally {
      receiver.close();
    }
  });

  it("makes a task for an agent, and starts it", async () => {
    await openConsole(page, connection, "agent-tasks/new");
    await page.getByLabel("Title").fill(MARKUP);
    await page.getByLabel("Schema of the output").fill("[]");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("This is no JSON object.").waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel("Schema of the output").fill("");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: MARKUP }).waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
    await page.waitForURL(/\/runs\/[^/]+\/[^/]+$/, SHOWN);
    await page.getByRole("heading", { name: MARKUP }).waitFor(SHOWN);
    expect(problems).toEqual([]);
  });

  it("shows the secret of a new key once, and nothing is chosen for it", async () => {
    await openConsole(page, connection, "administration/keys");
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Name", { exact: true }).fill(MARKUP);
    expect(await page.getByRole("checkbox", { checked: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Make the key" }).click();
    await page.getByText("Choose at least one.").waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel("List and read tasks and runs").check();
    await page.getByRole("button", { name: "Make the key" }).click();
    const secret = await page.getByLabel("API key", { exact: true }).inputValue(SHOWN);
    expect(secret).toMatch(/^ty_/);
    await page.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("row", { name: MARKUP }).waitFor(SHOWN);
    expect(await page.content()).not.toContain(secret);
    await page.getByRole("button", { name: `Revoke ${MARKUP}` }).click();
    await page.getByRole("button", { name: "Revoke the key" }).click();
    await page.getByRole("row", { name: MARKUP }).waitFor({ ...SHOWN, state: "detached" });
    for (const part of ["users", "projects", "webhooks", "runners"]) {
      await openConsole(page, connection, `administration/${part}`);
      await page.getByRole("tabpanel").waitFor(SHOWN);
      expect(await findBarriers(page)).toEqual([]);
    }
    expect(problems).toEqual([]);
  });

  it("fits 390 pixels", async () => {
    await publish("narrow", "1.0.0", {
      "README.md": "# Narrow\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
      "a.csv": "x,y\n1,2\n",
    });
    const description = "A task of a narrow page";
    const task = await callAs(connection, z.object({ id: z.string() }), "POST", "/api/projects/@current/tasks", {
      title: description,
      description,
    });
    const parts = ["readme", "instruction", "files&file=a.csv", "versions", "compare", "manifest"];
    const narrow = await findNarrowProblems(page, connection, [
      "tasks",
      "tasks/publish",
      ...parts.map((part) => `tasks/registry/narrow?tab=${part}`),
      "agent-tasks",
      "agent-tasks/new",
      `agent-tasks/${task.id}`,
      ...["users", "keys", "projects", "webhooks", "runners"].map((part) => `administration/${part}`),
    ]);
    expect(narrow).toEqual([]);
  });
});
