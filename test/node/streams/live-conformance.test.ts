import { stream } from "@durable-streams/client";
import { runConformanceTests } from "@durable-streams/server-conformance-tests";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, type RunnerTestCase, vi } from "vitest";
import { createLiveOrganization } from "../live-organization.ts";
import { LONG_POLL_SECONDS } from "../live-server.ts";

/** Milliseconds for a property of which the suite does not say how long it may be tried. */
const PROPERTY_MS = 20_000;

const suite = { baseUrl: "", longPollTimeoutMs: LONG_POLL_SECONDS * 1000 + 10_000 };
const NOT_OFFERED = /^Fork - /;

let projects = "";
let key = "";
beforeAll(async () => {
  const { api_key, base_url } = await createLiveOrganization("streams");
  key = api_key;
  projects = `${base_url}/api/projects`;
  suite.baseUrl = `${projects}/@current`;
  fc.configureGlobal({ interruptAfterTimeLimit: PROPERTY_MS });
  // The suite knows of no keys.
  const send = globalThis.fetch;
  vi.stubGlobal("fetch", (input: string | URL | Request, init: RequestInit = {}) => {
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
    headers.set("Authorization", `Bearer ${key}`);
    return send(input, { ...init, headers });
  });
});

afterAll(() => vi.unstubAllGlobals());

/** The group of the published suite that a case is in: what stands below the suite around all of them. */
function groupOf({ suite: own }: RunnerTestCase): string {
  let group = own;
  while (group?.suite?.suite) group = group.suite;
  return group?.name ?? "";
}

/** How many of the cases passed. */
function passed(tried: readonly RunnerTestCase[]): number {
  return tried.filter(({ result }) => result?.state === "pass").length;
}

// Some cases give an answer half a second, and are tried again later where the machine had none to spare.
const PATIENCE = { retry: { count: 4, delay: 3_000 } };

describe.concurrent("the published suite of the Durable Streams protocol", PATIENCE, () => {
  const cases = new Set<RunnerTestCase>();
  beforeEach(({ task, skip }) => {
    cases.add(task);
    if (NOT_OFFERED.test(groupOf(task))) skip("This server makes no forks.");
  });
  afterAll(() => {
    const offered = [...cases].filter((tried) => !NOT_OFFERED.test(groupOf(tried)));
    const lines = [...Map.groupBy(offered, groupOf)].map(
      ([group, tried]) => `${group}: ${passed(tried)} of ${tried.length}`,
    );
    const total = `${passed(offered)} of ${offered.length} cases passed; ${cases.size - offered.length} of forks are not offered`;
    process.stdout.write(`${[...lines, total].join("\n")}\n`);
  });
  runConformanceTests(suite);
});

/** Calls the API of agent tasks. */
async function call<T>(method: string, pathname: string, json: object): Promise<T> {
  const response = await fetch(`${projects}/@current/tasks${pathname}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(json),
  });
  const text = await response.text();
  expect(response.ok, text).toBe(true);
  return JSON.parse(text);
}

describe("the protocol's own client", () => {
  it.each(["sse", "long-poll"] as const)(
    "follows a run from its first entry to its last by %s, as it is written",
    async (live) => {
      const task = await call<{ id: string }>("POST", "/", { description: "Count" });
      const run = await call<{ id: string }>("POST", `/${task.id}/runs/`, {});
      const read: { n?: number; status?: string }[] = [];
      const follow = async () => {
        const url = `${projects}/@current/v1/stream/runs/${run.id}`;
        const followed = await stream<{ n?: number; status?: string }>({
          url,
          live,
          headers: { Authorization: `Bearer ${key}` },
        });
        for await (const entry of followed.jsonStream()) read.push(entry);
      };
      const following = follow();
      const written = 60;
      for (let n = 0; n < written; n += 3) {
        const entries = [{ n }, { n: n + 1 }, { n: n + 2 }];
        await call("POST", `/${task.id}/runs/${run.id}/append_log/`, { entries });
      }
      await call("PATCH", `/${task.id}/runs/${run.id}/`, { status: "completed" });
      await following;
      expect(read.flatMap(({ n }) => n ?? [])).toEqual(Array.from({ length: written }, (_, n) => n));
      expect(read.at(-1)).toMatchObject({ status: "completed" });
    },
  );
});
