/** What the checks of pages share: the browser on this machine, and what a page does that it should not. */
import { access, constants } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";

/** Names under which Chromium and Chrome are installed. */
const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Root has no sandbox of Chromium's; what is opened is this server's own. */
export const BROWSER_ARGUMENTS = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/** The browser named by CHROMIUM, or the first one on the PATH; undefined where there is none. */
export async function findBrowser(): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const onPath = BROWSERS.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  for (const file of [process.env["CHROMIUM"] ?? "", ...onPath]) {
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}

/** Collects what the page asks of other hosts, and what it reports as an error: a broken policy is one. */
export function watchForProblems(page: Page, baseUrl: string): string[] {
  const problems: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== baseUrl) problems.push(`asks ${url.origin}: ${url.href}`);
  });
  page.on("requestfailed", (request) => {
    // A page that is left gives up what it was still loading.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") problems.push(`cannot load ${request.url()}`);
  });
  page.on("response", (response) => {
    if (!response.ok() && response.status() !== 304) problems.push(`got ${response.status()} for ${response.url()}`);
  });
  page.on("pageerror", (error) => problems.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console: ${message.text()}`);
  });
  return problems;
}
