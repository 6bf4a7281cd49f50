import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { locateDirectory } from "../../src/zip/read/locate.ts";
import type { SampleArchive } from "./archives.ts";
import { CountingFile } from "./file-source.ts";
import { bundleWorker } from "../measure/bundle.ts";
import { summarize, type Summary } from "../measure/statistics.ts";

/** Requests to one isolate before it counts as warm, and those that are then timed. */
const WARM_UP = 30;
const WARM_REQUESTS = 15;

export interface WorkerdResult {
  readonly entries: number;
  readonly lister: string;
  readonly cold: Summary;
  readonly warm: Summary;
}

interface Target {
  readonly archive: SampleArchive;
  readonly lister: string;
  readonly path: string;
  readonly cold: number[];
  readonly warm: number[];
}

/**
 * Request times of listing an archive in R2 inside workerd, received to the end, less the time of a request that does
 * nothing. Every round starts a fresh workerd for each lister in turn: its first request is the cold one.
 */
export async function measureInWorkerd(
  folder: string,
  archives: readonly SampleArchive[],
  rounds: number,
): Promise<WorkerdResult[]> {
  const config = join(import.meta.dirname, "wrangler.toml");
  const script = await readFile(await bundleWorker(folder, config, join(import.meta.dirname, "worker.ts")), "utf8");
  const targets: Target[] = [];
  for (const archive of archives) targets.push(...(await targetsOf(archive)));
  await inWorkerd(folder, script, async (url) => {
    for (const archive of archives) {
      await fetch(new URL(objectPath("put", archive), url), { method: "PUT", body: await readFile(archive.path) });
    }
  });
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targets) await inWorkerd(folder, script, (url) => measureIsolate(url, target));
  }
  return targets.map(({ archive, lister, cold, warm }) => {
    return { entries: archive.entries, lister, cold: summarize(cold), warm: summarize(warm) };
  });
}

async function targetsOf(archive: SampleArchive): Promise<Target[]> {
  const file = await CountingFile.open(archive.path);
  const { offset, size, entries } = await locateDirectory(file);
  await file.close();
  const ours = objectPath("ours", archive);
  return [
    { archive, lister: "ours", path: ours, cold: [], warm: [] },
    { archive, lister: "unzipit", path: objectPath("unzipit", archive), cold: [], warm: [] },
    { archive, lister: "ours, place known", path: `${ours}/${offset}/${size}/${entries}`, cold: [], warm: [] },
  ];
}

function objectPath(verb: string, archive: SampleArchive): string {
  return `/${verb}/${archive.bytes}/${archive.entries}.zip`;
}

async function inWorkerd(folder: string, script: string, work: (url: URL) => Promise<void>): Promise<void> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script,
      compatibilityDate: "2026-10-20",
      compatibilityFlags: ["nodejs_compat"],
      r2Buckets: { ARCHIVES: "archives" },
      resourcePersistencePath: join(folder, "r2"),
      // Requests go to the Worker's own socket, not through the router before it.
      unsafeDirectSockets: [{ port: 0 }],
    }),
  );
  try {
    await miniflare.ready;
    await work(await miniflare.unsafeGetDirectURL());
  } finally {
    await miniflare.dispose();
  }
}

async function measureIsolate(url: URL, { archive, lister, path, cold, warm }: Target): Promise<void> {
  const request = (path: string) => timeRequest(new URL(path, url));
  // The bucket's emulator is a Worker too; it is warm before the lister begins.
  for (let turn = 0; turn < 10; turn += 1) await request(objectPath("touch", archive));
  const idle: number[] = [];
  for (let turn = 0; turn < 15; turn += 1) idle.push((await request("/")).milliseconds);
  const base = summarize(idle.slice(5)).median;
  const first = await request(path);
  if (first.digest !== archive.listingDigest) throw new Error(`${lister} lists ${archive.entries} wrongly in workerd`);
  cold.push(first.milliseconds - base);
  for (let turn = 0; turn < WARM_UP; turn += 1) await request(path);
  const times: number[] = [];
  for (let turn = 0; turn < WARM_REQUESTS; turn += 1) times.push((await request(path)).milliseconds);
  warm.push(summarize(times).median - base);
}

async function timeRequest(url: URL): Promise<{ milliseconds: number; digest: string }> {
  const start = performance.now();
  const response = await fetch(url);
  const body = await response.bytes();
  const milliseconds = performance.now() - start;
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
  return { milliseconds, digest: createHash("sha256").update(body).digest("hex") };
}
