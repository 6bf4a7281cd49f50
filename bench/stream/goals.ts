import { formatNumber, formatTable } from "../measure/table.ts";
import { BARE, DURABLE_FILES, DURABLE_MEMORY, REDIS, REDIS_DUTIES } from "./cells.ts";
import { betterBy } from "./report.ts";
import type { Results } from "./results.ts";

const OURS = "ours";

/** A comparison that is wanted: how many times better than a peer ours has to be, or below what a figure has to stay. */
interface Goal {
  readonly wanted: string;
  readonly found: (results: Results) => number | undefined;
  readonly isReached: (found: number) => boolean;
}

function ratio(wanted: string, cell: string, key: string, isRate: boolean, peer: string, least: number): Goal {
  const bound = least < 1 ? `at most ${formatNumber(1 / least)} times worse than` : `at least ${least}×`;
  return {
    wanted: `${wanted}: ${bound} ${peer}`,
    found: (results) => betterBy(results, cell, { key, isRate }, OURS, peer)?.median,
    isReached: (found) => found >= least,
  };
}

function figure(wanted: string, cell: string, key: string, isReached: (found: number) => boolean): Goal {
  return { wanted, found: (results) => results.median(cell, OURS, key), isReached };
}

const [RATE, DELIVERED] = ["entriesPerSecond", "deliveredPerSecond"];
const APPEND = "durable append";

const GOALS: readonly Goal[] = [
  figure(`${APPEND}, 100 a request, one run: p50 at most 1.5 ms`, "append-100-1", "p50", (found) => found <= 1.5),
  ratio(`${APPEND}, 100 a request, one run`, "append-100-1", RATE, true, REDIS_DUTIES, 1),
  ratio(`${APPEND}, 100 a request, one run`, "append-100-1", RATE, true, DURABLE_FILES, 1.2),
  ratio(`${APPEND}, 1,000 a request`, "append-1000-1", RATE, true, REDIS_DUTIES, 1.5),
  ratio(`${APPEND}, 1,000 a request`, "append-1000-1", RATE, true, DURABLE_FILES, 1.2),
  ratio("single entries, 16 runs", "append-1-16", RATE, true, BARE, 1 / 1.3),
  ratio("single entries, 16 runs", "append-1-16", RATE, true, DURABLE_FILES, 1),
  ratio("flood, 100 an append", "flood-100-events", DELIVERED, true, REDIS, 1),
  ratio("flood, 100 an append", "flood-100-events", DELIVERED, true, DURABLE_FILES, 6),
  ratio("flood, 100 an append", "flood-100-events", DELIVERED, true, DURABLE_MEMORY, 1),
  ratio("flood, 10 an append", "flood-10-events", DELIVERED, true, REDIS, 1.3),
  ratio("flood, 10 an append", "flood-10-events", DELIVERED, true, DURABLE_MEMORY, 1),
  ...["events", "socket"].flatMap((transport) => {
    const way = transport === "socket" ? "WebSocket" : "SSE";
    return [
      figure(`500 subscribers, ${way}: 50 events/s kept`, `fan-out-500-${transport}`, "kept", (found) => found >= 49.5),
      figure(`500 subscribers, ${way}: p99 at most 100 ms`, `fan-out-500-${transport}`, "p99", (found) => found <= 100),
    ];
  }),
  ratio("100 subscribers, p99", "fan-out-100-events", "p99", false, REDIS, 0.5),
  ratio("100 subscribers, p50", "fan-out-100-events", "p50", false, DURABLE_FILES, 8),
  ratio("catch up, 1 reader", "catch-up-20000-1", "milliseconds", false, REDIS, 1),
  ratio("catch up, 20 readers", "catch-up-20000-20", "milliseconds", false, REDIS, 2),
  ratio("one GET of the log", "log", "megabytesPerSecond", true, DURABLE_MEMORY, 1.5),
  ratio("one GET of the log", "log", "megabytesPerSecond", true, DURABLE_FILES, 1.5),
  {
    wanted: "slow readers: p99 of fast ones within 10%, as a part of what it is alone",
    found: (results) => {
      const [beside, alone] = ["slow-10", "slow-0"].map((cell) => results.median(cell, OURS, "p99"));
      return beside === undefined || alone === undefined ? undefined : beside / alone;
    },
    isReached: (found) => found <= 1.1,
  },
  figure("slow readers: at most 2 MB held for each", "slow-10", "memory", (found) => found <= 2),
];

/** What is wanted of run streams, and what this run found of it. */
export function printGoals(results: Results): void {
  const rows = GOALS.map(({ wanted, found, isReached }) => {
    const value = found(results);
    if (value === undefined) return [wanted, "not measured", ""];
    return [wanted, formatNumber(value), isReached(value) ? "reached" : "**not reached**"];
  });
  console.log(`\n### What is wanted\n\n${formatTable(["wanted", "found", ""], rows)}`);
}
