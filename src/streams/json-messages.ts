import { ApiError } from "../http/errors/error-table.ts";
import {
  CLOSE_LIST,
  type Extent,
  LINE_FEED,
  OPEN_LIST,
  parseJson,
  parseList,
  skipSpace,
  skipSpaceBack,
  visitMembers,
  writeLine,
} from "../json-bytes/json-extents.ts";
import { MAX_ENTRY_BYTES } from "../stream/journal/journal-lines.ts";

/** Bytes of messages that are parsed at a time: a whole body as values would take several times its size. */
const SLICE_BYTES = 65_536;

/**
 * The messages of a body of JSON as lines (7.1): the members of a list, or the one value that it is. They stay the bytes that
 * came, but for white space around them and line breaks between tokens. Empty for an empty list. Throws `malformed_json`, and
 * `body_too_large` for a message that no journal takes.
 */
export function readMessages(body: Uint8Array): Uint8Array {
  const start = skipSpace(body, 0);
  if (start === body.length) refuse(body);
  const end = skipSpaceBack(body, body.length);
  const lines = new MessageLines(body, end - start + 1);
  if (body[start] !== OPEN_LIST) {
    lines.add(start, end);
    return lines.end();
  }
  const listEnd = visitMembers(body, start, (from, to) => lines.add(from, to));
  // What is told to be the list's end need not be one: of a text that breaks off, or that goes on behind it.
  if (listEnd !== end || body[end - 1] !== CLOSE_LIST) refuse(body);
  return lines.end();
}

/** Refuses a body that was found to be no JSON, with what the parser says of it. */
function refuse(body: Uint8Array): never {
  parseJson(body);
  throw new ApiError("malformed_json");
}

/** Messages on their way into lines; each takes at most the place of what it was and of a comma. */
class MessageLines {
  readonly #body: Uint8Array;
  readonly #lines: Uint8Array;
  #length = 0;
  #extents: Extent[] = [];

  constructor(body: Uint8Array, maxBytes: number) {
    this.#body = body;
    this.#lines = new Uint8Array(maxBytes);
  }

  add(start: number, end: number): void {
    this.#extents.push({ start, end });
    if (end - (this.#extents[0]?.start ?? end) >= SLICE_BYTES) this.#write();
  }

  end(): Uint8Array {
    this.#write();
    return this.#lines.subarray(0, this.#length);
  }

  #write(): void {
    const [first, last] = [this.#extents.at(0), this.#extents.at(-1)];
    if (!first || !last) return;
    this.#check(first.start, last.end);
    for (const extent of this.#extents) {
      const end = writeLine(this.#body, extent, this.#lines, this.#length);
      if (end - this.#length + 1 > MAX_ENTRY_BYTES) {
        throw new ApiError("body_too_large", `A message is larger than ${MAX_ENTRY_BYTES} bytes.`);
      }
      this.#lines[end] = LINE_FEED;
      this.#length = end + 1;
    }
    this.#extents = [];
  }

  #check(start: number, end: number): void {
    try {
      if (parseList(this.#body.subarray(start, end)).length === this.#extents.length) return;
    } catch {
      // What is wrong is told by parsing the whole.
    }
    refuse(this.#body);
  }
}
