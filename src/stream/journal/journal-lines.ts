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

/** Cuts lines into bodies of at most ROW_TARGET_BYTES, at line ends; a longer line is a body of its own. */
export function* cutRows(lines: Uint8Array): Generator<{ count: number; body: Uint8Array }> {
  for (let start = 0; start < lines.length;) {
    const last = lines.subarray(start, start + ROW_TARGET_BYTES).lastIndexOf(NEWLINE);
    const end = last === -1 ? lineEnd(lines, start) : start + last + 1;
    if (end - start > MAX_ENTRY_BYTES) throw new RangeError(`A journal entry is larger than ${MAX_ENTRY_BYTES} bytes.`);
    const body = lines.subarray(start, end);
    yield { count: countLines(body), body };
    start = end;
  }
}

/** Byte by byte: there may be as many lines as half the bytes, and a search for each of them costs more. */
function countLines(body: Uint8Array): number {
  let count = 0;
  for (const byte of body) if (byte === NEWLINE) count += 1;
  return count;
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
