import { tmpdir } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { buildAssets } from "./scripts/build-assets.ts";
import { makePrivateKey } from "./scripts/run-token-key.ts";
import { memoryFolder } from "./test/memory-folder.ts";
import { Order } from "./test/order.ts";
import { startOutsideWorld } from "./test/outside/world.ts";

await buildAssets();
const outside = await startOutsideWorld();

/** Where the tests of the node project have their temporary files, which programs are run from. */
const filesFolder = tmpdir();
// Miniflare puts its databases and buckets below it.
process.env["TMPDIR"] = memoryFolder();

/** The Workers runtime with the Worker's own configuration, and settings of the tests. */
const workersRuntime = async () =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      d1Databases: { EMPTY_DB: "empty" },
      ratelimits: {
        RATE_LIMIT: { namespace_id: "1001", simple: { limit: 100_000, period: 60 } },
        // For the tests of the limit itself.
        RATE_LIMIT_LOW: { namespace_id: "1002", simple: { limit: 5, period: 60 } },
      },
      bindings: {
        REQUEST_LOG: "off",
        TEST_MIGRATIONS: await readD1Migrations("./migrations"),
        BOOTSTRAP_SECRET: "test-bootstrap-secret-0123456789abcdef",
        LINK_SIGNING_SECRETS: "test:test-link-secret-0123456789abcdef0123456789",
        RUN_TOKEN_PRIVATE_KEY: makePrivateKey(),
        WEBHOOK_ENCRYPTION_SECRETS: "test:test-webhook-secret-0123456789abcdef01234567",
        SECRET_ENCRYPTION_KEYS: "test:test-encryption-key-0123456789abcdef01234567",
        WEBHOOK_HOSTS: "http://127.0.0.1:*",
        WEBHOOK_TIMEOUT_SECONDS: "2",
        AGENT_HOSTS: "*.modal.run,*.modal.host,http://127.0.0.1:*",
        SLACK_BASE_URL: `${outside}/slack`,
        SLACK_BOT_TOKEN: "xoxb-test-token",
        TEST_OUTSIDE_URL: outside,
      },
    },
  });

/** A machine that does other things too is no failure. */
const POLLING = { timeout: 10_000 };

/** Tests on the one server that is started for them all. */
const LIVE = "test/node/**/live-*.test.ts";

/** Takes minutes, in which runners and a server are killed over and over: `npm run chaos`. */
const CHAOS = "test/node/evaluations/chaos/*.test.ts";

/** Tests of objects that live long and have connections: about half of all. */
const LIVING = ["environments", "evaluations", "objects", "pool", "runs", "secrets", "stream", "streams"].map(
  (room) => `test/${room}/**/*.test.ts`,
);

/**
 * Tests in one Worker for all files of a process: loading the app anew for each takes longer than its tests. Such a process
 * lasts ten minutes at most, which is why they are not all in one project; groups run one after the other.
 */
async function workerProject(name: string, include: string[], exclude: string[], groupOrder: number) {
  return {
    plugins: [await workersRuntime()],
    test: {
      name,
      include,
      exclude,
      setupFiles: ["./test/setup.ts"],
      testTimeout: 30_000,
      expect: { poll: POLLING },
      isolate: false,
      // With the cache each file is sent the whole app once more, which its process has long loaded.
      fsModuleCache: false,
      sequence: { groupOrder },
    },
  };
}

export default defineConfig({
  test: {
    // More than a small machine has cores: tests with runners, programs and deadlines wait most of their time.
    maxWorkers: 3,
    sequence: { sequencer: Order },
    // What the Worker logs when a file's tests are over would have nowhere to go.
    disableConsoleIntercept: true,
    projects: [
      await workerProject("worker", ["test/**/*.test.ts"], ["test/node/**", ...LIVING], 1),
      await workerProject("worker-living", LIVING, [], 0),
      // What asks a server over HTTP, with real runners and programs.
      {
        // The published suite of the Durable Streams protocol brings a vitest of its own: it is to be this one.
        resolve: { dedupe: ["vitest"] },
        test: {
          name: "live",
          sequence: { groupOrder: 0 },
          globalSetup: "test/node/live-server.ts",
          server: { deps: { inline: ["@durable-streams/server-conformance-tests"] } },
          include: [LIVE],
          env: { TMPDIR: filesFolder },
          testTimeout: 60_000,
          expect: { poll: POLLING },
        },
      },
      // What needs Node itself: schema validators that compile code, a browser, the scripts.
      {
        test: {
          name: "node",
          sequence: { groupOrder: 1 },
          include: ["test/node/**/*.test.ts"],
          exclude: [LIVE, ...(process.env["CHAOS"] === undefined ? [CHAOS] : [])],
          env: { TMPDIR: filesFolder },
          testTimeout: 60_000,
          expect: { poll: POLLING },
        },
      },
    ],
  },
});
