import { expect, test } from "vitest";
import { routingPath } from "../../src/http/agent-api/agent-paths.ts";
import { commandUrl } from "../../src/runs/agent/agent-address.ts";

/** Anyone may send these: they must not cost more than their length. In Node, because a Worker's clock stands still. */
const SLASHES = "/".repeat(200_000);
const MAX_MILLISECONDS = 1_000;

test.each([
  ["a path", () => routingPath(`/api/projects${SLASHES}x${SLASHES}`), `/api/projects${SLASHES}x`],
  [
    "an agent's address",
    () => {
      const hosts = [{ scheme: "https" as const, host: "*.modal.run", port: "" }];
      return commandUrl(`https://abc.modal.run${SLASHES}x${SLASHES}`, hosts, undefined)?.pathname;
    },
    `${SLASHES}x/command`,
  ],
])("the slashes in %s are read once", (_what, read, expected) => {
  const started = performance.now();
  expect(read()).toBe(expected);
  expect(performance.now() - started).toBeLessThan(MAX_MILLISECONDS);
});
