import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { ROOT } from "../../scripts/command.ts";
import { applyMigrations } from "../../scripts/migrations.ts";
import { bundleWorker } from "../measure/bundle.ts";

/** Ours and the bare one in one workerd, with one database. */
export interface Workers {
  readonly ours: URL;
  readonly bare: URL;
  readonly inspectorPort: number;
  readonly bootstrapSecret: string;
  /** The file that ours is in. */
  readonly script: string;
  stop(): Promise<void>;
}

/** A Worker as its configuration says, as miniflare takes it; without assets, whose router stands before no Worker on Cloudflare. */
async function workerOf(name: string, script: string, config: string, bindings: Record<string, string>) {
  const { compatibilityDate, compatibilityFlags, r2Buckets, d1Databases, durableObjects, workflows } =
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made for miniflare by wrangler, of the same release
    unstable_getMiniflareWorkerOptions(config).workerOptions as Required<V4WorkerOptions>;
  return {
    name,
    modules: true as const,
    script: await readFile(script, "utf8"),
    compatibilityDate,
    compatibilityFlags,
    r2Buckets,
    d1Databases,
    durableObjects,
    workflows,
    bindings,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

const COUNTING = join(import.meta.dirname, "..", "stream", "systems", "worker.js");

/** `entry`: the Worker of ours, with whatever a benchmark adds to it. */
export async function startWorkers(folder: string, inspectorPort: number, entry = COUNTING): Promise<Workers> {
  const [ownConfig, bareConfig] = [join(ROOT, "wrangler.toml"), join(import.meta.dirname, "wrangler.toml")];
  const ours = await bundleWorker(join(folder, "ours"), ownConfig, entry);
  const bare = await bundleWorker(join(folder, "bare"), bareConfig, join(import.meta.dirname, "bare.js"));
  const bootstrapSecret = randomBytes(24).toString("hex");
  const settings = {
    REQUEST_LOG: "off",
    BOOTSTRAP_SECRET: bootstrapSecret,
    LINK_SIGNING_SECRETS: `bench:${randomBytes(32).toString("hex")}`,
  };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [await workerOf("taskyard", ours, ownConfig, settings), await workerOf("bare", bare, bareConfig, {})],
      inspectorPort,
      resourcePersistencePath: join(folder, "data"),
    }),
  );
  await miniflare.ready;
  await applyMigrations(await miniflare.getD1Database("DB", "taskyard"));
  return {
    ours: await miniflare.unsafeGetDirectURL("taskyard"),
    bare: await miniflare.unsafeGetDirectURL("bare"),
    inspectorPort,
    bootstrapSecret,
    script: ours,
    stop: () => miniflare.dispose(),
  };
}
