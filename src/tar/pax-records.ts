import { TarError } from "./tar-error.ts";

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;

/** What a pax header says that the reader goes by; everything else is owners, comments and the like. */
export interface PaxRecords {
  path?: Uint8Array;
  size?: number;
  /** Seconds since 1970. */
  modified?: number;
  /** Whether it describes a file with holes, whose data is not what is stored. */
  isSparse?: boolean;
}

/** Reads the records `LENGTH KEYWORD=VALUE\n` that fill a pax header's data (POSIX pax, "Extended Header"). */
export function parsePaxRecords(data: Uint8Array): PaxRecords {
  const records: PaxRecords = {};
  for (let at = 0; at < data.byteLength;) {
    const space = data.indexOf(SPACE, at);
    const length = space === -1 ? NaN : toNumber(data.subarray(at, space));
    const end = at + length;
    const equals = data.indexOf(EQUALS, space + 1);
    if (!(end <= data.byteLength) || data[end - 1] !== NEWLINE || equals === -1 || equals >= end - 1) {
      throw new TarError("bad-pax-header", "a pax header is not made of records");
    }
    take(records, decode(data.subarray(space + 1, equals)), data.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}

function take(records: PaxRecords, keyword: string, value: Uint8Array): void {
  if (keyword === "path") records.path = value;
  else if (keyword === "size") records.size = expectNumber(value);
  else if (keyword === "mtime") records.modified = Math.max(0, Number.parseFloat(decode(value)) || 0);
  else if (keyword.startsWith("GNU.sparse.")) records.isSparse = true;
}

function expectNumber(value: Uint8Array): number {
  const number = toNumber(value);
  if (!Number.isSafeInteger(number)) throw new TarError("bad-pax-header", "a pax header has a size that is none");
  return number;
}

/** NaN for what is not digits alone. */
function toNumber(digits: Uint8Array): number {
  const text = decode(digits);
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
