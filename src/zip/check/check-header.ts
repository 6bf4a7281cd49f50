import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import type { CheckLimits } from "./check-limits.ts";
import {
  CENTRAL_AT,
  type CentralHeader,
  EXTRA_UNICODE_COMMENT,
  EXTRA_UNICODE_PATH,
  EXTRA_ZIP64,
  type ExtraField,
  FLAG_DESCRIPTOR,
  FLAG_ENCRYPTED,
  FLAG_UTF8,
  METHOD_DEFLATED,
  METHOD_STORED,
  parseExtraFields,
  type ResolvedSizes,
  SENTINEL_16,
  SENTINEL_32,
} from "../read/records.ts";

/** Flags beside those of records.ts (4.4.4) and what else gives encryption away. */
const FLAG_PATCH = 1 << 5;
const FLAG_STRONG_ENCRYPTION = 1 << 6;
const FLAG_MASKED_HEADERS = 1 << 13;
/** Bits 1 and 2 tell how hard the compressor tried; nobody needs them. */
export const FLAGS_HINTS = (1 << 1) | (1 << 2);
const FLAGS_ALLOWED = FLAGS_HINTS | FLAG_DESCRIPTOR | FLAG_UTF8;
const METHOD_AES = 99;
/** The newest version of the format, times ten, that common readers take; they look at the low byte alone (4.4.3). */
const VERSION_NEWEST = 63;
const EXTRA_AES = 0x9901;

/** The file type in a Unix mode (the high half of the external attributes) and the MS-DOS directory bit (the low half). */
const MODE_TYPE = 0xf000;
const MODE_FILE = 0x8000;
const MODE_DIRECTORY = 0x4000;
const MODE_LINK = 0xa000;
const DOS_DIRECTORY = 0x10;
/** The mode -1, which old Java archivers gave to folders that they had no mode for. */
const MODE_UNKNOWN = 0xffff;

/** Bytes before the text in a 0x7075 or 0x6375 extra field: its version and the CRC of the header's own text. */
const UNICODE_TEXT_HEAD = 5;

/** Calls for one problem of the header at hand. */
export type Report = (reason: string, message: string) => void;

/**
 * Whether the checks below have nothing to say about the header at `at`: it has no extra fields and no comment, and sizes
 * and attributes of the usual kind. Most headers are such, and need not be taken apart.
 */
export function isPlainHeader(view: DataView, at: number, directory: boolean, limits: CheckLimits): boolean {
  const attributes = view.getUint32(at + CENTRAL_AT.externalAttributes, true);
  const type = (attributes >>> 16) & MODE_TYPE;
  const kind = directory ? MODE_DIRECTORY : MODE_FILE;
  const method = view.getUint16(at + CENTRAL_AT.method, true);
  const size = view.getUint32(at + CENTRAL_AT.size, true);
  const compressedSize = view.getUint32(at + CENTRAL_AT.compressedSize, true);
  return (
    (view.getUint16(at + CENTRAL_AT.flags, true) & ~FLAGS_ALLOWED) === 0 &&
    view.getUint8(at + CENTRAL_AT.versionNeeded) <= VERSION_NEWEST &&
    (method === METHOD_STORED ? size === compressedSize : method === METHOD_DEFLATED) &&
    view.getUint32(at + CENTRAL_AT.extraLength, true) === 0 &&
    view.getUint16(at + CENTRAL_AT.disk, true) === 0 &&
    (type === kind || (type === 0 && (attributes & DOS_DIRECTORY) === 0)) &&
    size <= (directory ? 0 : limits.maxEntryBytes) &&
    size !== SENTINEL_32 &&
    compressedSize !== SENTINEL_32 &&
    view.getUint32(at + CENTRAL_AT.localOffset, true) !== SENTINEL_32
  );
}

/** A comment ends for some readers at a NUL, and one that says that it is UTF-8 is: else readers show different things. */
export function checkComment(bytes: Uint8Array, nameAt: number, header: CentralHeader, report: Report): void {
  if (header.commentLength === 0) return;
  const at = nameAt + header.nameLength + header.extraLength;
  const comment = bytes.subarray(at, at + header.commentLength);
  if (comment.includes(0))
    report("comment-has-nul", "has a comment with a NUL in it, where some tools end it. Leave it out.");
  if ((header.flags & FLAG_UTF8) !== 0 && !isUtf8(comment)) {
    report("comment-not-utf8", "has a comment that is not the UTF-8 it says it is. Leave it out.");
  }
}

/** Flags, method and version: what no reader here or elsewhere could unpack the same way. */
export function checkFeatures(header: CentralHeader, report: Report): void {
  const { flags, method } = header;
  const version = header.versionNeeded & 0xff;
  if (version > VERSION_NEWEST) {
    report("version-unsupported", `asks for version ${version / 10} of the zip format, which tools do not read.`);
  }
  if ((flags & ~FLAGS_ALLOWED) === 0 && (method === METHOD_STORED || method === METHOD_DEFLATED)) return;
  if ((flags & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED_HEADERS)) !== 0 || method === METHOD_AES) {
    report("encrypted", "is encrypted. Write the archive without a password.");
  } else if ((flags & FLAG_PATCH) !== 0) {
    report("patch-data", "is patch data for another file. Pack the file itself.");
  } else if ((flags & ~FLAGS_ALLOWED) !== 0) {
    report("flags-unsupported", `uses features that no common tool reads (flags 0x${flags.toString(16)}).`);
  } else {
    report("method-unsupported", `is compressed by method ${method}. Use deflate, or store it.`);
  }
}

/**
 * The extra fields of a local or central header, well formed and saying nothing that differs from it: at most one zip64
 * field, a Unicode path and comment that are the header's own bytes, no AES. Only a central header has `commentLength`. The
 * zip64 field, if any, is the answer.
 */
export function checkExtras(
  bytes: Uint8Array,
  view: DataView,
  nameAt: number,
  header: { readonly nameLength: number; readonly extraLength: number; readonly commentLength?: number },
  report: Report,
): ExtraField | undefined {
  if (header.extraLength === 0) return undefined;
  const extraAt = nameAt + header.nameLength;
  let zip64: ExtraField | undefined;
  for (const field of parseExtraFields(view, extraAt, header.extraLength)) {
    if (field.id === EXTRA_ZIP64) {
      if (zip64 !== undefined) report("zip64-extra-repeated", "has two zip64 extra fields. Write the archive anew.");
      zip64 ??= field;
    } else if (field.id === EXTRA_UNICODE_PATH) {
      if (!isSameText(bytes, view, field, nameAt, extraAt)) {
        report(
          "unicode-path-differs",
          "has a second name (extra field 0x7075) that is not its name. Write UTF-8 names.",
        );
      }
    } else if (field.id === EXTRA_UNICODE_COMMENT) {
      const commentAt = extraAt + header.extraLength;
      if (!isSameText(bytes, view, field, commentAt, commentAt + (header.commentLength ?? 0))) {
        report(
          "unicode-comment-differs",
          "has a second comment (extra field 0x6375) that is not its comment. Leave it out.",
        );
      }
    } else if (field.id === EXTRA_AES) {
      report("encrypted", "is encrypted with AES. Write the archive without a password.");
    }
  }
  return zip64;
}

/** Whether the zip64 field holds the values that are sentinels in the header, all of them and nothing more. */
export function fitsZip64Extra(header: CentralHeader, zip64: ExtraField | undefined, report: Report): boolean {
  let expected = 0;
  if (header.size === SENTINEL_32) expected += 8;
  if (header.compressedSize === SENTINEL_32) expected += 8;
  if (header.localOffset === SENTINEL_32) expected += 8;
  if (header.disk === SENTINEL_16) expected += 4;
  if (expected === 0 ? zip64 === undefined : zip64?.length === expected) return true;
  report("zip64-extra-differs", "has a zip64 extra field that does not fit its header. Write the archive anew.");
  return false;
}

/** Every entry is on this disk, which is the only one. */
export function checkDisk(view: DataView, header: CentralHeader, zip64: ExtraField | undefined, report: Report): void {
  const wide = header.disk === SENTINEL_16 && zip64 !== undefined && zip64.length >= 4;
  const disk = wide ? view.getUint32(zip64.at + zip64.length - 4, true) : header.disk;
  if (disk !== 0) report("multi-disk", "lies on another disk. Write the archive as one file.");
}

/** A plain file or a directory, with name, Unix mode and MS-DOS attributes in agreement. */
export function checkKind(header: CentralHeader, directory: boolean, report: Report): void {
  // Some readers trust the mode whatever system made the entry, so it is looked at for every one.
  const mode = header.externalAttributes >>> 16;
  const type = mode === MODE_UNKNOWN ? 0 : mode & MODE_TYPE;
  if (type === MODE_LINK) {
    report("symbolic-link", "is a symbolic link. Pack the file that it points to (zip does so by default).");
  } else if (type !== 0 && type !== MODE_FILE && type !== MODE_DIRECTORY) {
    report("special-file", "is a device, socket or pipe. Pack plain files only.");
  } else if (directory ? type === MODE_FILE : type === MODE_DIRECTORY) {
    report("kind-differs", "is a file by its name and a directory by its attributes, or the reverse.");
  } else if (!directory && type === 0 && (header.externalAttributes & DOS_DIRECTORY) !== 0) {
    report("kind-differs", "is marked as a directory but its name does not end with /.");
  }
}

/** Sizes that agree with method and kind, within the limit. */
export function checkSizes(
  header: CentralHeader,
  sizes: ResolvedSizes,
  directory: boolean,
  limits: CheckLimits,
  report: Report,
): void {
  if (header.method === METHOD_STORED && sizes.size !== sizes.compressedSize) {
    report("stored-size-differs", "is stored, yet its two sizes differ. Write the archive anew.");
  }
  if (directory && sizes.size !== 0) report("directory-with-data", "is a directory and has data.");
  if (sizes.size > limits.maxEntryBytes) {
    report("entry-too-large", `unpacks to ${sizes.size} bytes; at most ${limits.maxEntryBytes} are allowed.`);
  }
}

/** Whether a field with a Unicode name or comment holds the header's own one, in `textAt` to `textEnd`, and its CRC. */
function isSameText(bytes: Uint8Array, view: DataView, field: ExtraField, textAt: number, textEnd: number): boolean {
  const text = bytes.subarray(textAt, textEnd);
  if (field.length !== UNICODE_TEXT_HEAD + text.length || view.getUint8(field.at) !== 1) return false;
  if (view.getUint32(field.at + 1, true) !== crc32(text)) return false;
  const at = field.at + UNICODE_TEXT_HEAD;
  return text.every((byte, index) => byte === bytes[at + index]);
}
