import { summarize, type Summary } from "../measure/statistics.ts";
import { formatTable, formatTimes } from "../measure/table.ts";
import { type Cell, type Group, type Metric } from "./cells.ts";
import type { Results } from "./results.ts";
import type { Target } from "./target.ts";

const TITLES: Record<Group, string> = {
  append: "Append, each answered when it is durable",
  flood: "Flood: one writer as fast as subscribers follow",
  "fan-out": "50 events a second, each in an append of its own",
  "catch-up": "Catch up from the first entry",
  million: "Catch up with a million entries",
  storm: "Reconnect storm",
  slow: "Slow readers beside fast ones, 50 events a second",
};

/** One table for each group of cells that was measured. */
export function printCells(results: Results, cells: readonly Cell[], targets: readonly Target[], rounds: number): void {
  const ours = targets.find(({ kind }) => kind === "taskyard");
  const peers = targets.filter((target) => target !== ours);
  for (const group of new Set(cells.map((cell) => cell.group))) {
    const rows = cells
      .filter((cell) => cell.group === group)
      .flatMap((cell) => cell.metrics.map((metric) => rowOf(results, cell, metric, ours, peers, rounds)));
    const header = ["", "", "ours", ...peers.flatMap(({ name }) => [name, "ours is better by"])];
    console.log(`\n### ${TITLES[group]}\n\n${formatTable(header, rows)}`);
  }
}

function rowOf(
  results: Results,
  cell: Cell,
  metric: Metric,
  ours: Target | undefined,
  peers: readonly Target[],
  rounds: number,
): string[] {
  const expected = Math.min(rounds, cell.rounds);
  const show = ({ name }: Target): string => {
    const summary = results.summary(cell.id, name, metric.key);
    if (summary !== undefined) return formatTimes(summary, expected);
    return results.failure(cell.id, name) === undefined ? "–" : "failed";
  };
  const compare = (peer: Target): string => {
    const ratio = ours && betterBy(results, cell.id, metric, ours.name, peer.name);
    return ratio === undefined ? "–" : `${formatTimes(ratio, expected)}×`;
  };
  const first = metric === cell.metrics[0] ? cell.label : "";
  return [first, metric.unit, ours ? show(ours) : "–", ...peers.flatMap((peer) => [show(peer), compare(peer)])];
}

/** How many times better one system is than another, round by round: faster, or less late. Undefined where one was not measured. */
export function betterBy(
  results: Results,
  cellId: string,
  { key, isRate }: Pick<Metric, "key" | "isRate">,
  system: string,
  other: string,
): Summary | undefined {
  const [own, theirs] = [results.values(cellId, system, key), results.values(cellId, other, key)];
  const ratios = own.flatMap((value, round) => {
    const peer = theirs[round];
    return peer === undefined ? [] : [isRate ? value / peer : peer / value];
  });
  return ratios.length === 0 ? undefined : summarize(ratios);
}
