import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { describe, test } from "vitest";
import { packExample } from "../../scripts/example-archive.ts";
import { createLiveOrganization } from "./live-organization.ts";

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

/** Milliseconds for either test on a machine that does much else. */
const TIMEOUT_MS = 240_000;

describe.runIf(PYTHON !== undefined)("the Python client", { timeout: TIMEOUT_MS }, () => {
  const python = PYTHON ?? "";

  test.concurrent("does what it says against a server", async ({ expect }) => {
    const connection = await createLiveOrganization("python");
    const { name, version, bytes } = await packExample();
    const url = `${connection.base_url}/api/v1/org/${connection.org}/tasks/${name}/versions/${version}`;
    const headers = { Authorization: `Bearer ${connection.api_key}` };
    expect((await fetch(url, { method: "PUT", headers, body: bytes })).status).toBe(201);
    const env = {
      ...process.env,
      PYTHONPATH: "src",
      PYTHONDONTWRITEBYTECODE: "1",
      TASKYARD_URL: connection.base_url,
      TASKYARD_API_KEY: connection.api_key,
      TASKYARD_TEST_ORG: connection.org,
      TASKYARD_TEST_WS: connection.workspace,
    };
    const { stderr } = await run(python, ["-m", "unittest"], { cwd: CLIENT, env }).catch(toFailure);
    expect(stderr).toMatch(/^Ran [1-9]\d+ tests in [^]*^OK$/m);
  });

  test.concurrent("has types that a strict checker accepts, in its tests too", async ({ expect }) => {
    const pyright = path.join(ROOT, "node_modules", "pyright", "index.js");
    const args = [pyright, "--pythonpath", python, "--project", CLIENT];
    const { stdout } = await run(process.execPath, args).catch(toFailure);
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
