import type { Cell } from "./measure.ts";
import type { Summary } from "./statistics.ts";

export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function formatTime(cell: Cell | undefined, rounds: number): string {
  return cell === undefined ? "dies" : formatTimes(cell.time, rounds);
}

/** Median, the least and the most, and the rounds when they are not `rounds`. */
export function formatTimes({ median, least, most, count }: Summary, rounds: number): string {
  const few = count === rounds ? "" : `, ${count} rounds`;
  return `${formatNumber(median)} (${formatNumber(least)}–${formatNumber(most)}${few})`;
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

export function formatNumber(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}
