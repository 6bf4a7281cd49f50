/**
 * `npm run bench:evaluations [-- --items 1000 --concurrency 20 --cancel-after 60]`: an evaluation whose agent does nothing, in
 * the embedded sandbox of one workerd: what an item costs around what it is for, what the platform is asked for it, and how fast
 * an evaluation of this size is read, which is cancelled after so many seconds where they are given. Data goes to a temporary folder that is removed at the end; everything listens on 127.0.0.1.
 */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { processorMilliseconds, residentBytes } from "../stream/process-facts.ts";
import { callApi, jsonOf } from "../../scripts/api-client.ts";
import { PlainError, runCommand } from "../../scripts/command.ts";
import { findPort } from "../measure/free-port.ts";
import { Inspector } from "../measure/inspector.ts";
import { summarize } from "../measure/statistics.ts";
import { formatNumber, formatTable } from "../measure/table.ts";
import { startWorkers } from "../requests/workers.ts";
import { ATTEMPTS, Bench } from "./bench.ts";
import { readAll } from "./reading.ts";

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "1000" },
    concurrency: { type: "string", default: "20" },
    "cancel-after": { type: "string", default: "Infinity" },
  },
});
const items = Number(values.items);
const concurrency = Number(values.concurrency);
const cancelAfter = Number(values["cancel-after"]);

/** Functions that are named with the CPU time that goes there. */
const TOP = 12;
/** Items under the profiler, and as many whose parts are done one by one. */
const PROFILED = Math.min(items, 200);

const counts = z.record(z.string(), z.number());
const MEBIBYTE = 1024 ** 2;

await runCommand(async (signal) => {
  if (!(items >= ATTEMPTS && items % ATTEMPTS === 0 && concurrency >= 1 && concurrency <= 100)) {
    throw new PlainError(`--items is a multiple of ${ATTEMPTS}, --concurrency a number from 1 to 100.`);
  }
  const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-evaluations-"));
  try {
    await measure(folder, signal);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function measure(folder: string, signal: AbortSignal): Promise<void> {
  const workers = await startWorkers(folder, await findPort(), join(import.meta.dirname, "worker.js"));
  const inspector = await Inspector.connect(workers.inspectorPort, "taskyard");
  try {
    const access = { baseUrl: workers.ours.origin, key: workers.bootstrapSecret, signal };
    const bench = await Bench.open(access, concurrency);
    const readCounts = async () =>
      counts.parse(jsonOf(await callApi(access, { method: "GET", path: "/counts", expect: 200 })));
    // The first items find nothing kept in memory.
    await bench.evaluate(2 * ATTEMPTS);
    const empty = await inspector.heap();
    await readCounts();
    const pid = await workerdOf(process.pid);
    const before = await processorMilliseconds(pid);
    const started = performance.now();
    const evaluation = await bench.evaluate(items, cancelAfter);
    const seconds = (performance.now() - started) / 1000;
    const processor = (await processorMilliseconds(pid)) - before;
    const { done, looks } = evaluation;
    const spent = await readCounts();
    const full = await inspector.heap();
    console.log(
      `Node ${process.version}, ${availableParallelism()} cores; ${items} items that do nothing, ${concurrency} at once, embedded sandbox; ${done} of them had their turn\n`,
    );
    const { median, most } = summarize(looks);
    const reading = [
      ["the evaluation while it runs, median and longest", `${formatNumber(median)}, ${formatNumber(most)}`, ""],
      ...(await readAll(evaluation)),
    ];
    const whole = await inspector.profile(async () => {
      await bench.evaluate(PROFILED);
    });
    const parts = await inspector.profile(() => bench.doParts(PROFILED));
    const rows = [
      ["items a second", formatNumber(done / seconds)],
      ["ms of processor time of workerd an item, with its D1, R2 and disks", formatNumber(processor / done)],
      ["resident memory of workerd at its end, MiB", mebibytes(await residentBytes(pid))],
      ["ms of CPU in JavaScript an item", formatNumber(whole.total / PROFILED)],
      [
        "the same of its environment, verification and run, asked for over the API",
        formatNumber(parts.total / PROFILED),
      ],
      ["heap of all objects together before it and at its end, MiB", `${mebibytes(empty)}, ${mebibytes(full)}`],
    ];
    console.log(formatTable(["", ""], rows));
    const asked = Object.entries(spent).toSorted(([a], [b]) => a.localeCompare(b));
    console.log(
      `\n${formatTable(
        ["asked of the platform", "an item"],
        asked.map(([name, count]) => [name, formatNumber(count / done)]),
      )}`,
    );
    console.log(`\n${formatTable(["reading it", "ms", "kB"], reading)}`);
    const sorted = [...whole.functions].filter(([name]) => !name.startsWith("(")).toSorted(([, a], [, b]) => b - a);
    const top = sorted.slice(0, TOP).map(([name, time]) => [name, formatNumber(time / PROFILED)]);
    console.log(`\n${formatTable(["function", "ms of CPU an item"], top)}`);
  } finally {
    inspector.close();
    await workers.stop();
  }
}

function mebibytes(bytes: number): string {
  return formatNumber(bytes / MEBIBYTE);
}

/** The process of workerd that a process has started. */
async function workerdOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  for (const child of children.trim().split(" ")) {
    const name = await readFile(`/proc/${child}/comm`, "utf8").catch(() => "");
    if (name.startsWith("workerd")) return Number(child);
  }
  return Number.NaN;
}
