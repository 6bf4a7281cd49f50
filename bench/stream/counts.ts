import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { formatNumber, formatTable } from "../measure/table.ts";
import type { SingleContext } from "./single-context.ts";
import type { System } from "./systems.ts";

const APPENDS = 200;
const PER_REQUEST = 100;

const SYNCS = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(?:fsync|fdatasync)$/gm;

/** Counts what one append costs on disk: calls of fsync and fdatasync, by strace, and rows of our journal, in its file. */
export async function printCounts({ systems, load, folder }: SingleContext): Promise<void> {
  const rows: string[][] = [];
  for (const system of systems) {
    const syncs = await countSyncs(system, (atHalfway) =>
      load.measure("appendCount", system.target, { appends: APPENDS, perRequest: PER_REQUEST }, atHalfway),
    );
    const rowsWritten = system.target.kind === "taskyard" ? await countRows(join(folder, "ours")) : undefined;
    const perAppend = (count: number | undefined) =>
      count === undefined ? "not counted" : formatNumber(count / APPENDS);
    rows.push([system.target.name, perAppend(syncs), system.target.kind === "taskyard" ? perAppend(rowsWritten) : ""]);
  }
  console.log(`\n### On disk for an append of ${PER_REQUEST} entries, mean of ${APPENDS}\n`);
  console.log(formatTable(["", "fsync", "rows"], rows));
}

/** `work` calls its argument when the appends begin, and when they are through. Undefined without strace. */
async function countSyncs(
  { writer }: System,
  work: (atHalfway: () => Promise<void>) => Promise<unknown>,
): Promise<number | undefined> {
  const strace = spawn("strace", ["-f", "-c", "-e", "trace=fsync,fdatasync", "-p", String(writer)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  const attached = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<void>();
  strace.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes("attached")) attached.resolve(true);
  });
  strace
    .once("error", () => attached.resolve(false))
    .once("close", () => {
      attached.resolve(false);
      ended.resolve();
    });
  let isCounting = false;
  await work(async () => {
    if (isCounting) strace.kill("SIGINT");
    else isCounting = await attached.promise;
  });
  if (!isCounting) return undefined;
  await ended.promise;
  return [...output.matchAll(SYNCS)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

/** Rows of the journal that the newest of the runs' objects has for the appends. */
async function countRows(folder: string): Promise<number | undefined> {
  const files = (await readdir(join(folder, "do"), { recursive: true }))
    .filter((name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"))
    .map((name) => join(folder, "do", name));
  const times = await Promise.all(files.map(async (file) => (await stat(file)).birthtimeMs));
  const newest = files[times.indexOf(Math.max(...times))];
  if (newest === undefined) return undefined;
  const database = new DatabaseSync(newest, { readOnly: true });
  try {
    const row = database.prepare("SELECT count(*) AS rows FROM journal WHERE tag = 'log'").get();
    // One append went before those that are counted.
    return Number(row?.["rows"]) - 1;
  } finally {
    database.close();
  }
}
