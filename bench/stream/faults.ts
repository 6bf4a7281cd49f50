import { join } from "node:path";
import { formatNumber, formatTable } from "../measure/table.ts";
import type { SingleContext } from "./single-context.ts";
import { restartTaskyard, startTaskyard } from "./systems.ts";

/** How often the server is killed while entries come. */
const KILLS = 5;
/** Time for all entries to come and to be read: five hundred a second, and a minute. */
const LEAST_TIME_MS = 60_000;
const MS_PER_ENTRY = 2;

/**
 * Exactly once under faults: producers whose answers get lost, who send batches twice, at once and out of order, and a
 * server that is killed (SIGKILL) under them; readers over SSE and WebSocket that come back where they were. Every reader
 * has to end with every entry once, all in the same order.
 */
export async function printFaults({ load, folder, script, faultEntries, signal }: SingleContext): Promise<void> {
  const data = join(folder, "faults");
  let system = await startTaskyard(script, data, signal);
  let kills = 0;
  try {
    const started = performance.now();
    const deadlineMs = LEAST_TIME_MS + faultEntries * MS_PER_ENTRY;
    const kill = async (): Promise<void> => {
      system = await restartTaskyard(system, script, data);
      kills += 1;
    };
    const shape = { entries: faultEntries, kills: KILLS, deadlineMs };
    const outcome = await load.measure("faults", system.target, shape, kill, 2 * deadlineMs);
    const seconds = (performance.now() - started) / 1000;
    const rows = [
      ["entries, each in the log and with every reader once", formatNumber(outcome.entries)],
      ["readers (3 SSE, 2 WebSocket), all with the same order", formatNumber(outcome.readers)],
      ["SIGKILL of workerd under load", formatNumber(kills)],
      ["requests that got no answer and were sent again", formatNumber(outcome.lost)],
      ["batches acknowledged as duplicates", formatNumber(outcome.duplicates)],
      ["batches refused as out of order", formatNumber(outcome.refused)],
      ["connections that readers opened", formatNumber(outcome.connections)],
      ["seconds", formatNumber(seconds)],
    ];
    console.log(`\n### Exactly once under faults\n\n${formatTable(["", ""], rows)}`);
  } finally {
    await system.stop();
  }
}
