import { ApiError } from "../../http/errors/error-table.ts";
import { MAX_ENTRY_BYTES } from "../../stream/journal/journal-lines.ts";
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  type Extent,
  findMember,
  findSoleList,
  isObject,
  hasLineBreak,
  LINE_FEED,
  OPEN_LIST,
  OPEN_OBJECT,
  parseJson,
  parseList,
  skipSpace,
  skipSpaceBack,
  visitMembers,
  writeLine,
} from "../../json-bytes/json-extents.ts";

/**
 * Reads the body of append_log (agent-tasks 5.2), `{"entries": [{…}, …]}`, or another list under another key, into the bytes of its entries. Clients compare
 * stored entries with live events as text (6.3), so key order, spellings of numbers and escapes stay as they came; only
 * line breaks between tokens go, since a stored entry is one line. The entries are parsed some at a time, to be checked:
 * a whole body as objects would take several times its size.
 */

function refuse(type: string, msg: string, ...place: (string | number)[]): ApiError {
  return new ApiError("validation_failed", msg, { errors: [{ loc: ["body", ...place], msg, type }] });
}

/** Why a body without a list under `key` is refused; throws `malformed_json` when it is no JSON at all. */
function refusalOf(bytes: Uint8Array, key: string): ApiError {
  const body = parseJson(bytes);
  if (!isObject(body)) return refuse("invalid_input", "Invalid data. Expected a dictionary.");
  if (!Object.hasOwn(body, key)) return refuse("required", "This field is required.", key);
  if (Reflect.get(body, key) === null) return refuse("null", "This field may not be null.", key);
  return refuse("not_a_list", "Expected a list of items.", key);
}

/** Bytes of entries that are parsed at a time. */
const SLICE_BYTES = 65_536;

/** Entries of a body that follow one another: checked together, then written as lines. */
class EntrySlice {
  readonly #body: Uint8Array;
  readonly #key: string;
  readonly #lines: Uint8Array;
  #extents: Extent[] = [];
  /** Bytes of lines so far, and entries before this slice. */
  #length = 0;
  #index = 0;

  /** Each line takes at most the place of its entry and of the comma or bracket after it, of `maxBytes` in all. */
  constructor(body: Uint8Array, key: string, maxBytes: number) {
    this.#body = body;
    this.#key = key;
    this.#lines = new Uint8Array(maxBytes);
  }

  add(start: number, end: number): void {
    this.#extents.push({ start, end });
    if (end - (this.#extents[0]?.start ?? end) >= SLICE_BYTES) this.#write();
  }

  /** The lines of everything that was added, and how many they are. */
  end(): { lines: Uint8Array; count: number } {
    this.#write();
    return { lines: this.#lines.subarray(0, this.#length), count: this.#index };
  }

  #write(): void {
    if (!this.#areObjects()) this.#refuse();
    if (!this.#copy()) this.#writeEach();
    this.#extents = [];
  }

  /** Copies all at once, with line feeds in the place of commas; false where white space is to be left out. */
  #copy(): boolean {
    const [first, last] = [this.#extents.at(0), this.#extents.at(-1)];
    if (!first || !last) return true;
    const body = this.#body;
    const text = body.subarray(first.start, last.end);
    const isClean = this.#extents.every(
      ({ start, end }) => body[start] === OPEN_OBJECT && body[end - 1] === CLOSE_OBJECT,
    );
    if (!isClean || hasLineBreak(text)) return false;
    const offset = this.#length - first.start;
    this.#lines.set(text, this.#length);
    for (const { end } of this.#extents) this.#endLine(offset + end);
    return true;
  }

  #writeEach(): void {
    for (const extent of this.#extents) this.#endLine(writeLine(this.#body, extent, this.#lines, this.#length));
  }

  /** Ends the next entry's line at `end`. */
  #endLine(end: number): void {
    if (end - this.#length + 1 > MAX_ENTRY_BYTES) {
      throw new ApiError("body_too_large", `Log entry ${this.#index} is larger than ${MAX_ENTRY_BYTES} bytes.`);
    }
    this.#lines[end] = LINE_FEED;
    this.#length = end + 1;
    this.#index += 1;
  }

  #areObjects(): boolean {
    const [first, last] = [this.#extents.at(0), this.#extents.at(-1)];
    if (!first || !last) return true;
    try {
      const values = parseList(this.#body.subarray(first.start, last.end));
      return values.length === this.#extents.length && values.every(isObject);
    } catch {
      // Which entry it is, and what is wrong with it, is found by parsing them one by one.
      return false;
    }
  }

  #refuse(): never {
    for (const [at, { start, end }] of this.#extents.entries()) {
      if (isObject(parseJson(this.#body.subarray(start, end)))) continue;
      throw refuse("not_a_dict", "Expected a dictionary of items.", this.#key, this.#index + at);
    }
    throw refusalOf(this.#body, this.#key);
  }
}

/** The entries of a list as lines that end in a line feed each, and how many they are. */
interface EntryLines {
  lines: Uint8Array;
  count: number;
}

/**
 * The objects in the list that a body has under `key`, as lines. Throws `malformed_json`, `validation_failed` with the codes
 * of 5.2, or `body_too_large` for an entry that no journal takes.
 */
export function readEntries(body: Uint8Array, key: string): EntryLines {
  return readSoleList(body, key) ?? readMember(body, key);
}

/** Reads the body that clients mostly send, which has nothing but the list, in one pass; undefined for any other and for a bad one. */
function readSoleList(body: Uint8Array, key: string): EntryLines | undefined {
  const list = findSoleList(body, key);
  if (!list) return undefined;
  try {
    const slice = new EntrySlice(body, key, list.end - list.start);
    const end = visitMembers(body, list.start, (from, to) => slice.add(from, to));
    const entries = slice.end();
    return end === list.end && entries.count > 0 ? entries : undefined;
  } catch (error) {
    // What is wrong, and whether it counts, is told by who reads the whole body.
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Reads a body whatever else it has: it is looked through for the list, and then the list for its entries. */
function readMember(body: Uint8Array, key: string): EntryLines {
  const list = findMember(body, key);
  if (list === undefined || body[list.start] !== OPEN_LIST) throw refusalOf(body, key);
  const { start } = list;
  const end = skipSpaceBack(body, list.end);
  if (body[end - 1] !== CLOSE_LIST) throw refusalOf(body, key);
  parseJson(concatenate(body.subarray(0, start + 1), body.subarray(end - 1)));
  if (skipSpace(body, start + 1) === end - 1) {
    throw refuse("invalid_input", "At least one log entry is required", key);
  }
  const slice = new EntrySlice(body, key, end - start);
  const listEnd = visitMembers(body, start, (from, to) => slice.add(from, to));
  if (listEnd !== end) throw refusalOf(body, key);
  return slice.end();
}

function concatenate(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
