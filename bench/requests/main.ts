/**
 * `npm run bench:requests [-- --rounds 7 --top "GET run" --files "append 1"]`: what a request costs beside a bare Worker that
 * does only what it cannot do without, both in one workerd. `--top` also names the functions in which a row's CPU time goes;
 * `--files`, in place of the table, the files of ours that a row's requests pass. Data goes to a temporary folder that is
 * removed at the end; everything listens on 127.0.0.1.
 */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PlainError, runCommand } from "../../scripts/command.ts";
import { findPort } from "../measure/free-port.ts";
import { summarize } from "../measure/statistics.ts";
import { formatNumber, formatTable, formatTimes } from "../measure/table.ts";
import { Connection } from "../stream/load/connection.ts";
import { Inspector } from "../measure/inspector.ts";
import { makeRows, type Request, type Row } from "./rows.ts";
import { startWorkers, type Workers } from "./workers.ts";

/** Requests at once. */
const PARALLEL = 16;
/** Milliseconds of one measurement. */
const MEASURE_MS = 1_000;
/** Requests under the profiler, which slows them. */
const PROFILED = 2_000;
const WARM_UP = 500;
/** Functions that `--top` names. */
const TOP = 30;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, top: { type: "string" }, files: { type: "string" } },
});
const rounds = Number(values.rounds);

interface Times {
  /** Microseconds a request, by the clock, of each round. */
  readonly wall: number[];
  /** Microseconds a request in JavaScript, of each round. */
  readonly cpu: number[];
}

await runCommand(async (signal) => {
  if (!(rounds >= 1)) throw new PlainError("--rounds is a number from 1.");
  const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-requests-"));
  try {
    await measure(folder, signal);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function measure(folder: string, signal: AbortSignal): Promise<void> {
  const workers = await startWorkers(folder, await findPort());
  try {
    const rows = await makeRows(workers, signal);
    const listed = rows.find(({ name }) => name === values.files);
    if (listed) return await listFiles(workers, listed);
    if (values.files !== undefined) {
      throw new PlainError(`--files is one of ${rows.map(({ name }) => `"${name}"`).join(", ")}.`);
    }
    const results = rows.map((row) => ({ row, ours: newTimes(), bare: newTimes() }));
    for (const { row } of results) for (const request of [row.bare, row.ours]) await send(request, WARM_UP);
    for (let round = 0; round < rounds; round += 1) {
      for (const { row, ours, bare } of results) {
        signal.throwIfAborted();
        bare.wall.push(await timeRequests(row.bare));
        ours.wall.push(await timeRequests(row.ours));
      }
    }
    const inspectors = {
      ours: await Inspector.connect(workers.inspectorPort, "taskyard"),
      bare: await Inspector.connect(workers.inspectorPort, "bare"),
    };
    for (const { row, ours, bare } of results) {
      bare.cpu.push(await profile(inspectors.bare, row, "bare"));
      ours.cpu.push(await profile(inspectors.ours, row, "ours"));
    }
    inspectors.ours.close();
    inspectors.bare.close();
    console.log(
      `Node ${process.version}, ${availableParallelism()} cores; ${PARALLEL} requests at once; µs a request: median of ${rounds} rounds (least–most)\n`,
    );
    const header = ["operation", "floor", "bare", "ours", "ratio", "goal", "CPU bare", "CPU ours"];
    console.log(formatTable(header, results.map(describe)));
  } finally {
    await workers.stop();
  }
}

/** Names the files that a row's requests pass, as far as the profiler sees them there. */
async function listFiles(workers: Workers, { name, ours }: Row): Promise<void> {
  await send(ours, WARM_UP);
  const inspector = await Inspector.connect(workers.inspectorPort, "taskyard");
  const { lines } = await inspector.profile(async () => {
    await send(ours, PROFILED);
  });
  inspector.close();
  const files = filesAt(await readFile(workers.script, "utf8"), lines);
  console.log(`${name}: functions of ${files.length} files\n\n${files.join("\n")}`);
}

/** The files of ours that these lines of the bundle come from: each begins with a comment that names it. */
function filesAt(script: string, lines: ReadonlySet<number>): string[] {
  let file = "";
  const found = new Set<string>();
  for (const [line, text] of script.split("\n").entries()) {
    file = /^\/\/ (?:\.\.\/)*(\S+\.[jt]s)$/.exec(text)?.[1] ?? file;
    if (lines.has(line) && file.startsWith("src/")) found.add(file);
  }
  return [...found].toSorted();
}

function newTimes(): Times {
  return { wall: [], cpu: [] };
}

function describe({ row, ours, bare }: { row: Row; ours: Times; bare: Times }): string[] {
  const ratios = ours.wall.map((time, round) => time / (bare.wall[round] ?? Number.NaN));
  return [
    row.name,
    row.floor,
    formatTimes(summarize(bare.wall), rounds),
    formatTimes(summarize(ours.wall), rounds),
    formatTimes(summarize(ratios), rounds),
    `≤ ${row.goal}`,
    formatNumber(summarize(bare.cpu).median),
    formatNumber(summarize(ours.cpu).median),
  ];
}

/** Sends a request over and over on PARALLEL connections, until `count` are answered or the time is over. */
async function send({ base, text }: Request, count: number, until = Number.POSITIVE_INFINITY): Promise<number> {
  let begun = 0;
  const address = { host: base.hostname, port: Number(base.port) };
  const work = async (): Promise<void> => {
    const connection = new Connection(address);
    while (begun < count && performance.now() < until) {
      begun += 1;
      const status = await connection.request(text);
      if (status !== 200) throw new Error(`${text.split("\r\n", 1)[0]}: ${status}`);
    }
    connection.destroy();
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return begun;
}

async function timeRequests(request: Request): Promise<number> {
  const started = performance.now();
  const count = await send(request, Number.POSITIVE_INFINITY, started + MEASURE_MS);
  return ((performance.now() - started) * 1000) / count;
}

async function profile(inspector: Inspector, row: Row, side: "ours" | "bare"): Promise<number> {
  const { total, functions } = await inspector.profile(async () => {
    await send(row[side], PROFILED);
  });
  if (values.top === row.name) {
    const sorted = [...functions].sort(([, a], [, b]) => b - a).slice(0, TOP);
    const shown = sorted.map(([name, time]) => [name, formatNumber((time * 1000) / PROFILED)]);
    console.log(`${row.name}, ${side}: µs of CPU a request\n\n${formatTable(["function", "µs"], shown)}\n`);
  }
  return (total * 1000) / PROFILED;
}
