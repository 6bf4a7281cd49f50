/**
 * Makes `dist/cli` of src/cli: plain JavaScript for Node 20 and later, with everything in it. Each command is a file of its
 * own, which is loaded when it is called; `runner.js` is the runner.
 */
import { chmod, rm } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import manifest from "../package.json" with { type: "json" };
import { ROOT } from "./command.ts";

const OUTPUT = path.join(ROOT, "dist", "cli");

const PROGRAM = "taskyard.js";

/** The command line's program. */
export const CLI_PROGRAM = path.join(OUTPUT, PROGRAM);

/** Of packages that are CommonJS, which esbuild gives a `require` to call. */
const BANNER =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

/** Builds it anew, in the folder that is shipped or in another; says how many files and bytes it has. */
export async function buildCli(folder = OUTPUT): Promise<{ files: number; bytes: number }> {
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { taskyard: "src/cli/main.ts", runner: "src/runner/main.ts" },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    chunkNames: "parts/[name]-[hash]",
    define: { TASKYARD_VERSION: JSON.stringify(manifest.version) },
    banner: { js: BANNER },
    metafile: true,
  });
  await chmod(path.join(folder, PROGRAM), 0o755);
  const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes);
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

if (import.meta.main) {
  const { files, bytes } = await buildCli();
  console.log(`dist/cli: ${files} files, ${Math.round(bytes / 1000)} kB.`);
}
