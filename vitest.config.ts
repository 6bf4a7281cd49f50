import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { buildAssets } from "./scripts/build-assets.ts";

await buildAssets();

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // Low enough that a test can use it up, high enough that no other test does.
              ratelimits: { RATE_LIMIT: { namespace_id: "1001", simple: { limit: 1000, period: 60 } } },
              bindings: {
                REQUEST_LOG: "off",
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
                BOOTSTRAP_SECRET: "test-bootstrap-secret-0123456789abcdef",
                LINK_SIGNING_SECRETS: "test:test-link-secret-0123456789abcdef0123456789",
              },
            },
          }),
        ],
        test: {
          name: "worker",
          include: ["test/**/*.test.ts"],
          exclude: ["test/node/**"],
          setupFiles: ["./test/setup.ts"],
          testTimeout: 30_000,
        },
      },
      // What needs Node itself: schema validators that compile code, a browser, the scripts.
      { test: { name: "node", include: ["test/node/**/*.test.ts"], testTimeout: 60_000 } },
    ],
  },
});
