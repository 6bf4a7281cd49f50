import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { buildAssets } from "./scripts/build-assets.ts";

/** Known to the tests of the bootstrap only. */
const TEST_BOOTSTRAP_SECRET = "test-bootstrap-secret-0123456789abcdef";

await buildAssets();

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          REQUEST_LOG: "off",
          TEST_MIGRATIONS: await readD1Migrations("./migrations"),
          BOOTSTRAP_SECRET: TEST_BOOTSTRAP_SECRET,
        },
      },
    }),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["./test/setup.ts"],
    testTimeout: 30_000,
  },
});
