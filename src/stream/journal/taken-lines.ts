import type { Segment } from "./journal.ts";

const NEWLINE = 0x0a;

/** A line of a segment: its sequence number, and where it lies in the body, its line end included. */
export interface TakenLine {
  seq: number;
  body: Uint8Array;
  start: number;
  end: number;
}

/** What lines were taken, and their bytes. `next` is the cursor after them; `rest` is what was not taken. */
export interface Taken {
  lines: TakenLine[];
  size: number;
  next: number;
  rest: Segment[];
}

/**
 * Takes lines until they have `maxBytes`, at least one; each counts `framing` bytes more than it has. The answer's
 * `next` follows the last one taken, or is the one given when all were.
 */
export function takeLines(
  segments: readonly Segment[],
  maxBytes: number,
  { framing, next }: { framing: number; next: number },
): Taken {
  const lines: TakenLine[] = [];
  let size = 0;
  for (const [index, { first, count, tag, body }] of segments.entries()) {
    let start = 0;
    for (let seq = first; seq < first + count; seq += 1) {
      if (size >= maxBytes) {
        const cut = { first: seq, count: first + count - seq, tag, body: body.subarray(start) };
        return { lines, size, next: seq, rest: [cut, ...segments.slice(index + 1)] };
      }
      const end = body.indexOf(NEWLINE, start) + 1;
      lines.push({ seq, body, start, end });
      size += end - start + framing;
      start = end;
    }
  }
  return { lines, size, next, rest: [] };
}

// A byte order mark within an entry is part of it.
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Lines of JSON as the members of an array, without its brackets. */
export function joinEntries(lines: readonly TakenLine[]): string {
  return lines.map(({ body, start, end }) => decoder.decode(body.subarray(start, end - 1))).join(",");
}
