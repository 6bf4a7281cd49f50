import { formatNumber, formatTimes } from "../measure/table.ts";
import type { Summary } from "../measure/statistics.ts";
import type { Cell } from "./measure.ts";

export function formatTime(cell: Cell | undefined, rounds: number): string {
  return cell === undefined ? "dies" : formatTimes(cell.time, rounds);
}

/** A median as a part of another. */
export function formatPart(ours: Summary, theirs: Summary | undefined): string {
  return theirs === undefined ? "" : formatNumber(ours.median / theirs.median);
}

/** How many times `base` a cell's median is. */
export function formatRatio(cell: Cell | undefined, base: Cell | undefined): string {
  if (cell === undefined || base === undefined) return "–";
  return `${formatNumber(cell.time.median / base.time.median)}×`;
}

export function formatMegabytes(bytes: number | undefined): string {
  return bytes === undefined ? "dies" : formatNumber(bytes / 1e6);
}
