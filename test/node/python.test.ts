import { execFile } from "node:child_process";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packExample } from "../../scripts/example-archive.ts";
import { createFirstOrganization } from "../../scripts/first-organization.ts";
import { startLocalServer } from "../../scripts/local-server.ts";
import { type Connection, openStateFolder } from "../../scripts/state-folder.ts";
import { memoryFolder } from "../memory-folder.ts";

const run = promisify(execFile);

const ROOT = path.resolve(import.meta.dirname, "../..");
const CLIENT = path.join(ROOT, "clients", "python");
const NEEDED = "import sys, httpx; assert sys.version_info >= (3, 10)";

/** Python 3.10 with httpx, if there is one; says so where there is not. CI installs it, and fails without it. */
async function findPython(): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const isUsable = await run(python, ["-c", NEEDED]).then(
      () => true,
      () => false,
    );
    if (isUsable) return python;
  }
  if (process.env["CI"] !== undefined) throw new Error("There is no python3 with httpx: .ci/run has to install it.");
  process.stderr.write("There is no python3 with httpx: the tests of the Python client are left out.\n");
  return undefined;
}

const PYTHON = await findPython();

describe.runIf(PYTHON !== undefined)("the Python client", () => {
  const python = PYTHON ?? "";
  let folder: string;
  let connection: Connection;
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(memoryFolder(), "taskyard-python-"));
    const state = await openStateFolder(folder);
    // Archives of a few megabytes have several parts, and followers are sent away each second.
    await appendFile(state.settings, "UPLOAD_PART_BYTES=5242880\nRUN_STREAM_ROTATE_SECONDS=1\n");
    const { signal } = new AbortController();
    const server = await startLocalServer({ state, port: 0, signal });
    stop = () => server.processes.stop();
    connection = await createFirstOrganization(server, state, signal);
    const { name, version, bytes } = await packExample();
    const published = await fetch(`${server.baseUrl}/api/v1/org/local/tasks/${name}/versions/${version}`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${connection.api_key}` },
      body: bytes,
    });
    if (!published.ok) throw new Error(`The example was not published: ${await published.text()}`);
  }, 240_000);

  afterAll(async () => {
    await stop?.();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test.concurrent("does what it says against a server", { timeout: 240_000 }, async () => {
    const env = {
      ...process.env,
      PYTHONPATH: "src",
      PYTHONDONTWRITEBYTECODE: "1",
      TASKYARD_URL: connection.base_url,
      TASKYARD_API_KEY: connection.api_key,
    };
    const { stderr } = await run(python, ["-m", "unittest"], { cwd: CLIENT, env }).catch(toFailure);
    expect(stderr).toMatch(/^Ran [1-9]\d+ tests in [^]*^OK$/m);
  });

  test.concurrent("has types that a strict checker accepts, in its tests too", { timeout: 240_000 }, async () => {
    const pyright = path.join(ROOT, "node_modules", "pyright", "index.js");
    const { stdout } = await run(process.execPath, [pyright, "--pythonpath", python, "--project", CLIENT]).catch(
      toFailure,
    );
    expect(stdout).toContain("0 errors, 0 warnings");
  });
});

/** What a program that failed has printed is what the test shows. */
function toFailure(error: unknown): { stdout: string; stderr: string } {
  if (error instanceof Error && "stdout" in error && "stderr" in error) {
    return { stdout: `${String(error.stdout)}${String(error.stderr)}`, stderr: String(error.stderr) };
  }
  throw error;
}
