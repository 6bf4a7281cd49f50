/**
 * Builds the console (`console/`) into the folder that the Worker serves as static assets, when something that it is made
 * of has changed. Run by wrangler before each build; `npm run build:console` does it by hand.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { PlainError, ROOT, runCommand } from "./command.ts";

const BUILT = path.join(ROOT, ".assets", "console");
/** Where it is built: beside the folder that is served, so that nobody is served half of it. */
const WORK = path.join(ROOT, ".wrangler", "builds");
/** In the built folder: what it was built from. */
const STAMP = "built-from.txt";
/** What the console is made of. */
const SOURCES = ["console", "src/client", "package-lock.json", "scripts/build-console.ts"];

/** Resolves with whether it was built, or was up to date. Processes that build at once leave the same. */
export async function buildConsole(): Promise<boolean> {
  const stamp = await hashSources();
  if ((await readFile(path.join(BUILT, STAMP), "utf8").catch(() => "")) === stamp) return false;
  await mkdir(WORK, { recursive: true });
  const folder = await mkdtemp(path.join(WORK, "console-"));
  try {
    const { build } = await import("vite");
    await build({
      configFile: path.join(ROOT, "console", "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: folder, emptyOutDir: true },
    });
    await writeFile(path.join(folder, STAMP), stamp);
    await publish(folder, BUILT);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return true;
}

/**
 * Puts what was built into the folder that is served, in place: servers watch its files, and would lose sight of a folder that
 * takes its place. The page comes when all that it asks for is there, and what no page asks for goes last.
 */
async function publish(from: string, to: string): Promise<void> {
  const [fresh, pages] = [path.join(from, "assets"), path.join(to, "assets")];
  await cp(fresh, pages, { recursive: true });
  for (const name of ["icon.svg", "index.html", STAMP]) await cp(path.join(from, name), path.join(to, name));
  const wanted = new Set(await readdir(fresh));
  for (const name of await readdir(pages)) if (!wanted.has(name)) await rm(path.join(pages, name), { force: true });
}

/** A digest of the sources' names and contents. */
async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const file of await filesOf(source)) {
      hash
        .update(`${file}\0`)
        .update(await readFile(path.join(ROOT, file)))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

/** The file itself, or the files below the folder, in a fixed order. */
async function filesOf(source: string): Promise<string[]> {
  if (path.extname(source) !== "") return [source];
  const entries = await readdir(path.join(ROOT, source), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name))).sort();
}

if (import.meta.main) {
  await runCommand(async () => {
    const startedAt = performance.now();
    const { buildAssets } = await import("./build-assets.ts");
    await buildAssets();
    const isNew = await buildConsole().catch((error: unknown) => {
      throw new PlainError(`The console could not be built:\n\n${String(error)}`);
    });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(isNew ? `The console was built in ${seconds} s.` : "The console is up to date.");
  });
}
