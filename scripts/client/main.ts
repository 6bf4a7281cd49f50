/**
 * `npm run generate:client` writes src/client/generated from the OpenAPI document, which it builds without a server;
 * `npm run check:client` (`--check`) fails where what is there is not what would be written.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire, registerHooks } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { PlainError, ROOT, runCommand } from "../command.ts";
import { buildClientDocument, type ClientDocument } from "./document.ts";
import { writeOperations } from "./operations.ts";

const GENERATED = path.join(ROOT, "src", "client", "generated");

await runCommand(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "taskyard-client-"));
  try {
    const files = await generate(buildClientDocument(), folder);
    if (process.argv.includes("--check")) await check(files);
    else await write(files);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** File names and texts. The types are made by openapi-ts, in a folder that it may empty. */
async function generate(document: ClientDocument, folder: string): Promise<Map<string, string>> {
  const { createClient } = await importGenerator();
  await createClient({
    input: { ...document },
    output: { path: folder, clean: true },
    logs: { level: "silent" },
    parser: { filters: { orphans: false } },
    plugins: ["@hey-api/typescript"],
  });
  return new Map([
    ["types.gen.ts", await readFile(path.join(folder, "types.gen.ts"), "utf8")],
    ["operations.gen.ts", writeOperations(document)],
  ]);
}

/**
 * openapi-ts makes its output by TypeScript's own programming interface, which TypeScript 7 does not have. The one of
 * TypeScript 6 comes with @ts-morph/common, which brings no second `tsc` into node_modules/.bin.
 */
async function importGenerator(): Promise<typeof import("@hey-api/openapi-ts")> {
  const typescript = createRequire(import.meta.url).resolve("@ts-morph/common/dist/typescript.js");
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "typescript"
        ? { url: pathToFileURL(typescript).href, format: "commonjs", shortCircuit: true }
        : next(specifier, context),
  });
  return await import("@hey-api/openapi-ts");
}

async function write(files: Map<string, string>): Promise<void> {
  await mkdir(GENERATED, { recursive: true });
  for (const name of await readdir(GENERATED)) if (!files.has(name)) await rm(path.join(GENERATED, name));
  for (const [name, text] of files) await writeFile(path.join(GENERATED, name), text);
  console.log(`src/client/generated: ${[...files.keys()].join(", ")}.`);
}

async function check(files: Map<string, string>): Promise<void> {
  const present = await readdir(GENERATED);
  const stale = present.filter((name) => !files.has(name));
  for (const [name, text] of files) {
    const there = present.includes(name) ? await readFile(path.join(GENERATED, name), "utf8") : undefined;
    if (there !== text) stale.push(name);
  }
  if (stale.length > 0) {
    throw new PlainError(
      `src/client/generated is not what the API is now (${stale.join(", ")}).\n\nRun \`npm run generate:client\` and commit what it writes.`,
    );
  }
  console.log("src/client/generated is what the OpenAPI document says.");
}
