import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { ROOT } from "../../scripts/command.ts";

const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");

/** Bundles a Worker into `folder` as a deployment would, and answers where the script is. */
export async function bundleWorker(folder: string, config: string, entry: string): Promise<string> {
  const name = basename(entry, extname(entry));
  const out = join(folder, name);
  await mkdir(out, { recursive: true });
  const options = ["deploy", entry, "--dry-run", "--config", config, "--outdir", out];
  const { status, stderr } = spawnSync(process.execPath, [WRANGLER, ...options], { encoding: "utf8" });
  if (status !== 0) throw new Error(`wrangler could not bundle the Worker: ${stderr}`);
  return join(out, `${name}.js`);
}
