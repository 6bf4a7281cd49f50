/**
 * Copies what the docs page needs out of node_modules into the folder that the Worker serves as static assets,
 * so that `/docs` loads nothing from other hosts. Run by the test set-up; by wrangler before each build, with the console.
 */
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "..");
const SWAGGER_FILES = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/** Fills `.assets/docs`. Safe to run again and beside a running server. */
export async function buildAssets(): Promise<void> {
  const from = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const to = path.join(ROOT, ".assets", "docs");
  await mkdir(to, { recursive: true });
  await Promise.all([
    ...SWAGGER_FILES.map((name) => copyFile(path.join(from, name), path.join(to, name))),
    copyFile(path.join(import.meta.dirname, "docs-page", "start.js"), path.join(to, "start.js")),
  ]);
}

if (import.meta.main) {
  await buildAssets();
  const { buildConsole } = await import("./build-console.ts");
  await buildConsole();
}
