/**
 * `npm run bench:stream [-- --rounds 9 --only append,flood,…]`: a run's stream beside Redis streams, Durable Streams and a bare
 * object, all in one run; with `--profile append-1-16` only where the CPU time of ours goes in that cell. Data goes to a temporary folder that is removed at the end; everything listens on 127.0.0.1.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PlainError, runCommand } from "../../scripts/command.ts";
import { BARE, CELLS, DURABLE_FILES, DURABLE_MEMORY, REDIS, REDIS_DUTIES } from "./cells.ts";
import { printGoals } from "./goals.ts";
import { LoadGenerator } from "./load-generator.ts";
import { printProfile } from "./profile.ts";
import { printCells } from "./report.ts";
import { runRounds } from "./rounds.ts";
import { SINGLES } from "./singles.ts";
import { bundleOurs, startBare, startDurableStreams, startRedis, startTaskyard, type System } from "./systems.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string" },
    profile: { type: "string" },
    "fault-entries": { type: "string", default: "100000" },
  },
});
const rounds = Number(values.rounds);
const faultEntries = Number(values["fault-entries"]);
const known = [...new Set(CELLS.map(({ group }) => group)), ...SINGLES.map(({ name }) => name)];
const only = values.only?.split(",") ?? known;

await runCommand(async (signal) => {
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new PlainError(`--only takes ${known.join(", ")}; not ${unknown.join(", ")}.`);
  if (!(rounds >= 1 && faultEntries >= 1)) throw new PlainError("--rounds and --fault-entries are numbers from 1.");
  const folder = await mkdtemp(join(tmpdir(), "taskyard-bench-stream-"));
  try {
    if (values.profile === undefined) await measure(folder, signal);
    else await printProfile(values.profile, folder, signal);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function measure(folder: string, signal: AbortSignal): Promise<void> {
  const script = await bundleOurs(folder);
  const systems: System[] = [];
  const load = new LoadGenerator(signal);
  try {
    for (const start of starters(script, folder, signal)) {
      const system = await start();
      if (system !== undefined) systems.push(system);
    }
    await printMeasured(systems, load, signal);
    for (const single of SINGLES) {
      if (only.includes(single.name)) await single.run({ systems, load, folder, script, faultEntries, signal });
    }
  } finally {
    load.end();
    for (const system of systems) await system.stop();
  }
}

/** How each system is started that can take part. */
function starters(script: string, folder: string, signal: AbortSignal): (() => Promise<System | undefined>)[] {
  return [
    () => startTaskyard(script, join(folder, "ours"), signal),
    async () => {
      const redis = await startRedis(REDIS, join(folder, "redis"), false);
      if (redis === undefined) {
        console.log(
          "Redis is left out: there is no redis-server (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis).",
        );
      }
      return redis;
    },
    () => startRedis(REDIS_DUTIES, join(folder, "redis-duties"), true),
    () => startBare(BARE, join(folder, "bare")),
    () => startDurableStreams(DURABLE_MEMORY),
    () => startDurableStreams(DURABLE_FILES, join(folder, "durable-streams")),
  ];
}

async function printMeasured(systems: readonly System[], load: LoadGenerator, signal: AbortSignal): Promise<void> {
  const cells = CELLS.filter(({ group }) => only.includes(group));
  if (cells.length === 0) return;
  console.log(`Node ${process.version}, ${availableParallelism()} cores; median of ${rounds} rounds (least–most)\n`);
  const results = await runRounds(load, systems, cells, rounds, signal);
  printCells(
    results,
    cells,
    systems.map(({ target }) => target),
    rounds,
  );
  printGoals(results);
  for (const failure of results.failures) console.log(`\nFAILED ${failure}`);
  if (results.failures.some((failure) => failure.includes(" ours: "))) process.exitCode = 1;
}
