import { stripVTControlCharacters } from "node:util";
import { shorten } from "./safe-text.ts";

const GAP = "   ";

const widthOf = (text: string) => Array.from(stripVTControlCharacters(text)).length;

const pad = (text: string, width: number) => text + " ".repeat(Math.max(0, width - widthOf(text)));

/**
 * Rows under a head, in columns. `columns` is the width of the terminal, if there is one: the widest column gives way to it.
 * Cells may be coloured, those of the widest column not.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, paintHead = (text) => text }: { columns?: number | undefined; paintHead?: (text: string) => string } = {},
): string {
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const total = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  if (columns !== undefined && total > columns) {
    const widest = widths.indexOf(Math.max(...widths));
    const title = widthOf(head[widest] ?? "");
    widths[widest] = Math.max(title, (widths[widest] ?? 0) - (total - columns), Math.min(12, widths[widest] ?? 0));
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const fitting = widthOf(cell) > width ? shorten(stripVTControlCharacters(cell), width) : cell;
        return column === cells.length - 1 ? fitting : pad(fitting, width);
      })
      .join(GAP);
  return [paintHead(line(head)), ...rows.map(line)].join("\n");
}

/** Names and values below one another, in two columns. */
export function renderFields(
  fields: readonly (readonly [string, string | null | undefined])[],
  paintName = (text: string) => text,
): string {
  const known = fields.filter(([, value]) => value !== undefined && value !== null && value !== "");
  const width = Math.max(0, ...known.map(([name]) => widthOf(name)));
  const indent = " ".repeat(width + GAP.length);
  return known
    .map(([name, value]) => `${paintName(pad(name, width))}${GAP}${(value ?? "").replaceAll("\n", `\n${indent}`)}`)
    .join("\n");
}
