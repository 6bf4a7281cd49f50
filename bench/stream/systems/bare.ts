/** Runs the bare Worker in workerd: `node bare.ts <folder>`, in which its objects keep their data. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const [folder = ""] = process.argv.slice(2);
/** The runtime is the one of ours. */
const { compatibilityDate, compatibilityFlags } =
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made for miniflare by wrangler, of the same release
  unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml")).workerOptions as Required<V4WorkerOptions>;

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    workers: [
      {
        name: "bare",
        modules: true,
        script: await readFile(join(import.meta.dirname, "bare-worker.js"), "utf8"),
        compatibilityDate,
        compatibilityFlags,
        durableObjects: { LOG: { className: "Log", useSQLite: true } },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      },
    ],
    resourcePersistencePath: folder,
  }),
);
await miniflare.ready;
console.log(`ready ${(await miniflare.unsafeGetDirectURL()).port}`);
