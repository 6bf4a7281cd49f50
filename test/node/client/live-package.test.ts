import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  appendAgentRunLog,
  createAgentRun,
  createAgentTask,
  getTaskUpload,
  listTaskUploadParts,
  Taskyard,
  updateAgentRun,
  uploadArchive,
} from "../../../src/client/index.ts";
import { packExample } from "../../../scripts/example-archive.ts";
import { createLiveOrganization } from "../live-organization.ts";
import { CuttableProxy } from "../runner/live.ts";

/**
 * The package as who installs it has it: packed, installed into a fresh project without a network, type-checked in `strict`, and run with
 * this Node.js and with the machine's own.
 */

const ROOT = path.resolve(import.meta.dirname, "../../..");
const MiB = 1024 * 1024;
const run = promisify(execFile);

let folder = "";
let key = "";
let url = "";
let yard: Taskyard;
const nodes: string[] = [process.execPath];

/** The blocks of a page in a language, one after the other: later ones use what earlier ones have. */
async function blocksOf(page: string, language: string): Promise<string> {
  const text = await readFile(path.join(ROOT, page), "utf8");
  return Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm")), ([, block]) => block).join(
    "\n",
  );
}

/** A Node.js of the machine beside the one of node_modules, where there is one: version 20 in CI. */
async function findOtherNode(): Promise<string | undefined> {
  const places = (process.env["PATH"] ?? "").split(path.delimiter).filter((place) => !place.includes("node_modules"));
  for (const place of places) {
    const node = path.join(place, "node");
    const version = await run(node, ["--version"]).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    if (version !== undefined && version !== process.version) return node;
  }
  process.stdout.write("There is no other Node.js on this machine: the package is run with one version.\n");
  return undefined;
}

beforeAll(async () => {
  const connection = await createLiveOrganization("client");
  ({ api_key: key, base_url: url } = connection);
  yard = new Taskyard({ url, apiKey: key, organization: connection.org });
  const example = await packExample();
  await uploadArchive(yard, { path: { name: example.name, version: example.version }, source: example.bytes });
  const other = await findOtherNode();
  if (other !== undefined) nodes.push(other);

  folder = await mkdtemp(path.join(tmpdir(), "taskyard-package-"));
  const env = { ...process.env, npm_config_cache: path.join(folder, "cache"), npm_config_update_notifier: "false" };
  await run("npm", ["pack", "--pack-destination", folder], { cwd: ROOT, env });
  const manifest = { name: "fresh", version: "1.0.0", type: "module", private: true };
  await writeFile(path.join(folder, "package.json"), JSON.stringify(manifest));
  const install = ["install", "--offline", "--no-audit", "--no-fund", path.join(folder, "taskyard-0.1.0.tgz")];
  await run("npm", install, { cwd: folder, env });
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ["node"],
    typeRoots: [path.join(ROOT, "node_modules", "@types")],
    outDir: "out",
    rootDir: ".",
  };
  await writeFile(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["page.ts", "follow.ts", "publish.ts"] }),
  );
  await writeFile(path.join(folder, "page.ts"), await blocksOf("docs/client.md", "ts"));
  for (const name of ["follow.ts", "publish.ts"])
    await copyFile(path.join(ROOT, "examples", "client", name), path.join(folder, name));
  const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-p", folder]).catch((error: Error & { stdout?: string }) => {
    throw new Error(`A project that uses the package does not compile:\n${error.stdout ?? error.message}`);
  });
}, 180_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Starts a compiled program in the fresh project. */
function start(
  node: string,
  program: string,
  args: string[] = [],
  to = url,
): { child: ChildProcess; said: () => string } {
  const env = { PATH: process.env["PATH"], TASKYARD_URL: to, TASKYARD_API_KEY: key };
  const child = spawn(node, [path.join(folder, "out", program), ...args], { cwd: folder, env });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += String(bytes)));
  return { child, said: () => text };
}

const ended = async (child: ChildProcess) =>
  await new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));

test("the package has the client and nothing that only the Worker needs", async () => {
  const installed = path.join(folder, "node_modules");
  const manifest: { dependencies?: object } = JSON.parse(
    await readFile(path.join(installed, "taskyard", "package.json"), "utf8"),
  );
  expect(manifest.dependencies ?? {}).toEqual({});
  const entry = path.join(installed, "taskyard", "dist", "client", "index.js");
  const sizeOf = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      tsconfigRaw: {},
      write: false,
    });
    return gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).byteLength;
  };
  expect(await sizeOf(`export * from ${JSON.stringify(entry)};`)).toBeLessThanOrEqual(25 * 1000);
  const program = 'import { createEnvironment, executeInEnvironment, Taskyard } from "taskyard/client"; ';
  const used = "globalThis.used = [createEnvironment, executeInEnvironment, Taskyard];";
  expect(await sizeOf(program + used)).toBeLessThanOrEqual(5 * 1000);
});

test("the blocks of docs/client.md do what the page says, with each Node.js", async () => {
  for (const node of nodes) {
    const { child, said } = start(node, "page.js");
    expect(await ended(child), said()).toBe(0);
    const text = said();
    expect(text.startsWith("13\n"), text).toBe(true);
    for (const line of ["hello-flag", "not_found_error ", "1 passed", "completed 2", "exited 0"])
      expect(text).toContain(line);
  }
});

test("a run is followed through connections that are cut, every entry once and in order, with each Node.js", async () => {
  const proxy = new CuttableProxy(Number(new URL(url).port));
  const proxied = await proxy.listen();
  const task = await createAgentTask(yard, { body: { title: "Followed" } });
  for (const node of nodes) {
    const made = await createAgentRun(yard, { path: { task_id: task.id }, body: {} });
    const at = { task_id: task.id, run_id: made.id };
    const append = async (from: number) => {
      const entries = Array.from({ length: 50 }, (_, index) => ({ n: from + index }));
      await appendAgentRunLog(yard, { path: at, body: { entries } });
    };
    await append(0);
    const { child, said } = start(node, "follow.js", [task.id, made.id], proxied);
    const closing = ended(child);
    for (const from of [50, 100, 150]) {
      await expect.poll(said).toContain(`{"n":${from - 1}}`);
      proxy.cut();
      await append(from);
    }
    await expect.poll(said).toContain('{"n":199}');
    await updateAgentRun(yard, { path: at, body: { status: "completed" } });
    expect(await closing, said()).toBe(0);
    const numbers = Array.from(said().matchAll(/^\{"n":(\d+)\}$/gm), ([, n]) => Number(n));
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index));
    // Node.js 20 has no WebSocket.
    const { stdout } = await run(node, ["-p", "typeof WebSocket"]);
    expect(said()).toContain(stdout.trim() === "function" ? "came by websocket" : "came by sse");
  }
  proxy.close();
});

/** Bytes of a part, as the server of the live tests has it. */
const PART_BYTES = 5 * MiB;

test("an upload that was killed goes on with what has not arrived, in another process", async () => {
  const archive = path.join(folder, "task.zip");
  await writeFile(archive, zipSync({ "large.bin": [randomBytes(40 * MiB), { level: 0 }] }));
  const args = [archive, "large", "1.0.0"];
  const first = start(process.execPath, "publish.js", args);
  const closing = ended(first.child);
  await expect.poll(first.said, { timeout: 40_000 }).toContain(`${2 * PART_BYTES} of`);
  first.child.kill("SIGKILL");
  await closing;
  const { uploadId }: { uploadId: string } = JSON.parse(await readFile(`${archive}.upload`, "utf8"));
  const parts = { name: "large", version: "1.0.0", upload_id: uploadId };
  const before = await listTaskUploadParts(yard, { path: parts });
  expect(before.total).toBeGreaterThanOrEqual(2);
  const second = start(nodes.at(-1) ?? process.execPath, "publish.js", args);
  expect(await ended(second.child), second.said()).toBe(0);
  expect(second.said()).toContain("Published large@1.0.0");
  // It was the upload that had been begun, with what had arrived of it.
  expect(await getTaskUpload(yard, { path: parts })).toMatchObject({ id: uploadId, state: "accepted" });
});
