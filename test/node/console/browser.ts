import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { z } from "zod";
import { BROWSER_ARGUMENTS, findBrowser } from "../../../scripts/browser.ts";
import type { Connection } from "../../../scripts/state-folder.ts";

export const executablePath = await findBrowser();

export function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new Error("There is no Chromium");
  return chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
}

/** Opens the console by the link that signs in, and then a page of the organization's project. */
export async function openConsole(
  page: Page,
  { base_url, api_key, org, workspace }: Connection,
  path = "runs",
): Promise<void> {
  await page.goto(`${base_url}/#key=${api_key}`);
  await page.waitForURL(`**/console/${org}/${workspace}/default/runs`);
  if (path !== "runs") await page.goto(`${base_url}/console/${org}/${workspace}/default/${path}`);
}

/** Drops files and folders of this machine onto an element, as a hand does. */
export async function dropOnto(target: Locator, files: string[]): Promise<void> {
  const page = target.page();
  const box = await target.boundingBox();
  if (!box) throw new Error("What is dropped onto is not shown");
  const devtools = await page.context().newCDPSession(page);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  // The mask says that they may be copied.
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x, y, data });
  }
  await devtools.detach();
}

const findingsSchema = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullish(),
      nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
    }),
  ),
});

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical findings of axe on the page as it is, each with the first element that it is about. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = findingsSchema.parse(await page.evaluate("axe.run(document, { resultTypes: ['violations'] })"));
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

/** What is wider than 390 pixels on these pages of the project, and what axe finds on them there, each with its page. */
export async function findNarrowProblems(page: Page, connection: Connection, paths: string[]): Promise<string[]> {
  await page.setViewportSize({ width: 390, height: 844 });
  await openConsole(page, connection);
  const { base_url, org, workspace } = connection;
  const problems: string[] = [];
  for (const path of paths) {
    await page.goto(`${base_url}/console/${org}/${workspace}/default/${path}`);
    await page.locator("h1").waitFor();
    await page.locator("[role=status][aria-label^=Loading]").first().waitFor({ state: "detached" });
    const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
    if (width > 390) problems.push(`${path}: ${width} pixels wide`);
    for (const barrier of await findBarriers(page)) problems.push(`${path}: ${barrier}`);
  }
  return problems;
}

/** Calls the API as the organization's admin; throws where the answer is no success. */
export async function callAs<T>(
  { base_url, api_key }: Connection,
  schema: z.ZodType<T>,
  method: string,
  path: string,
  json?: unknown,
): Promise<T> {
  const response = await fetch(`${base_url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${api_key}`, "Content-Type": "application/json" },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return schema.parse(await response.json());
}
