import { ApiError } from "../http/errors.ts";
import { MAX_ENTRY_BYTES } from "../stream/journal.ts";

/**
 * Reads the body of append_log (agent-tasks 5.2), `{"entries": [{…}, …]}`, into the bytes of its entries. Clients compare
 * stored entries with live events as text (6.3), so key order, spellings of numbers and escapes stay as they came; only
 * line breaks between tokens go, since a stored entry is one line. The entries are parsed one by one, to be checked:
 * a whole body as objects would take several times its size.
 */

/** From where to where something stands in the body. */
interface Extent {
  start: number;
  end: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const [LINE_FEED, CARRIAGE_RETURN, TAB, SPACE] = [0x0a, 0x0d, 0x09, 0x20];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "the request body is not UTF-8.";
    throw new ApiError("malformed_json", `JSON parse error - ${reason}`);
  }
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) return at;
    at += 1;
  }
}

/** Where the string that opens at `open` closes: at the first quote without an odd run of backslashes before it. */
function closingQuote(bytes: Uint8Array, open: number): number {
  for (let at = bytes.indexOf(QUOTE, open + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at;
    while (bytes[before - 1] === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return bytes.length;
}

/**
 * What stands between the commas of the list or object that opens at `open`, one after the other: a body may hold
 * millions. Returns where the list or object ends, or the body where it never does. Only strings and brackets are
 * understood here; whether what lies between them is JSON is for JSON.parse to say.
 */
function* membersOf(bytes: Uint8Array, open: number): Generator<Extent, number> {
  let start = open + 1;
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = closingQuote(bytes, at);
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
    } else if (depth === 0 && byte === COMMA) {
      yield { start, end: at };
      start = at + 1;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (depth === 0) {
        if (start > open + 1 || skipSpace(bytes, start) < at) yield { start, end: at };
        return at + 1;
      }
      depth -= 1;
    }
  }
  return bytes.length;
}

function endOf(bytes: Uint8Array, open: number): number {
  const members = membersOf(bytes, open);
  for (;;) {
    const { done, value } = members.next();
    if (done) return value;
  }
}

/** Where the list opens that is the value of the body's last `entries`, the one that counts; undefined without one. */
function findList(bytes: Uint8Array): number | undefined {
  const open = skipSpace(bytes, 0);
  if (bytes[open] !== OPEN_OBJECT) return undefined;
  let found: number | undefined;
  for (const { start } of membersOf(bytes, open)) {
    const key = skipSpace(bytes, start);
    const keyEnd = closingQuote(bytes, key) + 1;
    const colon = skipSpace(bytes, keyEnd);
    if (bytes[key] !== QUOTE || bytes[colon] !== COLON) return undefined;
    if (parseJson(bytes.subarray(key, keyEnd)) !== "entries") continue;
    const value = skipSpace(bytes, colon + 1);
    found = bytes[value] === OPEN_LIST ? value : undefined;
  }
  return found;
}

function refuse(type: string, msg: string, ...place: (string | number)[]): ApiError {
  return new ApiError("validation_failed", msg, { errors: [{ loc: ["body", ...place], msg, type }] });
}

/** Why a body without a list of entries is refused; throws `malformed_json` when it is no JSON at all. */
function refusalOf(bytes: Uint8Array): ApiError {
  const body = parseJson(bytes);
  if (!isObject(body)) return refuse("invalid_input", "Invalid data. Expected a dictionary.");
  if (!Object.hasOwn(body, "entries")) return refuse("required", "This field is required.", "entries");
  if (Reflect.get(body, "entries") === null) return refuse("null", "This field may not be null.", "entries");
  return refuse("not_a_list", "Expected a list of items.", "entries");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An entry as it is stored: without the white space around it and the line breaks inside. */
function toLine(bytes: Uint8Array, { start, end }: Extent): Uint8Array {
  let last = end;
  while (bytes[last - 1] !== CLOSE_OBJECT) last -= 1;
  const entry = bytes.subarray(skipSpace(bytes, start), last);
  if (!entry.includes(LINE_FEED) && !entry.includes(CARRIAGE_RETURN)) return entry;
  return entry.filter((byte) => byte !== LINE_FEED && byte !== CARRIAGE_RETURN);
}

/**
 * The entries of an append_log body as lines that end in a line feed each. Throws `malformed_json`, `validation_failed`
 * with the codes of 5.2, or `body_too_large` for an entry that no journal takes.
 */
export function readEntries(body: Uint8Array): Uint8Array {
  const open = findList(body);
  if (open === undefined) throw refusalOf(body);
  const end = endOf(body, open);
  if (body[end - 1] !== CLOSE_LIST) throw refusalOf(body);
  const around = new Uint8Array(body.length - (end - open) + 2);
  around.set(body.subarray(0, open + 1));
  around.set([CLOSE_LIST], open + 1);
  around.set(body.subarray(end), open + 2);
  parseJson(around);
  if (skipSpace(body, open + 1) === end - 1)
    throw refuse("invalid_input", "At least one log entry is required", "entries");

  // Each line takes at most the place of its entry and of the comma or bracket after it.
  const lines = new Uint8Array(end - open);
  let length = 0;
  let index = 0;
  for (const member of membersOf(body, open)) {
    if (!isObject(parseJson(body.subarray(member.start, member.end)))) {
      throw refuse("not_a_dict", "Expected a dictionary of items.", "entries", index);
    }
    const line = toLine(body, member);
    if (line.length + 1 > MAX_ENTRY_BYTES) {
      throw new ApiError("body_too_large", `Log entry ${index} is larger than ${MAX_ENTRY_BYTES} bytes.`);
    }
    lines.set(line, length);
    length += line.length;
    lines[length] = LINE_FEED;
    length += 1;
    index += 1;
  }
  return lines.subarray(0, length);
}
