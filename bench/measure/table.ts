import type { Summary } from "./statistics.ts";

export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Median, the least and the most, and the rounds when they are not `rounds`. */
export function formatTimes({ median, least, most, count }: Summary, rounds: number): string {
  const few = count === rounds ? "" : `, ${count} rounds`;
  return `${formatNumber(median)} (${formatNumber(least)}–${formatNumber(most)}${few})`;
}

export function formatNumber(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}
