/** Runs the bare object in workerd: `node bare.ts <folder>`, which keeps its rows in the folder. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const [folder = ""] = process.argv.slice(2);

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    workers: [
      {
        name: "bare",
        modules: true,
        script: await readFile(join(import.meta.dirname, "bare.js"), "utf8"),
        compatibilityDate: "2026-10-20",
        durableObjects: { LOG: { className: "Log", useSQLite: true } },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      },
    ],
    resourcePersistencePath: folder,
  }),
);
await miniflare.ready;
console.log(`ready ${(await miniflare.unsafeGetDirectURL()).port}`);
