import { appendFile, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { runConformanceTests } from "@durable-streams/server-conformance-tests";
import { afterAll, beforeAll, describe, vi } from "vitest";
import { createFirstOrganization } from "../../../scripts/first-organization.ts";
import { startLocalServer } from "../../../scripts/local-server.ts";
import { openStateFolder } from "../../../scripts/state-folder.ts";
import { memoryFolder } from "../../memory-folder.ts";

const suite = { baseUrl: "", longPollTimeoutMs: 10_000 };

let stop: () => Promise<void>;

beforeAll(async () => {
  const { signal } = new AbortController();
  const folder = await mkdtemp(path.join(memoryFolder(), "taskyard-streams-"));
  const state = await openStateFolder(folder);
  await appendFile(state.settings, "STREAM_LONG_POLL_SECONDS=2\n");
  const server = await startLocalServer({ state, port: 0, signal });
  stop = async () => {
    await server.processes.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const { api_key } = await createFirstOrganization(server, state, signal);
  suite.baseUrl = `${server.baseUrl}/api/projects/@current`;
  // The suite knows of no keys.
  const send = globalThis.fetch;
  vi.stubGlobal("fetch", (input: string | URL | Request, init: RequestInit = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
    headers.set("Authorization", `Bearer ${api_key}`);
    return send(input, { ...init, headers });
  });
}, 120_000);

afterAll(async () => {
  vi.unstubAllGlobals();
  await stop();
}, 60_000);

describe.concurrent("the published suite of the Durable Streams protocol", () => {
  runConformanceTests(suite);
});
