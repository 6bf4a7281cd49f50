/** Entries as lines of bytes, each with its line end. */

/** Bytes of a row's body, unless one entry alone is larger: what one read holds in memory at least. */
export const ROW_TARGET_BYTES = 1_000_000;

/** Bytes of the largest entry with its line end. SQLite in a Durable Object takes rows of 2 MB. */
export const MAX_ENTRY_BYTES = 1_900_000;

const NEWLINE = 0x0a;

/** Where the line that begins at `offset` ends, its line end included. */
function lineEnd(lines: Uint8Array, offset: number): number {
  const newline = lines.indexOf(NEWLINE, offset);
  if (newline === -1) throw new RangeError("A journal entry has no line end.");
  return newline + 1;
}

/** Cuts lines into bodies of at most ROW_TARGET_BYTES, at line ends. */
export function* cutRows(lines: Uint8Array): Generator<{ count: number; body: Uint8Array }> {
  let start = 0;
  let count = 0;
  for (let end = 0; end < lines.length;) {
    const next = lineEnd(lines, end);
    if (next - end > MAX_ENTRY_BYTES) throw new RangeError(`A journal entry is larger than ${MAX_ENTRY_BYTES} bytes.`);
    if (count > 0 && next - start > ROW_TARGET_BYTES) {
      yield { count, body: lines.subarray(start, end) };
      start = end;
      count = 0;
    }
    count += 1;
    end = next;
  }
  if (count > 0) yield { count, body: lines.subarray(start) };
}

/** The part of a row's body after its first `skipped` lines. */
export function dropLines(body: Uint8Array, skipped: number): Uint8Array {
  let offset = 0;
  for (let line = 0; line < skipped; line += 1) offset = lineEnd(body, offset);
  return body.subarray(offset);
}

/** The first `count` lines of a row's body. */
export function keepLines(body: Uint8Array, count: number): Uint8Array {
  return body.subarray(0, body.length - dropLines(body, count).length);
}
