/** Entries as bytes: lines, each with its line end, or the bytes of a stream that has no lines. */

/** Bytes of a row's body, unless one entry alone is larger: what one read holds in memory at least. */
export const ROW_TARGET_BYTES = 1_000_000;

/** Bytes of the largest entry with its line end. SQLite in a Durable Object takes rows of 2 MB. */
export const MAX_ENTRY_BYTES = 1_900_000;

const NEWLINE = 0x0a;

/** The tag of entries that are no lines but bytes as they came: one a row, and none is put together with another. */
export const BYTES_TAG = "bytes";

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

/**
 * Cuts the bytes of a stream into bodies of at most ROW_TARGET_BYTES, each an entry. The cut is where a character of UTF-8
 * begins, as far as the bytes are that, because readers of text get each piece by itself.
 */
export function* cutBytes(bytes: Uint8Array): Generator<{ count: number; body: Uint8Array }> {
  for (let start = 0; start < bytes.length;) {
    const end = Math.min(start + ROW_TARGET_BYTES, bytes.length);
    const cut = end < bytes.length ? characterStart(bytes, end) : end;
    yield { count: 1, body: bytes.subarray(start, cut) };
    start = cut;
  }
}

/** Bytes of a character after its first, at most. */
const CONTINUATION_BYTES = 3;

/** Where the character that byte `at` belongs to begins; `at` itself where that cannot be told. */
function characterStart(bytes: Uint8Array, at: number): number {
  for (let start = at; start >= at - CONTINUATION_BYTES; start -= 1) {
    if (((bytes[start] ?? 0) & 0b1100_0000) !== 0b1000_0000) return start;
  }
  return at;
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
