import type { D1Migration } from "cloudflare:test";

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_MIGRATIONS: D1Migration[];
      RATE_LIMIT_LOW: RateLimit;
      /** For what begins without any organization. */
      EMPTY_DB: D1Database;
      /** Where the world outside Taskyard listens (test/outside/world.ts). */
      TEST_OUTSIDE_URL: string;
    }
  }
}
