/**
 * `npm run test:snippets`: runs every line of shell in README.md and docs/ as it stands there, a page after the other, each
 * as one session of bash on a server that is thrown away. Fails on a command that fails, and on an answer of 400 and more that
 * the page does not mean to show. Fences with `sh elsewhere` need an account, a secret or a fresh clone: they are listed.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { callApi } from "./api-client.ts";
import { PlainError, ROOT, runCommand } from "./command.ts";
import { packExample } from "./example-archive.ts";
import { createFirstOrganization } from "./first-organization.ts";
import { startProcessGroup } from "./process-group.ts";
import { type Snippet, snippetsOf, toSession } from "./snippets.ts";
import type { Connection, StateFolder } from "./state-folder.ts";
import { withThrowAwayServer } from "./throw-away-server.ts";

/** What begins with an empty deployment, and so has a server of its own. */
const ALONE = ["docs/administration.md"];

/** Answers that a page means to show. */
const MEANT: Readonly<Record<string, readonly number[]>> = { "docs/administration.md": [401] };

/** Milliseconds that a page may take. */
const PAGE_MS = 90_000;

await runCommand(async (signal) => {
  const pages = ["README.md", ...(await readdir(path.join(ROOT, "docs"))).map((name) => `docs/${name}`)];
  const found = await Promise.all(
    pages
      .filter((page) => page.endsWith(".md"))
      .map(async (page) => ({ page, snippets: snippetsOf(await readFile(path.join(ROOT, page), "utf8")) })),
  );
  const toRun = found.filter(({ snippets }) => snippets.some(({ kind }) => kind !== "elsewhere"));
  const together = toRun.filter(({ page }) => !ALONE.includes(page));
  await onServer(signal, together);
  for (const one of toRun.filter(({ page }) => ALONE.includes(page))) await onServer(signal, [one]);
  const all = found.flatMap(({ page, snippets }) => snippets.map((snippet) => ({ page, ...snippet })));
  const left = all.filter(({ kind }) => kind === "elsewhere");
  console.log(
    `${all.length - left.length} snippets of ${toRun.length} pages work. Not run here, because they need more:`,
  );
  for (const { page, line, text } of left) console.log(`  ${page}:${line}  ${text.split("\n", 1)[0]}`);
});

async function onServer(signal: AbortSignal, pages: readonly { page: string; snippets: Snippet[] }[]): Promise<void> {
  await withThrowAwayServer(signal, async (server, state) => {
    const isAlone = pages.some(({ page }) => ALONE.includes(page));
    const connection = isAlone ? undefined : await createFirstOrganization(server, state, signal);
    const folder = await mkdtemp(path.join(tmpdir(), "taskyard-snippets-"));
    try {
      const prelude = await prepare(folder, state, connection ?? { base_url: server.baseUrl }, signal);
      for (const { page, snippets } of pages) await runPage(page, snippets, folder, prelude, server.baseUrl);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Lays out what a clone has, and what pages take for granted; returns the variables that they name. */
async function prepare(
  folder: string,
  state: StateFolder,
  connection: Partial<Connection> & Pick<Connection, "base_url">,
  signal: AbortSignal,
): Promise<string> {
  for (const name of ["package.json", "node_modules", "src", "examples"]) {
    await symlink(path.join(ROOT, name), path.join(folder, name));
  }
  const example = await packExample();
  await mkdir(path.join(folder, ".taskyard"));
  await writeFile(path.join(folder, ".taskyard/dev.json"), JSON.stringify(connection));
  await writeFile(path.join(folder, `.taskyard/${example.name}-${example.version}.zip`), example.bytes);
  await writeFile(path.join(folder, "data.bin"), "some data");
  await mkdir(path.join(folder, "bin"));
  const program = `#!/bin/sh\nexec ${process.execPath} ${path.join(ROOT, "src/cli/main.ts")} "$@"\n`;
  await writeFile(path.join(folder, "bin", "taskyard"), program, { mode: 0o755 });
  const settings = await readFile(state.settings, "utf8");
  const variables = [
    `URL=${connection.base_url}`,
    ...settings.split("\n").filter((line) => line.startsWith("BOOTSTRAP_SECRET=")),
  ];
  if (connection.api_key === undefined) return variables.join("\n");
  const { base_url: baseUrl, api_key: key } = connection;
  const make = async (pathname: string, json: object): Promise<Record<string, unknown>> => {
    const answer = await callApi({ baseUrl, key, signal }, { method: "POST", path: pathname, json, expect: 201 });
    return JSON.parse(new TextDecoder().decode(answer.body));
  };
  const tasks = "/api/projects/@current/tasks";
  const task = await make(`${tasks}/`, { description: "Look at the docs" });
  // One that has ended: its stream ends.
  const run = await make(`${tasks}/${String(task["id"])}/runs/`, { status: "completed" });
  return [
    ...variables,
    `KEY=${key}`,
    // The command line, with settings of its own.
    "export TASKYARD_CONFIG=$PWD/taskyard.json XDG_STATE_HOME=$PWD/state PATH=$PWD/bin:$PATH",
    `TASK=${String(task["id"])}`,
    `RUN=${String(run["id"])}`,
    `NUMBER=${String(task["task_id"])}`,
    "zip -q task.zip data.bin",
  ].join("\n");
}

async function runPage(
  page: string,
  snippets: readonly Snippet[],
  cwd: string,
  prelude: string,
  baseUrl: string,
): Promise<void> {
  const session = toSession(prelude, snippets).replaceAll("http://127.0.0.1:8787", baseUrl);
  const bash = startProcessGroup("bash", ["-c", session], { cwd, env: { ...process.env } });
  const answers: string[] = [];
  bash.onLine((line) => void (line.startsWith("HTTP ") && answers.push(line)));
  const timer = setTimeout(() => void bash.stop(), PAGE_MS);
  const exitCode = await bash.ended;
  clearTimeout(timer);
  const meant = MEANT[page] ?? [];
  const refused = answers.filter(
    (line) => Number(line.split(" ")[1]) >= 400 && !meant.includes(Number(line.split(" ")[1])),
  );
  if (exitCode !== 0 || refused.length > 0) {
    throw new PlainError(`${page}: ${refused.join("\n") || `ended with ${exitCode}`}\n\n${bash.output()}`);
  }
  console.log(`${page}: ${snippets.filter(({ kind }) => kind !== "elsewhere").length} snippets`);
}
