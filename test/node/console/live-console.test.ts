/** The console in Chromium, against the server of all live tests. */
import { rm } from "node:fs/promises";
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { packExample } from "../../../scripts/example-archive.ts";
import { watchForProblems } from "../../../scripts/browser.ts";
import { SAMPLE_ENTRIES } from "../../../scripts/console/sample-run.ts";
import type { Connection } from "../../../scripts/state-folder.ts";
import { createLiveOrganization } from "../live-organization.ts";
import { ISOLATION } from "../runner/live-world.ts";
import { startRunner } from "../runner/live.ts";
import { callAs, executablePath, findBarriers, findNarrowProblems, launch, openConsole } from "./browser.ts";

const TASKS = "/api/projects/@current/tasks";
const withId = z.object({ id: z.string() });

/** Milliseconds for something to be shown, on a machine that does other things too. */
const SHOWN = { timeout: 30_000 };

if (executablePath === undefined) {
  if (process.env["CI"] === "true") throw new Error("There is no Chromium to try the console in");
  process.stdout.write(
    "The console is not tried in a browser: there is no Chromium. Install it, or set CHROMIUM to its executable file.\n",
  );
}

const line = (message: string, level = "info") => ({
  type: "notification",
  timestamp: "2026-11-01T09:30:00Z",
  notification: { jsonrpc: "2.0", method: "_posthog/console", params: { level, message } },
});

const update = (fields: object) => ({
  type: "notification",
  notification: { jsonrpc: "2.0", method: "session/update", params: { update: fields } },
});

describe.skipIf(executablePath === undefined)("the console", () => {
  let connection: Connection;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    connection = await createLiveOrganization("console");
    browser = await launch();
    const { bytes, name, version } = await packExample();
    const published = await fetch(
      `${connection.base_url}/api/v1/org/${connection.org}/tasks/${name}/versions/${version}`,
      {
        method: "PUT",
        headers: { Authorization: `Bearer ${connection.api_key}`, "Content-Type": "application/zip" },
        body: bytes,
      },
    );
    if (published.status !== 201) throw new Error(`The example was not published: ${await published.text()}`);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    problems = watchForProblems(page, connection.base_url);
  });
  afterEach(() => page.context().close());

  async function makeRun(title: string, entries: readonly object[], fields: object = {}) {
    const task = await callAs(connection, withId, "POST", TASKS, { title, description: title });
    const run = await callAs(connection, withId, "POST", `${TASKS}/${task.id}/runs`, {
      status: "in_progress",
      ...fields,
    });
    const path = `${TASKS}/${task.id}/runs/${run.id}`;
    const append = (more: readonly object[]) =>
      callAs(connection, withId, "POST", `${path}/append_log`, { entries: more });
    if (entries.length > 0) await append(entries);
    return { page: `runs/${task.id}/${run.id}`, path, append };
  }

  it("is served with a policy that lets no script but its own run, beside the API", async () => {
    const { base_url } = connection;
    const deep = await fetch(`${base_url}/console/acme/main/default/runs/some/run`);
    expect(deep.status).toBe(200);
    const policy = deep.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(await (await fetch(base_url)).text()).toBe(await deep.text());
    expect((await fetch(`${base_url}/console/assets/nothing.js`)).status).toBe(404);
    expect((await fetch(`${base_url}/nothing`)).status).toBe(404);
    expect((await fetch(`${base_url}/openapi.json`)).headers.get("content-type")).toContain("application/json");
    expect(await (await fetch(`${base_url}/docs`)).text()).toContain("swagger-ui");
  });

  it("signs in with a key, which no address ever has", async () => {
    const { base_url, org, api_key } = connection;
    const addresses: string[] = [];
    page.on("framenavigated", (frame) => addresses.push(frame.url()));
    page.on("request", (request) => addresses.push(request.url()));
    await page.goto(`${base_url}/console/${org}/main/default/evaluations`);
    await page.getByLabel("API key").fill("ty_wrong");
    await page.keyboard.press("Enter");
    await page.getByText(/key/i).nth(1).waitFor(SHOWN);
    await expect.poll(() => page.getByLabel("API key").getAttribute("aria-invalid")).toBe("true");
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel("API key").fill(api_key);
    await page.keyboard.press("Enter");
    // It goes on to where one wanted to go.
    await page.getByRole("heading", { level: 1, name: "Evaluations" }).waitFor(SHOWN);
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Evaluations" }).waitFor(SHOWN);
    expect(await page.evaluate("localStorage.length")).toBe(0);
    expect(addresses.filter((address) => address.includes(api_key))).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor(SHOWN);
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("takes the key of a link out of the address at once, and loads nothing from elsewhere", async () => {
    await makeRun("A run to be listed", SAMPLE_ENTRIES);
    await openConsole(page, connection);
    expect(page.url()).not.toContain(connection.api_key);
    expect(await page.evaluate("history.length")).toBeLessThanOrEqual(2);
    await page.getByRole("link", { name: "A run to be listed" }).waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("shows a run live, and misses and repeats nothing when its connection is cut", async () => {
    const run = await makeRun(
      "Cut and catch up",
      Array.from({ length: 50 }, (_, at) => line(`before ${at}`)),
    );
    const sockets: WebSocketRoute[] = [];
    let isCut = false;
    await page.routeWebSocket(/\/stream\?/, (socket) => {
      if (isCut) void socket.close({ code: 3_001 });
      else {
        sockets.push(socket);
        socket.connectToServer();
      }
    });
    await openConsole(page, connection, run.page);
    await page.getByText("before 49").waitFor(SHOWN);
    await page.getByText("Live", { exact: true }).waitFor(SHOWN);
    await run.append([line("as it happens")]);
    await page.getByText("as it happens").waitFor(SHOWN);
    isCut = true;
    for (const socket of sockets.splice(0)) await socket.close({ code: 3_001 });
    await page.getByText(/Connecting again; nothing will be missed/).waitFor(SHOWN);
    await run.append(Array.from({ length: 40 }, (_, at) => line(`meanwhile ${at}`)));
    isCut = false;
    await page.getByText("meanwhile 39").waitFor(SHOWN);
    await run.append([line("and afterwards")]);
    await page.getByText("and afterwards").waitFor(SHOWN);
    await expect.poll(() => page.locator("[data-entries]").getAttribute("data-entries")).toBe("92");
    // What is on the screen has each entry once, in order.
    const shown = await page
      .locator("[data-entry]")
      .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-entry"))));
    expect(shown.at(-1)).toBe(91);
    expect(shown).toEqual(Array.from({ length: shown.length }, (_, at) => 92 - shown.length + at));
    await page.getByLabel("Search the log").fill("meanwhile");
    await page.getByText("1 of 40 matches").waitFor(SHOWN);
  });

  it("renders messages, tool calls, differences and colours, searches and filters", async () => {
    const run = await makeRun("Readable", SAMPLE_ENTRIES, { state: { cost_usd: 0.5 } });
    await openConsole(page, connection, run.page);
    await page.getByText("The total is rounded once now").waitFor(SHOWN);
    await page.getByText("return round(lines.reduce", { exact: false }).first().waitFor(SHOWN);
    const link = page.getByRole("link", { name: /change/ });
    expect(await link.getAttribute("rel")).toContain("noopener");
    expect(await link.textContent()).toContain("(example.com)");
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel("Level").selectOption("error");
    await page.getByText("Test run ended with exit code 1").waitFor(SHOWN);
    expect(await page.locator("[data-entry]").count()).toBe(2);
    await page.getByLabel("Level").selectOption("");
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByText("cost_usd").first().waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("shows what is hostile as the text that it is", async () => {
    const markup = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>";
    const message = `${markup} [go](javascript:window.pwned=1) ![p](https://evil.example/p.png) <a href="https://evil.example" onclick="pwned=1">here</a>`;
    const run = await makeRun(`Title ${markup}`, [
      line(`${markup} in a line`),
      line(`\u001B[31m${markup}\u001B[0m\u001B]8;;javascript:window.pwned=1\u0007link\u001B]8;;\u0007`, "error"),
      update({ sessionUpdate: "agent_message", content: { type: "text", text: message } }),
      update({
        sessionUpdate: "tool_call",
        toolCallId: markup,
        title: markup,
        status: markup,
        rawInput: { [markup]: markup },
        content: [{ type: "diff", path: markup, oldText: markup, newText: `${markup}\n` }],
      }),
      { type: markup, level: markup, message: markup },
      {
        notification: {
          method: "_posthog/permission_request",
          params: { requestId: 1, options: [{ optionId: markup, name: markup }] },
        },
      },
      { notification: null, __proto__: { polluted: true } },
    ]);
    await openConsole(page, connection, run.page);
    await page.getByText("in a line").waitFor(SHOWN);
    await page.getByRole("button", { name: markup }).waitFor(SHOWN);
    for (const tag of ["img", "script", "a[href^=javascript]", "[onerror]", "[onclick]"]) {
      expect(await page.locator(`main ${tag}`).count()).toBe(0);
    }
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    expect(await page.title()).toContain("<script>");
    // The JSON as it was sent.
    await page.locator("[data-entry='0']").hover();
    await page.locator("[data-entry='0']").getByRole("button", { name: "Show the JSON" }).click();
    await page.getByText('"method":"_posthog/console"').waitFor(SHOWN);
    expect(problems).toEqual([]);
  });

  it("is walked through by the keyboard alone", async () => {
    await makeRun("Reached by keys", SAMPLE_ENTRIES);
    await openConsole(page, connection);
    await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor(SHOWN);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find" }).waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.type("Reached by");
    await page.getByRole("option", { name: /Reached by keys Run of/ }).waitFor(SHOWN);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Reached by keys" }).waitFor(SHOWN);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.matches(':focus-visible')")).toBe(true);
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor(SHOWN);
  });

  it("fits 390 pixels", async () => {
    const run = await makeRun("Narrow", SAMPLE_ENTRIES, { output: { narrow: "x".repeat(200) } });
    const [task] = run.page.split("/").slice(1);
    const paths = ["runs", `runs/${task}`, run.page, `${run.page}?tab=details`, `${run.page}?tab=artifacts`];
    expect(await findNarrowProblems(page, connection, paths)).toEqual([]);
  });

  it("types into a terminal on a runner, and goes on where it was when the connection is cut", async () => {
    const key = await callAs(connection, z.object({ key: z.string() }), "POST", "/api/v1/user/api-keys", {
      name: "runner",
      allowed_scopes: ["runner"],
    });
    const { compiled } = inject("liveServer");
    const runner = await startRunner(
      { connection, compiled, proxyUrl: connection.base_url, runnerKey: key.key },
      ISOLATION,
    );
    try {
      const sockets: WebSocketRoute[] = [];
      await page.routeWebSocket(/\/terminals?\b/, (socket) => {
        sockets.push(socket);
        socket.connectToServer();
      });
      await openConsole(page, connection, "environments");
      await page.getByRole("button", { name: "New environment" }).click();
      await page.getByLabel("Task").fill("hello-flag");
      await page.getByLabel("Sandbox").selectOption("runner");
      await page.getByRole("button", { name: "Provision" }).click();
      await page.locator("h1").getByText("Ready").waitFor(SHOWN);
      await page.getByRole("tab", { name: "Terminal" }).click();
      const screen = page.getByRole("tabpanel", { name: "Terminal" });
      const rows = screen.locator(".xterm-rows");
      await page.getByLabel("Terminal input").focus();
      await page.keyboard.type("count=41; echo counted $((count + 1))\n");
      await rows.getByText("counted 42").waitFor(SHOWN);
      expect(await findBarriers(page)).toEqual([]);
      for (const socket of sockets.splice(0)) await socket.close({ code: 3_001 });
      await page.keyboard.type("echo and then $((count + 2))\n");
      await rows.getByText("and then 43").waitFor(SHOWN);
      expect(sockets.length).toBe(1);
      expect((await rows.innerText()).match(/counted 42/g)).toHaveLength(1);
      expect(problems).toEqual([]);
    } finally {
      await runner.kill("SIGTERM");
      await rm(runner.workFolder, { recursive: true, force: true });
    }
  });

  it("makes an evaluation and watches it to its end", async () => {
    await openConsole(page, connection, "evaluations/new");
    await page.getByLabel("Name").fill("From the console");
    await page.getByLabel("Model").fill("none");
    await page.getByRole("button", { name: "+ hello-flag" }).click();
    await page.getByLabel("Attempts").fill("2");
    await page.getByText("attempts", { exact: false }).first().waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("button", { name: /Begin 2 items/ }).click();
    await page.getByRole("heading", { level: 1, name: "From the console" }).waitFor(SHOWN);
    await page.getByRole("link", { name: /Attempt 2: Passed/ }).waitFor({ timeout: 60_000 });
    await page.locator("h1").getByText("Completed").waitFor({ timeout: 60_000 });
    expect(await findBarriers(page)).toEqual([]);
    const address = page.url();
    const item = (await page.getByRole("link", { name: /Attempt 1: Passed/ }).getAttribute("href")) ?? "";
    await page.getByRole("link", { name: /Attempt 1: Passed/ }).click();
    await page.getByRole("link", { name: "Open the run" }).click();
    await page.getByRole("tab", { name: "Log" }).waitFor(SHOWN);
    const list = `/api/v1/org/${connection.org}/ws/${connection.workspace}/evaluation`;
    const evaluation = new URL(address).pathname.split("/").at(-1);
    const again = await callAs(connection, withId, "POST", list, {
      name: "Once more",
      model: "none",
      task_names: ["hello-flag"],
    });
    const paths = [
      "evaluations",
      "evaluations/new",
      `evaluations/${evaluation}`,
      item.split("/default/")[1] ?? "",
      `evaluations/compare?ids=${evaluation},${again.id}`,
    ];
    expect(await findNarrowProblems(page, connection, paths)).toEqual([]);
  });

  it("provisions an environment, runs a command in it and looks at a file", async () => {
    await openConsole(page, connection, "environments");
    await page.getByRole("button", { name: "New environment" }).click();
    await page.getByLabel("Task").fill("hello-flag");
    await page.getByLabel("Sandbox").selectOption("embedded");
    await page.getByRole("button", { name: "Provision" }).click();
    await page.getByRole("tab", { name: "Commands" }).click();
    await page.getByLabel("Command", { exact: true }).fill("echo 6 times 7 is $((6 * 7))");
    await page.keyboard.press("Enter");
    await page.getByText("6 times 7 is 42").waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("tab", { name: "Files" }).click();
    await page.getByRole("button", { name: "README.md" }).first().click();
    await page.getByRole("region", { name: "Preview of README.md" }).waitFor(SHOWN);
    expect(await findBarriers(page)).toEqual([]);
    const parts = ["about", "commands", "files", "ports", "logs"];
    const environment = `environments/${new URL(page.url()).pathname.split("/").at(-1)}`;
    const narrow = await findNarrowProblems(page, connection, [
      "environments",
      ...parts.map((part) => `${environment}?tab=${part}`),
    ]);
    expect(narrow).toEqual([]);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.locator("h1").getByText("Torn down").waitFor(SHOWN);
    expect(problems).toEqual([]);
  });
});
