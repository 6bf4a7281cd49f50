/**
 * Runs the bundled Worker in workerd: `node taskyard.ts <script> <folder> <port>`. Requests go straight to the Worker's
 * own socket, and not through a router of assets, which Cloudflare has not; D1, R2 and the runs' objects keep their data in the
 * folder.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { ROOT } from "../../../scripts/command.ts";
import { applyMigrations } from "../../../scripts/migrations.ts";
import { makePrivateKey } from "../../../scripts/run-token-key.ts";

const [script = "", folder = "", port = ""] = process.argv.slice(2);
const { BOOTSTRAP_SECRET: bootstrapSecret, ANNOUNCE: announcement, INSPECTOR_PORT: inspectorPort } = process.env;

/** What wrangler.toml says, as miniflare takes it: wrangler gives it without its types. */
const { compatibilityDate, compatibilityFlags, r2Buckets, d1Databases, durableObjects, workflows } =
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made for miniflare by wrangler, of the same release
  unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml")).workerOptions as Required<V4WorkerOptions>;

/** Made anew each time: nothing of the benchmark keeps a token over a restart. */
const runTokenKey = makePrivateKey();

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    workers: [
      {
        name: "taskyard",
        modules: true,
        script: await readFile(script, "utf8"),
        compatibilityDate,
        compatibilityFlags,
        r2Buckets,
        d1Databases,
        durableObjects,
        workflows,
        bindings: {
          REQUEST_LOG: "off",
          RUN_TOKEN_PRIVATE_KEY: runTokenKey,
          // A storm's readers come back before the server knows that they are gone.
          RUN_STREAM_MAX_READERS: "10000",
          ...(bootstrapSecret && { BOOTSTRAP_SECRET: bootstrapSecret }),
          ...(announcement && { ANNOUNCE: announcement }),
        },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(port) }],
      },
    ],
    resourcePersistencePath: folder,
    ...(inspectorPort && { inspectorPort: Number(inspectorPort) }),
  }),
);
await miniflare.ready;
await applyMigrations(await miniflare.getD1Database("DB"));
console.log(`ready ${(await miniflare.unsafeGetDirectURL()).port}`);
