/**
 * `npm run screenshots`: pictures of the console's pages, light and dark, in docs/console/, from a server of their own with
 * published tasks, runs, evaluations and environments.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium, type Page } from "playwright-core";
import { BROWSER_ARGUMENTS, findBrowser } from "../browser.ts";
import { PlainError, ROOT, runCommand } from "../command.ts";
import { createFirstOrganization } from "../first-organization.ts";
import type { Connection } from "../state-folder.ts";
import { withThrowAwayServer } from "../throw-away-server.ts";
import { type Filled, fillServer, type MadeEnvironment } from "./fill-server.ts";

const FOLDER = path.join(ROOT, "docs", "console");
const SIZE = { width: 1280, height: 800 };
/** Milliseconds for what a page asks for behind its first answer. */
const SETTLE_MS = 1_200;
const SHOWN = { timeout: 30_000 };

/** A page that a picture is made of. */
interface Picture {
  name: string;
  /** Below the project. */
  path: string;
  /** What is done in it before. */
  prepare?: (page: Page) => Promise<void>;
}

await runCommand(async (signal) => {
  const executablePath = await findBrowser();
  if (executablePath === undefined) throw new PlainError("The pictures need Chromium: install it, or set CHROMIUM.");
  await mkdir(FOLDER, { recursive: true });
  await withThrowAwayServer(signal, async (server, state) => {
    const connection = await createFirstOrganization(server, state, signal);
    const filled = await fillServer(connection, signal);
    const pictures = listPictures(filled);
    const browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
    try {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({ viewport: SIZE, colorScheme, reducedMotion: "reduce" });
        const shoot = (name: string) => page.screenshot({ path: path.join(FOLDER, `${name}-${colorScheme}.png`) });
        await page.goto(`${connection.base_url}/console/sign-in`);
        await page.getByLabel("API key").waitFor(SHOWN);
        await shoot("sign-in");
        await signIn(page, connection, [filled.embedded, filled.onRunner]);
        for (const { name, path: where, prepare } of pictures) {
          await page.goto(`${connection.base_url}/console/local/main/default/${where}`);
          await page.locator("h1").waitFor(SHOWN);
          await prepare?.(page);
          await page
            .locator("[role=status][aria-label^=Loading]")
            .first()
            .waitFor({ ...SHOWN, state: "detached" });
          await page.waitForTimeout(SETTLE_MS);
          await shoot(name);
        }
        await page.close();
      }
    } finally {
      await browser.close();
      await filled.runner.stop();
    }
    console.log(`docs/console has pictures of ${pictures.length + 1} pages, light and dark.`);
  });
});

async function signIn(page: Page, { base_url, api_key }: Connection, environments: MadeEnvironment[]): Promise<void> {
  await page.goto(`${base_url}/#key=${api_key}`);
  await page.waitForURL("**/console/local/main/default/runs");
  // As if this tab had made them.
  const tokens = JSON.stringify(Object.fromEntries(environments.map(({ id, token }) => [id, token])));
  await page.evaluate((entry) => sessionStorage.setItem("taskyard.environment-tokens", entry), tokens);
}

function listPictures({ task, run, evaluations: [first, second], embedded, onRunner }: Filled): Picture[] {
  return [
    { name: "runs", path: "runs" },
    { name: "run", path: `runs/${task}/${run}` },
    { name: "agent-tasks", path: "agent-tasks" },
    { name: "agent-task", path: `agent-tasks/${task}` },
    { name: "registry", path: "tasks" },
    { name: "task", path: "tasks/registry/hello-flag" },
    { name: "files", path: "tasks/registry/hello-flag?tab=files&file=data/hosts.csv" },
    {
      name: "versions",
      path: "tasks/registry/hello-flag?tab=compare",
      prepare: (page) => page.getByRole("button", { name: /Changed README/ }).click(SHOWN),
    },
    {
      name: "publish",
      path: "tasks/publish",
      prepare: (page) =>
        page.locator("input[type=file]:not([accept])").setInputFiles(path.join(ROOT, "examples", "hello-flag")),
    },
    { name: "evaluations", path: "evaluations" },
    { name: "evaluation", path: `evaluations/${first}` },
    {
      name: "item",
      path: `evaluations/${first}`,
      prepare: async (page) => {
        await page
          .getByRole("link", { name: /^Attempt 1/ })
          .first()
          .click(SHOWN);
        await page.getByRole("link", { name: "Open the run" }).waitFor(SHOWN);
      },
    },
    { name: "compare", path: `evaluations/compare?ids=${first},${second}` },
    {
      name: "new-evaluation",
      path: "evaluations/new",
      prepare: async (page) => {
        await page.getByLabel("Name").fill("Forensics, nightly");
        await page.getByLabel("Model").fill("none");
        await page.getByRole("button", { name: "+ hello-flag" }).click(SHOWN);
      },
    },
    { name: "environments", path: "environments" },
    { name: "environment", path: `environments/${embedded.id}` },
    { name: "terminal", path: `environments/${onRunner.id}?tab=terminal`, prepare: typeIntoTerminal },
    { name: "administration", path: "administration" },
    {
      name: "palette",
      path: "runs",
      prepare: async (page) => {
        await page.keyboard.press("Control+k");
        await page.getByRole("combobox", { name: "Find" }).fill("for");
        await page
          .getByRole("option", { name: /Forensics/ })
          .first()
          .waitFor(SHOWN);
      },
    },
  ];
}

/** A prompt that says nothing of this machine, and some commands. */
async function typeIntoTerminal(page: Page): Promise<void> {
  await page.getByLabel("Terminal input").focus(SHOWN);
  await page.keyboard.type("export PS1='$ ' LS_COLORS='di=1;34:ex=1;32'; clear\n");
  for (const command of ["ls --color -1", "head -4 data/hosts.csv", "grep -c part= data/access.log"]) {
    // What is typed before the prompt is there would be echoed twice.
    await page.waitForTimeout(SETTLE_MS);
    await page.keyboard.type(`${command}\n`);
  }
}
