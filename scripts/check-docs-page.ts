/**
 * `npm run test:docs`: opens the docs page in Chromium and fails unless it shows every operation of the document,
 * loads nothing from other hosts, reports no error, prefills what a local server has, keeps the key in the tab and filters. `npm run test:docs -- page.png` keeps a picture of it.
 */
import { chromium, type Page } from "playwright-core";
import { z } from "zod";
import { BROWSER_ARGUMENTS, findBrowser, watchForProblems } from "./browser.ts";
import { PlainError, runCommand } from "./command.ts";
import { withThrowAwayServer } from "./throw-away-server.ts";

/** Milliseconds for the page to show its operations. */
const RENDER_TIMEOUT_MS = 30_000;
/** How far the page is scrolled at a time, and milliseconds that it then has to draw. */
const SCROLL_PIXELS = 800;
const SCROLL_MS = 150;

const EXAMPLE_KEY = "tyk_example";

const HTTP_METHODS = new Set(["get", "put", "post", "delete", "patch", "head", "options"]);
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

await runCommand(async (signal) => {
  const executablePath = await findBrowser();
  if (executablePath === undefined)
    throw new PlainError("This check needs Chromium or Chrome: install it, or set CHROMIUM to its executable file.");
  await withThrowAwayServer(signal, async ({ baseUrl }) => {
    const expected = await countOperations(`${baseUrl}/openapi.json`, signal);
    const browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
      const problems = watchForProblems(page, baseUrl);
      await page.goto(`${baseUrl}/docs`);
      const operations = page.locator(".opblock");
      await operations.first().waitFor({ timeout: RENDER_TIMEOUT_MS });
      const shown = await countShown(page);
      if (shown !== expected) problems.push(`shows ${shown} of ${expected} operations`);
      await operations.first().click();
      await page.locator(".opblock.is-open .responses-wrapper").first().waitFor({ timeout: RENDER_TIMEOUT_MS });
      const filled = await page.locator(".parameters tr[data-param-in=query] input:not([value=''])").count();
      if (filled > 0) problems.push(`fills in ${filled} optional parameter(s) of the first operation`);
      problems.push(...(await checkExamples(page)), ...(await checkKeptKey(page)), ...(await checkFilter(page)));
      const picture = process.argv[2];
      if (picture !== undefined) await page.screenshot({ path: picture });
      if (problems.length > 0) throw new PlainError(`The docs page has problems:\n  ${problems.join("\n  ")}`);
      console.log(`The docs page shows ${shown} operations and loads nothing from other hosts.`);
    } finally {
      await browser.close();
    }
  });
});

/** How many operations the page shows from its beginning to its end: of a large document it draws those alone that are in sight. */
async function countShown(page: Page): Promise<number> {
  const seen = new Set<string>();
  for (let top = 0, height = 1; top < height; top += SCROLL_PIXELS) {
    await page.evaluate(`scrollTo(0, ${top})`);
    await page.waitForTimeout(SCROLL_MS);
    for (const id of await page.locator(".opblock").evaluateAll((blocks) => blocks.map(({ id }) => id))) seen.add(id);
    height = z.number().parse(await page.evaluate("document.body.scrollHeight"));
  }
  await page.evaluate("scrollTo(0, 0)");
  return seen.size;
}

/** Path parameters are prefilled with what a local server has. */
async function checkExamples(page: Page): Promise<string[]> {
  const operation = page.locator("#operations-Task_registry-listTaskFiles");
  if ((await operation.locator(".parameters").count()) === 0)
    await operation.locator(".opblock-summary-control").click();
  const org = page.locator("#operations-Task_registry-listTaskFiles tr[data-param-name=org] input").first();
  const value = await org.inputValue({ timeout: RENDER_TIMEOUT_MS });
  return value === "local" ? [] : [`prefills the organization with ${value}`];
}

/** A key that was entered is there after a reload of the tab, and in no URL. */
async function checkKeptKey(page: Page): Promise<string[]> {
  await page.locator(".auth-wrapper .authorize").first().click();
  await page.locator(".auth-container input").first().fill(EXAMPLE_KEY);
  await page.locator(".auth-btn-wrapper .authorize").first().click();
  const address = page.url();
  await page.reload();
  await page.locator(".auth-wrapper .authorize.locked").first().waitFor({ timeout: RENDER_TIMEOUT_MS });
  return address.includes(EXAMPLE_KEY) || page.url().includes(EXAMPLE_KEY) ? ["has the key in its URL"] : [];
}

/** The filter finds operations by their summaries, and leaves the others out. */
async function checkFilter(page: Page): Promise<string[]> {
  await page.locator(".operation-filter-input").fill("readme");
  await page
    .locator("#operations-Task_registry-listTaskFiles")
    .waitFor({ state: "detached", timeout: RENDER_TIMEOUT_MS });
  const found = await page.locator(".opblock").count();
  return found === 1 ? [] : [`finds ${found} operations by "readme", not one`];
}

async function countOperations(url: string, signal: AbortSignal): Promise<number> {
  const { paths } = documentSchema.parse(await (await fetch(url, { signal })).json());
  return Object.values(paths).flatMap((item) => Object.keys(item).filter((key) => HTTP_METHODS.has(key))).length;
}
