/** What the first load costs: script, and time until the page takes input, on a slow machine. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { CDPSession, Page } from "playwright-core";
import { z } from "zod";
import { ROOT } from "../../scripts/command.ts";
import { summarize } from "../measure/statistics.ts";
import { formatNumber } from "../measure/table.ts";
import type { Row } from "./main.ts";

const SHOWN = { timeout: 60_000 };
/** How much slower the processor is made. */
const SLOWER = 4;
const ROUNDS = 5;
/** Milliseconds without a long task after which nothing more is expected. */
const QUIET_MS = 2_000;

/** KB (1,000 bytes, gzip) of the scripts that an address loads, until its heading is there and the network is quiet. */
async function scriptOf(page: Page, devtools: CDPSession, url: string): Promise<number> {
  const scripts = new Set<string>();
  const listen = (request: { url: () => string }) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith(".js")) scripts.add(pathname);
  };
  await devtools.send("Network.clearBrowserCache");
  await page.goto("about:blank");
  page.on("request", listen);
  await page.goto(url);
  await page.locator("h1").waitFor(SHOWN);
  await page.waitForTimeout(QUIET_MS);
  page.off("request", listen);
  const sizes = [...scripts].map(async (path) => gzipSync(await readFile(join(ROOT, ".assets", path))).byteLength);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1_000;
}

const tasks = z.object({ shown: z.number(), lastTask: z.number() });

/**
 * Milliseconds from the start of the navigation to `/console` until its list is shown and no task of 50 ms or more is in the way any
 * more, with nothing in the browser's cache.
 */
async function timeToInteractive(page: Page, devtools: CDPSession, baseUrl: string): Promise<number> {
  await devtools.send("Network.clearBrowserCache");
  await page.goto(`${baseUrl}/console`);
  await page.locator("h1").waitFor(SHOWN);
  await page.waitForTimeout(QUIET_MS);
  const { shown, lastTask } = tasks.parse(await page.evaluate("interactive"));
  return Math.max(shown, lastTask);
}

/** Runs in the page before its scripts. */
function watchTasks(): void {
  const seen = { shown: 0, lastTask: 0 };
  Reflect.set(window, "interactive", seen);
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.lastTask = startTime + duration;
  }).observe({ type: "longtask", buffered: true });
  new MutationObserver((_, observer) => {
    if (!document.querySelector("main table a")) return;
    seen.shown = performance.now();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
}

export async function measureFirstLoad(page: Page, devtools: CDPSession, baseUrl: string, run: string): Promise<Row[]> {
  const runs = await scriptOf(page, devtools, `${baseUrl}/console`);
  const runPage = await scriptOf(page, devtools, run);
  await page.addInitScript(watchTasks);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await timeToInteractive(page, devtools, baseUrl));
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  const { median, least, most } = summarize(times);
  return [
    ["script of the first load (goal: 200 KB)", `${formatNumber(runs)} KB gzip`],
    ["script of a run's page", `${formatNumber(runPage)} KB gzip`],
    [
      `interactive, CPU ${SLOWER} times slower (goal: 1,500 ms)`,
      `${formatNumber(median)} ms (${formatNumber(least)}–${formatNumber(most)}), ${ROUNDS} rounds`,
    ],
  ];
}
