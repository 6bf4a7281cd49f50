import { Buffer } from "node:buffer";
import { ApiError } from "../http/errors/error-table.ts";
import { closingQuote, parseJson } from "./json-extents.ts";

/**
 * JSON whose long texts are kept as bytes: a text of 40 MB is then held once, where parsing the body would hold it as
 * bytes, as the body's text and as a value.
 */

const [QUOTE, BACKSLASH, COLON, U] = [0x22, 0x5c, 0x3a, 0x75];
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Escapes of one character (RFC 8259, 7). */
const ESCAPES = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** Bytes of a text from which on it is lifted. */
const LONG_TEXT_BYTES = 1_024;

/** Bytes of all that is not lifted: no more of it can be kept, and parsed it takes several times its length. */
const REST_MAX_BYTES = 1_500_000;

/** The code unit of `\uXXXX`, whose digits begin at `at`; undefined for what is none. */
function codeUnit(text: Uint8Array, at: number): number | undefined {
  const digits = String.fromCharCode(...text.subarray(at, at + 4));
  return /^[\da-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

/** The code point whose `\u` is before `at`, and the bytes after it that are part of it; half a pair is U+FFFD. */
function codePoint(text: Uint8Array, at: number): { code: number; length: number } | undefined {
  const high = codeUnit(text, at);
  if (high === undefined) return undefined;
  if (high < 0xd800 || high > 0xdfff) return { code: high, length: 4 };
  const isEscape = text[at + 4] === BACKSLASH && text[at + 5] === U;
  const low = isEscape ? codeUnit(text, at + 6) : undefined;
  if (high > 0xdbff || low === undefined || low < 0xdc00 || low > 0xdfff) return { code: 0xfffd, length: 4 };
  return { code: 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), length: 10 };
}

/**
 * What is between the quotes of a JSON string, as UTF-8 in the same memory: no escape is shorter than what it stands for.
 * Undefined when it is no JSON.
 */
function unescape(text: Uint8Array): Uint8Array | undefined {
  const encoder = new TextEncoder();
  let written = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? 0;
    if (byte < 0x20) return undefined;
    if (byte !== BACKSLASH) {
      text[written++] = byte;
      continue;
    }
    const escaped = text[++at] ?? 0;
    if (escaped !== U) {
      const meant = ESCAPES.get(escaped);
      if (meant === undefined) return undefined;
      text[written++] = meant;
      continue;
    }
    const point = codePoint(text, at + 1);
    if (!point) return undefined;
    at += point.length;
    const bytes = encoder.encode(String.fromCodePoint(point.code));
    text.set(bytes, written);
    written += bytes.length;
  }
  return text.subarray(0, written);
}

/** A JSON value, in which a name stands for each long text. */
export interface LiftedJson {
  value: unknown;
  /** The long texts as UTF-8, by their names. */
  lifted: Map<string, Uint8Array>;
}

/**
 * Parses JSON without the long texts that are the value of `key` at `depth` (1 is the outermost object or list). They stay
 * where they are: the bytes of `json` are changed, what is lifted is unescaped in place. Throws `malformed_json`, and
 * `body_too_large` for more than REST_MAX_BYTES without these texts.
 */
export function parseLifted(json: Uint8Array, key: string, depth: number): LiftedJson {
  const decoder = new TextDecoder();
  // Nobody who sends a body can know it.
  const mark = `lifted ${crypto.randomUUID()} `;
  const lifted = new Map<string, Uint8Array>();
  const kept: Uint8Array[] = [];
  let [from, at, level] = [0, 0, 0];
  /** Whether the last text was `key`, and whether only a colon has come since. */
  let afterKey: "no" | "key" | "colon" = "no";
  while (at < json.length) {
    const byte = json[at] ?? 0;
    if (byte !== QUOTE) {
      if (OPEN.has(byte)) level++;
      else if (CLOSE.has(byte)) level--;
      if (byte === COLON && afterKey === "key") afterKey = "colon";
      else if (!SPACE.has(byte)) afterKey = "no";
      at++;
      continue;
    }
    const end = closingQuote(json, at);
    const text = json.subarray(at + 1, end);
    if (afterKey === "colon" && level === depth && text.length >= LONG_TEXT_BYTES && end < json.length) {
      const value = unescape(text);
      if (!value) throw new ApiError("malformed_json");
      const name = mark + lifted.size;
      lifted.set(name, value);
      kept.push(json.subarray(from, at), new TextEncoder().encode(JSON.stringify(name)));
      from = end + 1;
    }
    const isKey = text.length === key.length && decoder.decode(text) === key;
    afterKey = isKey ? "key" : "no";
    at = end + 1;
  }
  const rest = lifted.size === 0 ? json : Buffer.concat([...kept, json.subarray(from)]);
  if (rest.length > REST_MAX_BYTES) {
    throw new ApiError("body_too_large", `Beside "${key}" the request body is larger than ${REST_MAX_BYTES} bytes.`);
  }
  return { value: parseJson(rest), lifted };
}
