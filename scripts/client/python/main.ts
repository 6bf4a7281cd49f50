/**
 * `npm run generate:python`: the generated part of the Python client, from the OpenAPI document. With `--check` it writes
 * nothing and fails where the files are not what it would write. docs/python.md says why it is a generator of our own.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { PlainError, ROOT, runCommand } from "../../command.ts";
import { buildClientDocument } from "../document.ts";
import { moduleOf, printCalls, printGroups } from "./calls-file.ts";
import { readCalls } from "./calls.ts";
import { readDocument } from "./read-document.ts";
import { printModels } from "./models-file.ts";
import { quote } from "./python-text.ts";
import { PythonTypes } from "./python-types.ts";

const FOLDER = path.join(ROOT, "clients", "python", "src", "taskyard", "api");
const HEAD = "# Generated from the OpenAPI document by `npm run generate:python`.";

await runCommand(async () => {
  const files = generate(buildClientDocument());
  if (process.argv.includes("--check")) await compare(files);
  else await write(files);
});

/** The files by their names. */
function generate(json: object): Map<string, string> {
  const document = readDocument(json);
  const types = new PythonTypes(document);
  const groups = readCalls(document, types);
  const modules = groups.map((group) => [`${moduleOf(group)}.py`, printCalls(group, types, HEAD)] as const);
  return new Map([
    ["__init__.py", `${HEAD}\nVERSION = ${quote(document.info.version)}\n`],
    ...modules,
    ["groups.py", printGroups(groups, HEAD)],
    // Last: bodies and answers that are written out in an operation are models too.
    ["models.py", printModels(types, HEAD)],
  ]);
}

async function present(): Promise<string[]> {
  return (await readdir(FOLDER).catch(() => [])).filter((name) => name.endsWith(".py"));
}

async function write(files: Map<string, string>): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const name of await present()) if (!files.has(name)) await rm(path.join(FOLDER, name));
  for (const [name, text] of files) await writeFile(path.join(FOLDER, name), text);
  console.log(`${files.size} files of the Python client are generated.`);
}

async function compare(files: Map<string, string>): Promise<void> {
  const others = (await present()).filter((name) => !files.has(name));
  for (const [name, text] of files) {
    if ((await readFile(path.join(FOLDER, name), "utf8").catch(() => "")) !== text) others.push(name);
  }
  if (others.length > 0) {
    throw new PlainError(`Not what the document says: ${others.join(", ")}. Run: npm run generate:python`);
  }
  console.log(`The Python client is what the document says: ${files.size} files.`);
}
