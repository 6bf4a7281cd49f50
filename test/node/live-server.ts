/** The server of all live tests: `wrangler dev` is started once for the project, and each file has an organization there. */
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { createFirstOrganization } from "../../scripts/first-organization.ts";
import { startLocalServer } from "../../scripts/local-server.ts";
import { openStateFolder } from "../../scripts/state-folder.ts";
import { memoryFolder } from "../memory-folder.ts";

/** Seconds that a long poll waits: tests let some of them end. */
export const LONG_POLL_SECONDS = 2;

const SETTINGS = {
  // Short for the tests that wait until it ends, long enough for a runner that has to share two cores.
  RUNNER_LEASE_SECONDS: 10,
  SANDBOX_PART_BYTES: 2 ** 20,
  STREAM_LONG_POLL_SECONDS: LONG_POLL_SECONDS,
  // Archives of some megabytes have several parts.
  UPLOAD_PART_BYTES: 5 * 2 ** 20,
};

interface RunningServer {
  baseUrl: string;
  /** An admin key, which makes organizations. */
  key: string;
  /** A folder for what Node has compiled: each runner would do that again. */
  compiled: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    liveServer: RunningServer;
  }
}

/** Starts the server for a project of vitest; the returned function ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const begun = new AbortController();
  const folder = await mkdtemp(path.join(memoryFolder(), "taskyard-live-"));
  const state = await openStateFolder(folder);
  await appendFile(
    state.settings,
    Object.entries(SETTINGS)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  const server = await startLocalServer({ state, port: 0, signal: begun.signal });
  const { api_key: key } = await createFirstOrganization(server, state, begun.signal);
  project.provide("liveServer", { baseUrl: server.baseUrl, key, compiled: path.join(folder, "compiled") });
  return async () => {
    await server.processes.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
