import {
  CENTRAL_SIGNATURE,
  CENTRAL_SIZE,
  DESCRIPTOR_SIGNATURE,
  END_SIGNATURE,
  END_SIZE,
  EXTRA_ZIP64,
  FLAG_DESCRIPTOR,
  FLAG_UTF8,
  LOCAL_SIGNATURE,
  LOCAL_SIZE,
  METHOD_STORED,
  SENTINEL_16,
  SENTINEL_32,
  viewOf,
  ZIP64_END_SIGNATURE,
  ZIP64_END_SIZE,
  ZIP64_LOCATOR_SIGNATURE,
  ZIP64_LOCATOR_SIZE,
} from "../read/records.ts";

/** Versions of the format that are needed to unpack (4.4.3): with folders and deflate, and with zip64. */
const VERSION = 20;
const VERSION_ZIP64 = 45;
/** Made on Unix (4.4.2): the high half of the external attributes is a mode. */
const MADE_BY_UNIX = 3 << 8;

/** Kinds in a Unix mode, and the mark of a folder among MS-DOS's attributes. */
export const MODE_FILE = 0o100000;
export const MODE_DIRECTORY = 0o040000;
const MODE_TYPE = 0o170000;
const DOS_DIRECTORY = 0x10;

/** Bytes in front of an extra field's data. */
const EXTRA_HEAD_SIZE = 4;

/** The years that a time of MS-DOS can tell. */
const FIRST_YEAR = 1980;
const LAST_YEAR = 2107;

/** What the records of an entry say. */
export interface EntryFacts {
  /** In UTF-8. */
  readonly name: Uint8Array;
  /** Kind and permission bits, as in Unix's `st_mode`. */
  readonly mode: number;
  /** As MS-DOS has it (`toDosTime`). */
  readonly modified: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Whether checksum and sizes follow the data, because they are known only then. */
  readonly later: boolean;
  /** Whether they have 64 bits there. */
  readonly wide: boolean;
}

/** Seconds since 1970 as date and time of MS-DOS in UTC, in the high and the low 16 bits; steps of two seconds. */
export function toDosTime(seconds: number): number {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= FIRST_YEAR)) return (1 << 21) | (1 << 16);
  if (year > LAST_YEAR) return toDosTime(Date.UTC(LAST_YEAR, 11, 31, 23, 59, 58) / 1000);
  const day = ((year - FIRST_YEAR) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >>> 1);
  return ((day << 16) | time) >>> 0;
}

/** The header in front of an entry's data (4.3.7). */
export function writeLocalHeader(entry: EntryFacts): Uint8Array {
  const { name, later, wide } = entry;
  const extra = wide ? writeZip64Extra([0, 0]) : new Uint8Array(0);
  const bytes = new Uint8Array(LOCAL_SIZE + name.byteLength + extra.byteLength);
  const view = viewOf(bytes);
  view.setUint32(0, LOCAL_SIGNATURE, true);
  const unknown = wide ? SENTINEL_32 : 0;
  writeCommon(view, 4, entry, {
    crc: later ? 0 : entry.crc,
    compressedSize: later ? unknown : entry.compressedSize,
    size: later ? unknown : entry.size,
    extraLength: extra.byteLength,
    isZip64: wide,
  });
  bytes.set(name, LOCAL_SIZE);
  bytes.set(extra, LOCAL_SIZE + name.byteLength);
  return bytes;
}

/** What follows the data of an entry whose local header could not tell it (4.3.9). */
export function writeDescriptor({ crc, compressedSize, size, wide }: EntryFacts): Uint8Array {
  const bytes = new Uint8Array(wide ? 24 : 16);
  const view = viewOf(bytes);
  view.setUint32(0, DESCRIPTOR_SIGNATURE, true);
  view.setUint32(4, crc, true);
  if (wide) {
    view.setBigUint64(8, BigInt(compressedSize), true);
    view.setBigUint64(16, BigInt(size), true);
  } else {
    view.setUint32(8, compressedSize, true);
    view.setUint32(12, size, true);
  }
  return bytes;
}

/** The entry's header in the directory (4.3.12). */
export function writeCentralHeader(entry: EntryFacts, localOffset: number): Uint8Array {
  const { name, mode } = entry;
  const large = [entry.size, entry.compressedSize, localOffset].filter((value) => value >= SENTINEL_32);
  const extra = large.length > 0 ? writeZip64Extra(large) : new Uint8Array(0);
  const bytes = new Uint8Array(CENTRAL_SIZE + name.byteLength + extra.byteLength);
  const view = viewOf(bytes);
  view.setUint32(0, CENTRAL_SIGNATURE, true);
  view.setUint16(4, MADE_BY_UNIX | VERSION_ZIP64, true);
  writeCommon(view, 6, entry, {
    crc: entry.crc,
    compressedSize: clip(entry.compressedSize),
    size: clip(entry.size),
    extraLength: extra.byteLength,
    isZip64: entry.wide || large.length > 0,
  });
  const isDirectory = (mode & MODE_TYPE) === MODE_DIRECTORY;
  view.setUint32(38, ((mode << 16) | (isDirectory ? DOS_DIRECTORY : 0)) >>> 0, true);
  view.setUint32(42, clip(localOffset), true);
  bytes.set(name, CENTRAL_SIZE);
  bytes.set(extra, CENTRAL_SIZE + name.byteLength);
  return bytes;
}

/** The records that an archive ends with (4.3.14 to 4.3.16): zip64's own only where a number needs them. */
export function writeEnd(entries: number, directoryOffset: number, directorySize: number): Uint8Array {
  const isZip64 = entries >= SENTINEL_16 || directoryOffset >= SENTINEL_32 || directorySize >= SENTINEL_32;
  const endAt = isZip64 ? ZIP64_END_SIZE + ZIP64_LOCATOR_SIZE : 0;
  const bytes = new Uint8Array(endAt + END_SIZE);
  const view = viewOf(bytes);
  if (isZip64) {
    view.setUint32(0, ZIP64_END_SIGNATURE, true);
    view.setBigUint64(4, BigInt(ZIP64_END_SIZE - 12), true);
    view.setUint16(12, MADE_BY_UNIX | VERSION_ZIP64, true);
    view.setUint16(14, VERSION_ZIP64, true);
    view.setBigUint64(24, BigInt(entries), true);
    view.setBigUint64(32, BigInt(entries), true);
    view.setBigUint64(40, BigInt(directorySize), true);
    view.setBigUint64(48, BigInt(directoryOffset), true);
    view.setUint32(ZIP64_END_SIZE, ZIP64_LOCATOR_SIGNATURE, true);
    view.setBigUint64(ZIP64_END_SIZE + 8, BigInt(directoryOffset + directorySize), true);
    view.setUint32(ZIP64_END_SIZE + 16, 1, true);
  }
  view.setUint32(endAt, END_SIGNATURE, true);
  view.setUint16(endAt + 8, Math.min(entries, SENTINEL_16), true);
  view.setUint16(endAt + 10, Math.min(entries, SENTINEL_16), true);
  view.setUint32(endAt + 12, clip(directorySize), true);
  view.setUint32(endAt + 16, clip(directoryOffset), true);
  return bytes;
}

/** The fields that both headers of an entry share, from the version that is needed on. */
function writeCommon(
  view: DataView,
  at: number,
  { method, modified, name, later }: EntryFacts,
  told: { crc: number; compressedSize: number; size: number; extraLength: number; isZip64: boolean },
): void {
  view.setUint16(at, told.isZip64 ? VERSION_ZIP64 : VERSION, true);
  view.setUint16(at + 2, FLAG_UTF8 | (later ? FLAG_DESCRIPTOR : 0), true);
  view.setUint16(at + 4, method, true);
  view.setUint32(at + 6, modified, true);
  view.setUint32(at + 10, told.crc, true);
  view.setUint32(at + 14, told.compressedSize, true);
  view.setUint32(at + 18, told.size, true);
  view.setUint16(at + 22, name.byteLength, true);
  view.setUint16(at + 24, told.extraLength, true);
}

function writeZip64Extra(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(EXTRA_HEAD_SIZE + 8 * values.length);
  const view = viewOf(bytes);
  view.setUint16(0, EXTRA_ZIP64, true);
  view.setUint16(2, 8 * values.length, true);
  for (const [index, value] of values.entries()) view.setBigUint64(EXTRA_HEAD_SIZE + 8 * index, BigInt(value), true);
  return bytes;
}

function clip(value: number): number {
  return Math.min(value, SENTINEL_32);
}

/** Facts of an entry without data. */
export function emptyFacts(name: Uint8Array, mode: number, modified: number): EntryFacts {
  const sizes = { crc: 0, compressedSize: 0, size: 0 };
  return { name, mode, modified, method: METHOD_STORED, ...sizes, later: false, wide: false };
}
