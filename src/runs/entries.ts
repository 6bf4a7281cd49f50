import { ApiError } from "../http/errors.ts";
import { MAX_ENTRY_BYTES } from "../stream/journal.ts";
import {
  CLOSE_LIST,
  endOf,
  findMember,
  isObject,
  LINE_FEED,
  membersOf,
  OPEN_LIST,
  parseJson,
  skipSpace,
  toLine,
} from "./json-extents.ts";

/**
 * Reads the body of append_log (agent-tasks 5.2), `{"entries": [{…}, …]}`, and what is like it, into the bytes of its entries. Clients compare
 * stored entries with live events as text (6.3), so key order, spellings of numbers and escapes stay as they came; only
 * line breaks between tokens go, since a stored entry is one line. The entries are parsed one by one, to be checked:
 * a whole body as objects would take several times its size.
 */

function refuse(type: string, msg: string, ...place: (string | number)[]): ApiError {
  return new ApiError("validation_failed", msg, { errors: [{ loc: ["body", ...place], msg, type }] });
}

/** Why a body without a list of objects is refused; throws `malformed_json` when it is no JSON at all. */
function refusalOf(bytes: Uint8Array, key: string): ApiError {
  const body = parseJson(bytes);
  if (!isObject(body)) return refuse("invalid_input", "Invalid data. Expected a dictionary.");
  if (!Object.hasOwn(body, key)) return refuse("required", "This field is required.", key);
  if (Reflect.get(body, key) === null) return refuse("null", "This field may not be null.", key);
  return refuse("not_a_list", "Expected a list of items.", key);
}

/**
 * The objects in the list that a body has under `key`, as lines that end in a line feed each. Throws `malformed_json`,
 * `validation_failed` with the codes of 5.2, or `body_too_large` for an entry that no journal takes.
 */
export function readEntries(body: Uint8Array, key: string): { lines: Uint8Array; count: number } {
  const open = findMember(body, key)?.start;
  if (open === undefined || body[open] !== OPEN_LIST) throw refusalOf(body, key);
  const end = endOf(body, open);
  if (body[end - 1] !== CLOSE_LIST) throw refusalOf(body, key);
  const around = new Uint8Array(body.length - (end - open) + 2);
  around.set(body.subarray(0, open + 1));
  around.set([CLOSE_LIST], open + 1);
  around.set(body.subarray(end), open + 2);
  parseJson(around);
  if (skipSpace(body, open + 1) === end - 1) throw refuse("invalid_input", "At least one log entry is required", key);

  // Each line takes at most the place of its entry and of the comma or bracket after it.
  const lines = new Uint8Array(end - open);
  let length = 0;
  let index = 0;
  for (const member of membersOf(body, open)) {
    if (!isObject(parseJson(body.subarray(member.start, member.end)))) {
      throw refuse("not_a_dict", "Expected a dictionary of items.", key, index);
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
  return { lines: lines.subarray(0, length), count: index };
}
