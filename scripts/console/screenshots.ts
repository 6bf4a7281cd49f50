/**
 * `npm run screenshots`: pictures of the console's pages, light and dark, in docs/console/, from a server of their own with
 * a published task, runs and evaluations.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium, type Page } from "playwright-core";
import { z } from "zod";
import { callApi, jsonOf } from "../api-client.ts";
import { BROWSER_ARGUMENTS, findBrowser } from "../browser.ts";
import { PlainError, ROOT, runCommand } from "../command.ts";
import { packExample } from "../example-archive.ts";
import { createFirstOrganization } from "../first-organization.ts";
import type { Connection } from "../state-folder.ts";
import { withThrowAwayServer } from "../throw-away-server.ts";
import { SAMPLE_ENTRIES } from "./sample-run.ts";

const FOLDER = path.join(ROOT, "docs", "console");
const SIZE = { width: 1280, height: 800 };
/** Milliseconds for what a page asks for. */
const SETTLE_MS = 3_000;
const EVALUATION_MS = 120_000;

const TASKS = "/api/projects/@current/tasks";
const withId = z.object({ id: z.string() });

/** Tasks that a team gives to agents, with the state that their latest run is in. */
const RUNS = [
  { title: "Translate the settings page", status: "cancelled", cost_usd: 0.02 },
  { title: "Write release notes for 4.2", status: "completed", cost_usd: 0.31 },
  { title: "Find the slow query of the orders page", status: "failed", cost_usd: 0.87 },
  { title: "Upgrade the payment client", status: "completed", cost_usd: 1.12 },
  { title: "Mend the rounding of checkout totals", status: "in_progress", cost_usd: 0.0841 },
];

await runCommand(async (signal) => {
  const executablePath = await findBrowser();
  if (executablePath === undefined) throw new PlainError("The pictures need Chromium: install it, or set CHROMIUM.");
  await mkdir(FOLDER, { recursive: true });
  await withThrowAwayServer(signal, async (server, state) => {
    const connection = await createFirstOrganization(server, state, signal);
    const pages = await fill(connection, signal);
    const browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
    try {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({ viewport: SIZE, colorScheme, reducedMotion: "reduce" });
        await signIn(page, connection);
        for (const [name, where] of Object.entries(pages)) {
          await page.goto(`${connection.base_url}/console/local/main/default/${where}`);
          await page.waitForTimeout(SETTLE_MS);
          await page.screenshot({ path: path.join(FOLDER, `${name}-${colorScheme}.png`) });
        }
        await page.close();
      }
    } finally {
      await browser.close();
    }
    console.log(`docs/console has pictures of ${Object.keys(pages).length} pages, light and dark.`);
  });
});

async function signIn(page: Page, { base_url, api_key }: Connection): Promise<void> {
  await page.goto(`${base_url}/#key=${api_key}`);
  await page.waitForURL("**/console/local/main/default/runs");
}

/** Fills the server, and returns the paths of the pages by the names of their pictures. */
async function fill(connection: Connection, signal: AbortSignal): Promise<Record<string, string>> {
  const access = { baseUrl: connection.base_url, key: connection.api_key, signal };
  const post = async (where: string, json: unknown, expect: number) =>
    withId.parse(jsonOf(await callApi(access, { method: "POST", path: where, json, expect })));
  const { bytes, name, version } = await packExample();
  await callApi(access, {
    method: "PUT",
    path: `/api/v1/org/local/tasks/${name}/versions/${version}`,
    bytes,
    expect: 201,
  });
  const evaluations = `/api/v1/org/local/ws/main/evaluation`;
  const made = [];
  for (const agent of ["oracle", "nop"]) {
    const request = {
      name: `hello-flag by ${agent}`,
      model: "none",
      task_names: [name],
      agent,
      attempts: 5,
      concurrency: 3,
    };
    made.push(await post(evaluations, request, 201));
  }
  const [first, second] = made;
  let run = "";
  for (const { title, status, cost_usd } of RUNS) {
    const task = await post(TASKS, { title, description: title, repository: "acme/storefront" }, 201);
    const fields = { status, environment: "cloud", branch: "fix/rounding", state: { mode: "background", cost_usd } };
    const made = await post(`${TASKS}/${task.id}/runs`, fields, 201);
    await post(`${TASKS}/${task.id}/runs/${made.id}/append_log`, { entries: SAMPLE_ENTRIES }, 200);
    run = `runs/${task.id}/${made.id}`;
  }
  const environment = await post(
    `/api/v1/org/local/ws/main/environments`,
    { task_ref: name, sandbox_provider: "embedded" },
    201,
  );
  for (const { id } of made) {
    // Ends with the evaluation.
    const events = await fetch(`${connection.base_url}${evaluations}/${id}/events`, {
      headers: { Authorization: `Bearer ${connection.api_key}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(EVALUATION_MS)]),
    });
    await events.text();
  }
  return {
    runs: "runs",
    run,
    evaluations: "evaluations",
    evaluation: `evaluations/${first?.id}`,
    compare: `evaluations/compare?ids=${first?.id},${second?.id}`,
    "new-evaluation": "evaluations/new",
    environments: "environments",
    environment: `environments/${environment.id}`,
    registry: "tasks",
    administration: "administration",
  };
}
