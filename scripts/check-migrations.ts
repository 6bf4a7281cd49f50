/**
 * `npm run check:migrations`: fails when the schema has changes that no migration holds. Generates as drizzle.config.ts
 * says, but into a copy of migrations/, so that it changes nothing.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import drizzleConfig from "../drizzle.config.ts";
import { PlainError, ROOT, runCommand } from "./command.ts";

const DRIZZLE_KIT = path.join(ROOT, "node_modules", "drizzle-kit", "bin.cjs");

/** What drizzle-kit says when all is well. Its exit code tells nothing: it is 0 after most failures too. */
const IN_STEP = "No schema changes";
const REMEDY = "Run `npm run migrations -- --name <what-changes>` and commit what it writes.";

/** Milliseconds for drizzle-kit, which takes less than one second. */
const GENERATE_TIMEOUT_MS = 60_000;

await runCommand(async (signal) => {
  const folder = await mkdtemp(path.join(tmpdir(), "taskyard-migrations-"));
  const copy = path.join(folder, "migrations");
  try {
    await cp(path.join(ROOT, "migrations"), copy, { recursive: true });
    const before = await listMigrations(copy);
    const output = await generateMigration(copy, path.join(folder, "drizzle.config.json"), signal);
    if (output.includes(IN_STEP)) {
      console.log(`migrations/ holds the whole schema (${before.length} migration${before.length === 1 ? "" : "s"}).`);
      return;
    }
    const added = (await listMigrations(copy)).filter((name) => !before.includes(name));
    const missing = await Promise.all(added.map((name) => readFile(path.join(copy, name), "utf8")));
    const reason = missing.join("\n") || output;
    throw new PlainError(`The schema has changes that no migration holds:\n\n${reason}\n\n${REMEDY}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function listMigrations(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".sql"));
}

/** Generates what is missing into `folder`, by a configuration written to `config`; returns what drizzle-kit printed. */
async function generateMigration(folder: string, config: string, signal: AbortSignal): Promise<string> {
  await writeFile(config, JSON.stringify({ ...drizzleConfig, out: path.relative(ROOT, folder) }));
  const args = ["generate", `--config=${path.relative(ROOT, config)}`];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [DRIZZLE_KIT, ...args], {
    cwd: ROOT,
    signal,
    timeout: GENERATE_TIMEOUT_MS,
  });
  return stdout + stderr;
}
