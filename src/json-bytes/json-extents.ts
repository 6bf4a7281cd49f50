import { ApiError } from "../http/errors/error-table.ts";

/**
 * Finds where the parts of a JSON text stand, so that they can be kept as the bytes that came: key order, spellings of
 * numbers and escapes are part of what clients compare (agent-tasks 6.3).
 */

/** From where to where something stands in a text. */
export interface Extent {
  start: number;
  end: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
export const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
export const LINE_FEED = 0x0a;
const [CARRIAGE_RETURN, TAB, SPACE] = [0x0d, 0x09, 0x20];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value of a JSON text; throws `malformed_json` with the reason. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "the request body is not UTF-8.";
    throw new ApiError("malformed_json", `JSON parse error - ${reason}`);
  }
}

/** The values of JSON texts with commas between them; throws what JSON.parse or the decoder throws. */
export function parseList(bytes: Uint8Array): unknown[] {
  const values: unknown = JSON.parse(`[${decoder.decode(bytes)}]`);
  return Array.isArray(values) ? values : [];
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

/** Where white space that begins at `from` ends. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

/** Where white space that ends at `to` begins. */
export function skipSpaceBack(bytes: Uint8Array, to: number): number {
  let at = to;
  while (isSpace(bytes[at - 1])) at -= 1;
  return at;
}

/** Bytes of a string up to which looking at them one by one is faster than a search: most are names and short values. */
const SHORT_STRING_BYTES = 64;

/** Where the string that opens at `open` closes: at the first quote without an odd run of backslashes before it. */
export function closingQuote(bytes: Uint8Array, open: number): number {
  let from = open + 1;
  for (const near = from + SHORT_STRING_BYTES; from < near; from += 1) {
    const byte = bytes[from];
    if (byte === QUOTE) return from;
    if (byte === BACKSLASH) from += 1;
  }
  for (let at = bytes.indexOf(QUOTE, from); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at;
    while (bytes[before - 1] === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return bytes.length;
}

/**
 * Tells what stands between the commas of the list or object that opens at `open`, one after the other: a text may hold
 * millions. Returns where the list or object ends, or the text where it never does. Only strings and brackets are
 * understood here; whether what lies between them is JSON is for JSON.parse to say.
 */
export function visitMembers(bytes: Uint8Array, open: number, visit: (start: number, end: number) => void): number {
  let start = open + 1;
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = closingQuote(bytes, at);
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
    } else if (depth === 0 && byte === COMMA) {
      visit(start, at);
      start = at + 1;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (depth === 0) {
        if (start > open + 1 || skipSpace(bytes, start) < at) visit(start, at);
        return at + 1;
      }
      depth -= 1;
    }
  }
  return bytes.length;
}

/** Where the value of `key` stands in an object's text, of its last one if there are several: that one counts. */
export function findMember(bytes: Uint8Array, key: string): Extent | undefined {
  const open = skipSpace(bytes, 0);
  if (bytes[open] !== OPEN_OBJECT) return undefined;
  let found: Extent | undefined;
  let isObject = true;
  visitMembers(bytes, open, (start, end) => {
    const name = skipSpace(bytes, start);
    const nameEnd = closingQuote(bytes, name) + 1;
    const colon = skipSpace(bytes, nameEnd);
    if (bytes[name] !== QUOTE || bytes[colon] !== COLON) isObject = false;
    else if (parseJson(bytes.subarray(name, nameEnd)) === key) found = { start: skipSpace(bytes, colon + 1), end };
  });
  return isObject ? found : undefined;
}

/**
 * Where the list stands in a text of the form `{"key": […]}`, told by its first and last bytes alone: whether the bracket at
 * its end is the one that closes it is for the caller to see. Undefined where another member comes first or last.
 */
export function findSoleList(bytes: Uint8Array, key: string): Extent | undefined {
  let start = skipSpace(bytes, 0);
  for (const token of ["{", `"${key}"`, ":"]) {
    for (let at = 0; at < token.length; at += 1) if (bytes[start + at] !== token.charCodeAt(at)) return undefined;
    start = skipSpace(bytes, start + token.length);
  }
  const close = skipSpaceBack(bytes, bytes.length);
  const end = skipSpaceBack(bytes, close - 1);
  const isList = bytes[start] === OPEN_LIST && bytes[end - 1] === CLOSE_LIST && bytes[close - 1] === CLOSE_OBJECT;
  return isList && start < end - 1 ? { start, end } : undefined;
}

/** Whether a parsed value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a text has a line break, which in JSON stands between tokens alone. */
export function hasLineBreak(bytes: Uint8Array): boolean {
  return bytes.includes(LINE_FEED) || bytes.includes(CARRIAGE_RETURN);
}

/** An object as it is stored: without the white space around it and the line breaks inside. */
export function toLine(bytes: Uint8Array, { start, end }: Extent): Uint8Array {
  const entry = bytes.subarray(skipSpace(bytes, start), skipSpaceBack(bytes, end));
  if (!hasLineBreak(entry)) return entry;
  return entry.filter((byte) => byte !== LINE_FEED && byte !== CARRIAGE_RETURN);
}

/** Bytes of an entry up to which copying them one by one is faster than making views of it. */
const SHORT_BYTES = 64;

/** Writes what `toLine` makes of an object to `target`, and returns where it ends there. */
export function writeLine(bytes: Uint8Array, extent: Extent, target: Uint8Array, offset: number): number {
  if (extent.end - extent.start > SHORT_BYTES) {
    const line = toLine(bytes, extent);
    target.set(line, offset);
    return offset + line.length;
  }
  const end = skipSpaceBack(bytes, extent.end);
  let next = offset;
  for (let at = skipSpace(bytes, extent.start); at < end; at += 1) {
    const byte = bytes[at] ?? LINE_FEED;
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) target[next++] = byte;
  }
  return next;
}
