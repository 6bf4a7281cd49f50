/**
 * The raw records of a zip archive (PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5) and one synchronous parser for each. The
 * parsers give the fields as they are stored and throw ZipError when the signature is another or the bytes end before
 * the record does; whether the fields make sense is for the callers to say.
 */

import { ZipError } from "./zip-error.ts";

export const LOCAL_SIGNATURE = 0x04034b50;
export const CENTRAL_SIGNATURE = 0x02014b50;
export const END_SIGNATURE = 0x06054b50;
export const ZIP64_END_SIGNATURE = 0x06064b50;
export const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
export const DESCRIPTOR_SIGNATURE = 0x08074b50;

/** Bytes of each record's fixed part; names, extra fields and comments follow it. */
export const LOCAL_SIZE = 30;
export const CENTRAL_SIZE = 46;
export const END_SIZE = 22;
export const ZIP64_END_SIZE = 56;
export const ZIP64_LOCATOR_SIZE = 20;
/** The longest central header: three 16-bit lengths follow the fixed part. */
export const CENTRAL_MAX_SIZE = CENTRAL_SIZE + 3 * 0xffff;
/** The end record and the longest comment after it. */
export const END_MAX_SIZE = END_SIZE + 0xffff;

/** What a 16-bit or 32-bit field holds when its value stands in a zip64 record (4.4.1.4). */
export const SENTINEL_16 = 0xffff;
export const SENTINEL_32 = 0xffffffff;

export const METHOD_STORED = 0;
export const METHOD_DEFLATED = 8;

/** General purpose flags (4.4.4). */
export const FLAG_ENCRYPTED = 1 << 0;
export const FLAG_DESCRIPTOR = 1 << 3;
export const FLAG_UTF8 = 1 << 11;

export const EXTRA_ZIP64 = 0x0001;
export const EXTRA_UNICODE_PATH = 0x7075;
export const EXTRA_UNICODE_COMMENT = 0x6375;

/** Where the fields that are read in hot loops stand inside a central header (4.3.12). */
export const CENTRAL_AT = {
  versionNeeded: 6,
  flags: 8,
  method: 10,
  compressedSize: 20,
  size: 24,
  nameLength: 28,
  extraLength: 30,
  commentLength: 32,
  disk: 34,
  externalAttributes: 38,
  localOffset: 42,
} as const;

/** End of central directory record (4.3.16). */
export interface EndRecord {
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
  readonly commentLength: number;
}

/** Zip64 end of central directory locator (4.3.15). */
export interface Zip64Locator {
  readonly disk: number;
  /** Where the zip64 end record begins, from the first byte of the archive. */
  readonly endOffset: number;
  readonly disks: number;
}

/** Zip64 end of central directory record (4.3.14), without its extensible data. */
export interface Zip64EndRecord {
  /** Bytes of the record after this field: 44 when it has no extensible data. */
  readonly remainingSize: number;
  readonly disk: number;
  readonly directoryDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
}

/** The facts that a local and a central header both hold. */
export interface CommonHeader {
  readonly versionNeeded: number;
  readonly flags: number;
  readonly method: number;
  /** MS-DOS time in the low 16 bits, date in the high ones. */
  readonly modified: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly nameLength: number;
  readonly extraLength: number;
}

/** Local file header (4.3.7). */
export type LocalHeader = CommonHeader;

/** Central directory header (4.3.12). */
export interface CentralHeader extends CommonHeader {
  readonly versionMadeBy: number;
  readonly commentLength: number;
  readonly disk: number;
  readonly internalAttributes: number;
  readonly externalAttributes: number;
  readonly localOffset: number;
}

/** One extra field: `at` is where its data begins, in the bytes that were walked. */
export interface ExtraField {
  readonly id: number;
  readonly at: number;
  readonly length: number;
}

/** Sizes and place of an entry after its zip64 extra field has replaced the sentinels. */
export interface ResolvedSizes {
  readonly size: number;
  readonly compressedSize: number;
  readonly localOffset: number;
}

/** A view of the very bytes that `bytes` covers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A 64-bit number; one that JavaScript cannot hold exactly is refused, as no archive is that large. */
export function readUint64(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
  if (value > Number.MAX_SAFE_INTEGER) throw new ZipError("number-too-large", "a 64-bit field is above 2^53");
  return value;
}

export function parseEndRecord(view: DataView, at: number): EndRecord {
  expectRecord(view, at, END_SIGNATURE, END_SIZE, "end record");
  return {
    disk: view.getUint16(at + 4, true),
    directoryDisk: view.getUint16(at + 6, true),
    entriesOnDisk: view.getUint16(at + 8, true),
    entries: view.getUint16(at + 10, true),
    directorySize: view.getUint32(at + 12, true),
    directoryOffset: view.getUint32(at + 16, true),
    commentLength: view.getUint16(at + 20, true),
  };
}

export function parseZip64Locator(view: DataView, at: number): Zip64Locator {
  expectRecord(view, at, ZIP64_LOCATOR_SIGNATURE, ZIP64_LOCATOR_SIZE, "zip64 locator");
  return {
    disk: view.getUint32(at + 4, true),
    endOffset: readUint64(view, at + 8),
    disks: view.getUint32(at + 16, true),
  };
}

export function parseZip64EndRecord(view: DataView, at: number): Zip64EndRecord {
  expectRecord(view, at, ZIP64_END_SIGNATURE, ZIP64_END_SIZE, "zip64 end record");
  return {
    remainingSize: readUint64(view, at + 4),
    disk: view.getUint32(at + 16, true),
    directoryDisk: view.getUint32(at + 20, true),
    entriesOnDisk: readUint64(view, at + 24),
    entries: readUint64(view, at + 32),
    directorySize: readUint64(view, at + 40),
    directoryOffset: readUint64(view, at + 48),
  };
}

/** Name, extra fields and comment follow at `at + CENTRAL_SIZE`; the caller has them or not. */
export function parseCentralHeader(view: DataView, at: number): CentralHeader {
  expectRecord(view, at, CENTRAL_SIGNATURE, CENTRAL_SIZE, "central header");
  return {
    versionMadeBy: view.getUint16(at + 4, true),
    versionNeeded: view.getUint16(at + 6, true),
    flags: view.getUint16(at + CENTRAL_AT.flags, true),
    method: view.getUint16(at + CENTRAL_AT.method, true),
    modified: view.getUint32(at + 12, true),
    crc: view.getUint32(at + 16, true),
    compressedSize: view.getUint32(at + CENTRAL_AT.compressedSize, true),
    size: view.getUint32(at + CENTRAL_AT.size, true),
    nameLength: view.getUint16(at + CENTRAL_AT.nameLength, true),
    extraLength: view.getUint16(at + CENTRAL_AT.extraLength, true),
    commentLength: view.getUint16(at + CENTRAL_AT.commentLength, true),
    disk: view.getUint16(at + CENTRAL_AT.disk, true),
    internalAttributes: view.getUint16(at + 36, true),
    externalAttributes: view.getUint32(at + CENTRAL_AT.externalAttributes, true),
    localOffset: view.getUint32(at + CENTRAL_AT.localOffset, true),
  };
}

/** Where the central header at `at` ends with all that follows its fixed part; the caller has it up to there or not. */
export function centralHeaderEnd(view: DataView, at: number): number {
  expectRecord(view, at, CENTRAL_SIGNATURE, CENTRAL_SIZE, "central header");
  return (
    at +
    CENTRAL_SIZE +
    view.getUint16(at + CENTRAL_AT.nameLength, true) +
    view.getUint16(at + CENTRAL_AT.extraLength, true) +
    view.getUint16(at + CENTRAL_AT.commentLength, true)
  );
}

/** Name and extra fields follow at `at + LOCAL_SIZE`, then the data. */
export function parseLocalHeader(view: DataView, at: number): LocalHeader {
  expectRecord(view, at, LOCAL_SIGNATURE, LOCAL_SIZE, "local header");
  return {
    versionNeeded: view.getUint16(at + 4, true),
    flags: view.getUint16(at + 6, true),
    method: view.getUint16(at + 8, true),
    modified: view.getUint32(at + 10, true),
    crc: view.getUint32(at + 14, true),
    compressedSize: view.getUint32(at + 18, true),
    size: view.getUint32(at + 22, true),
    nameLength: view.getUint16(at + 26, true),
    extraLength: view.getUint16(at + 28, true),
  };
}

/** The extra fields (4.5.1) in `at` to `at + length`; refuses fields that do not fill it exactly. */
export function parseExtraFields(view: DataView, at: number, length: number): ExtraField[] {
  const end = at + length;
  const fields: ExtraField[] = [];
  while (at < end) {
    const field =
      end - at < 4 ? undefined : { id: view.getUint16(at, true), at: at + 4, length: view.getUint16(at + 2, true) };
    if (field === undefined || field.at + field.length > end) {
      throw new ZipError("extra-malformed", "the extra fields do not fill their length");
    }
    fields.push(field);
    at = field.at + field.length;
  }
  return fields;
}

/**
 * A central header's sizes and place with the zip64 extra field (4.5.3) applied: it holds, in this order, the 64-bit
 * size, compressed size and local offset of those fields that are sentinels. Refuses a sentinel that it has no value
 * for. `extraAt` is where the header's extra fields begin in `view`.
 */
export function resolveZip64(view: DataView, header: CentralHeader, extraAt: number): ResolvedSizes {
  const { size, compressedSize, localOffset } = header;
  if (size !== SENTINEL_32 && compressedSize !== SENTINEL_32 && localOffset !== SENTINEL_32) {
    return { size, compressedSize, localOffset };
  }
  const extra = parseExtraFields(view, extraAt, header.extraLength).find(({ id }) => id === EXTRA_ZIP64);
  if (extra === undefined) throw new ZipError("zip64-extra-missing", "a size or offset needs a zip64 extra field");
  let at = extra.at;
  const end = extra.at + extra.length;
  const resolve = (value: number): number => {
    if (value !== SENTINEL_32) return value;
    if (at + 8 > end) throw new ZipError("zip64-extra-short", "the zip64 extra field lacks a value");
    at += 8;
    return readUint64(view, at - 8);
  };
  return { size: resolve(size), compressedSize: resolve(compressedSize), localOffset: resolve(localOffset) };
}

function expectRecord(view: DataView, at: number, signature: number, size: number, what: string): void {
  if (at < 0 || at + size > view.byteLength) throw new ZipError("truncated", `the archive ends inside a ${what}`);
  if (view.getUint32(at, true) !== signature) throw new ZipError("bad-signature", `no ${what} where one must be`);
}
