import { TarError } from "./tar-error.ts";

/** One header block of a tar (POSIX ustar, GNU, and the old format that both extend): its fields as they are stored. */

/** Bytes of a block: headers are one, data fills whole ones. */
export const BLOCK_SIZE = 512;

const CHECKSUM_AT = 148;
const CHECKSUM_SIZE = 8;
const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;
const SLASH = 0x2f;
/** The top bit of a number's first byte says that it is binary (GNU and star, for what octal digits cannot hold). */
const BINARY = 0x80;

export interface TarHeader {
  /** As it stands there, in whatever encoding; the format's `prefix` is put in front. */
  readonly name: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of data that follow. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** One character; NUL is that of a file in the old format. */
  readonly type: string;
}

/** Whether a block is one of the zeros that a tar ends with. */
export function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Takes a header block apart. Throws TarError when its checksum or a number is wrong. */
export function parseTarHeader(block: Uint8Array): TarHeader {
  // The checksum's own place counts as spaces.
  let sum = CHECKSUM_SIZE * SPACE;
  for (let at = 0; at < BLOCK_SIZE; at += 1) sum += block[at] ?? 0;
  for (let at = CHECKSUM_AT; at < CHECKSUM_AT + CHECKSUM_SIZE; at += 1) sum -= block[at] ?? 0;
  if (readNumber(block, CHECKSUM_AT, CHECKSUM_SIZE) !== sum) {
    throw new TarError("bad-tar-header", "a header's checksum is wrong: this is no tar, or it is damaged");
  }
  // GNU's own format has "ustar" and two spaces, and other things where the prefix is.
  const isPosix = readText(block, 257, 6) === "ustar";
  return {
    name: joinName(isPosix ? readBytes(block, 345, 155) : new Uint8Array(0), readBytes(block, 0, 100)),
    mode: readNumber(block, 100, 8) & 0o7777,
    size: readNumber(block, 124, 12),
    modified: readNumber(block, 136, 12),
    type: String.fromCharCode(block[156] ?? 0),
  };
}

function joinName(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  if (prefix.byteLength === 0) return name;
  const joined = new Uint8Array(prefix.byteLength + 1 + name.byteLength);
  joined.set(prefix);
  joined[prefix.byteLength] = SLASH;
  joined.set(name, prefix.byteLength + 1);
  return joined;
}

/** A field's bytes up to its first NUL. */
function readBytes(block: Uint8Array, at: number, length: number): Uint8Array {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.slice(0, end === -1 ? length : end);
}

function readText(block: Uint8Array, at: number, length: number): string {
  return new TextDecoder().decode(readBytes(block, at, length));
}

/** Octal digits among spaces, up to a NUL; or a binary number. */
function readNumber(block: Uint8Array, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & BINARY) !== 0) return readBinary(field);
  const text = readText(block, at, length).trim();
  let value = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index);
    if (digit < ZERO || digit > SEVEN) throw new TarError("bad-tar-header", "a header has a number that is none");
    value = value * 8 + (digit - ZERO);
  }
  return value;
}

function readBinary(field: Uint8Array): number {
  let value = (field[0] ?? 0) & (BINARY - 1);
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  // A negative one, all of whose first bits are set, comes out too large as well.
  if (!Number.isSafeInteger(value)) throw new TarError("bad-tar-header", "a header has a number out of range");
  return value;
}
