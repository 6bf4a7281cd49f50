/**
 * `npm run bench:console [-- --entries 1000000 --files 100000]`: the console in Chromium, against a server of its own: a run's page with
 * so many entries, the files of a version with so many, and the first load. 0 leaves one out. By the browser's own counters.
 */
import { parseArgs } from "node:util";
import { chromium, type CDPSession, type Page } from "playwright-core";
import { BROWSER_ARGUMENTS, findBrowser } from "../../scripts/browser.ts";
import { PlainError, runCommand } from "../../scripts/command.ts";
import { createFirstOrganization } from "../../scripts/first-organization.ts";
import type { Connection } from "../../scripts/state-folder.ts";
import { withThrowAwayServer } from "../../scripts/throw-away-server.ts";
import { formatNumber, formatTable } from "../measure/table.ts";
import { makeRun, makeVersion } from "./fill.ts";
import { measureFirstLoad } from "./first-load.ts";
import { measureLog } from "./log.ts";
import { measureTree } from "./tree.ts";

/** What was measured, and what came out. */
export type Row = readonly [name: string, value: string];

const SIZE = { width: 1280, height: 800 };
/** Entries of the run whose page is loaded for its script, where no long one is asked for. */
const FEW = 100;

const { values } = parseArgs({
  options: { entries: { type: "string", default: "1000000" }, files: { type: "string", default: "100000" } },
});
const [entries, files] = [Number(values.entries), Number(values.files)];

await runCommand(async (signal) => {
  if (!(Number.isInteger(entries) && entries >= 0 && Number.isInteger(files) && (files === 0 || files >= 5_000)))
    throw new PlainError("--entries is a number from 0, and --files 0 or a number from 5000.");
  const executablePath = await findBrowser();
  if (executablePath === undefined) throw new PlainError("Chromium is needed: install it, or set CHROMIUM.");
  await withThrowAwayServer(signal, async (server, state) => {
    const connection = await createFirstOrganization(server, state, signal);
    const access = { baseUrl: connection.base_url, key: connection.api_key, signal };
    const begun = performance.now();
    const run = await makeRun(access, entries || FEW);
    const seconds = (performance.now() - begun) / 1_000;
    console.log(`The log was filled in ${formatNumber(seconds)} s.`);
    const version = files > 0 ? await makeVersion(access, connection.org, files) : undefined;
    const browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
    try {
      const { page, devtools } = await signIn(await browser.newPage({ viewport: SIZE }), connection);
      const place = `${connection.base_url}/console/${connection.org}/${connection.workspace}/default`;
      const rows: Row[] = [];
      if (entries > 0) rows.push(...(await measureLog(page, devtools, `${place}/${run}`, entries)));
      if (version !== undefined) rows.push(...(await measureTree(page, devtools, `${place}/${version}`, files)));
      rows.push(...(await measureFirstLoad(page, devtools, connection.base_url, `${place}/${run}`)));
      const title = `${formatNumber(entries)} entries, ${formatNumber(files)} files, Chromium ${browser.version()}`;
      console.log(`\n${formatTable([title, ""], rows)}`);
    } finally {
      await browser.close();
    }
  });
});

async function signIn(page: Page, { base_url, api_key }: Connection): Promise<{ page: Page; devtools: CDPSession }> {
  await page.goto(`${base_url}/#key=${api_key}`);
  await page.waitForURL("**/default/runs");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  await devtools.send("Network.enable");
  return { page, devtools };
}
