/**
 * `npm run bench:zip [-- entries…]`: the zip reader beside unzipit, zip.js, yauzl and fflate, all in one run. Archives go to
 * a temporary folder that is removed at the end. Without arguments: 1,000 to 500,000 entries.
 */

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { largeFiles, type SampleArchive, taskFileName, taskFiles, writeArchive } from "./archives.ts";
import { formatNumber, formatTable, formatTimes } from "../measure/table.ts";
import { extractors } from "./extractors.ts";
import { listers, OURS, OURS_CHECKED } from "./listers.ts";
import { measureMemory, measureTimes, survivesSmallHeap } from "./measure.ts";
import { formatMegabytes, formatRatio, formatPart, formatTime } from "./table.ts";
import { measureInWorkerd } from "./workerd.ts";

const ROUNDS = 9;
const DEFAULT_SIZES = [1_000, 10_000, 100_000, 500_000];
/** Where memory is looked at: below, the processes' own noise hides it. */
const MEMORY_SIZE = 100_000;
/** Entries of the archive that one entry is extracted from: 200 MB. */
const LARGE_ENTRIES = 10_000;
const LARGE_INDEX = 6_001;

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : DEFAULT_SIZES;
const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-zip-"));
try {
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores; times in ms: median of ${ROUNDS} rounds (least–most)\n`,
  );
  const archives: SampleArchive[] = [];
  for (const size of sizes) archives.push(await writeArchive(join(folder, `${size}.zip`), taskFiles(size)));
  await printListing(archives);
  await printExtraction();
  await printWorkerd(archives.filter(({ entries }) => entries === 10_000 || entries === 100_000));
} finally {
  await rm(folder, { recursive: true });
}

async function printListing(archives: readonly SampleArchive[]): Promise<void> {
  const tools = Object.keys(listers);
  const rows: string[][] = [];
  for (const archive of archives) {
    const cells = await measureTimes("list", tools, archive, "", archive.listingDigest, ROUNDS);
    for (const tool of tools) {
      const cell = cells.get(tool);
      const ratios = [OURS, OURS_CHECKED].map((base) => formatRatio(cell, cells.get(base)));
      const read = cell === undefined ? ["–", "–"] : [formatNumber(cell.reads), formatMegabytes(cell.bytes)];
      const memory = archive.entries < MEMORY_SIZE ? ["", ""] : await memoryOf(tool, archive);
      rows.push([formatNumber(archive.entries), tool, formatTime(cell, ROUNDS), ...ratios, ...read, ...memory]);
    }
  }
  const times = ["ms", "÷ ours", "÷ ours checked"];
  console.log("List to JSON bytes, from a file\n");
  console.log(formatTable(["entries", "lister", ...times, "reads", "MB read", "MB over base", "112 MB heap"], rows));
}

async function memoryOf(tool: string, archive: SampleArchive): Promise<[string, string]> {
  const memory = formatMegabytes(await measureMemory(tool, archive));
  return [memory, (await survivesSmallHeap(tool, archive)) ? "survives" : "dies"];
}

async function printExtraction(): Promise<void> {
  const files = largeFiles(LARGE_ENTRIES, LARGE_INDEX);
  const archive = await writeArchive(join(folder, "large.zip"), files);
  const [, body] = [...largeFiles(LARGE_INDEX + 1, LARGE_INDEX)].slice(-2);
  const digest = createHash("sha256")
    .update(body?.body ?? "")
    .digest("hex");
  const tools = Object.keys(extractors);
  const cells = await measureTimes("extract", tools, archive, taskFileName(LARGE_INDEX), digest, ROUNDS);
  const ours = cells.get("ours");
  const rows = tools.map((tool) => {
    const cell = cells.get(tool);
    const reads = cell === undefined ? "–" : `${cell.readsToFind} + ${cell.reads - cell.readsToFind}`;
    return [tool, formatTime(cell, ROUNDS), formatRatio(cell, ours), reads, formatMegabytes(cell?.bytes)];
  });
  console.log(
    `\nExtract one entry of 20 KB from ${formatNumber(archive.bytes / 1e6)} MB in ${LARGE_ENTRIES} entries\n`,
  );
  console.log(formatTable(["extractor", "ms", "÷ ours", "reads to find + to extract", "MB read"], rows));
}

async function printWorkerd(archives: readonly SampleArchive[]): Promise<void> {
  if (archives.length === 0) return;
  const results = await measureInWorkerd(folder, archives, ROUNDS);
  const rows = results.map(({ entries, lister, cold, warm }) => {
    const peer = results.find((other) => other.entries === entries && other.lister === "unzipit");
    const coldPart = formatPart(cold, peer?.cold);
    return [
      formatNumber(entries),
      lister,
      formatTimes(cold, ROUNDS),
      coldPart,
      formatTimes(warm, ROUNDS),
      formatPart(warm, peer?.warm),
    ];
  });
  console.log("\nList from R2 inside workerd: request time less that of an idle request\n");
  console.log(formatTable(["entries", "lister", "cold isolate", "of unzipit's", "warm", "of unzipit's"], rows));
}
