import { compareExtras } from "./check-extras.ts";
import { checkExtras, FLAGS_HINTS, type Report } from "./check-header.ts";
import type { CheckedDirectory, CheckedEntry } from "./checked-directory.ts";
import { ZipError } from "../read/zip-error.ts";
import {
  DESCRIPTOR_SIGNATURE,
  FLAG_DESCRIPTOR,
  LOCAL_SIGNATURE,
  LOCAL_SIZE,
  type LocalHeader,
  parseLocalHeader,
  readUint64,
  SENTINEL_32,
} from "../read/records.ts";

/** CRC and two sizes, of 32 or 64 bits each, and the signature that may stand before them (4.3.9). */
const DESCRIPTOR_SIZE = 12;
const DESCRIPTOR_WIDE_SIZE = 20;
const DESCRIPTOR_MARK_SIZE = 4;
/** The longest data descriptor. */
export const DESCRIPTOR_MAX_SIZE = DESCRIPTOR_MARK_SIZE + DESCRIPTOR_WIDE_SIZE;

/** A zip64 field of a local header holds both sizes, always (4.5.3). */
const ZIP64_LOCAL_SIZE = 16;

/**
 * Bytes of the entry's local header, name and extra fields included, which must be in `view` from `at` on as far as
 * `available` says. Throws ZipError when no local header is there.
 */
export function localHeaderSize(view: DataView, at: number, available: number): number {
  if (available < LOCAL_SIZE || view.getUint32(at, true) !== LOCAL_SIGNATURE) {
    throw new ZipError("local-header-missing", "no local header is where the directory says");
  }
  const header = parseLocalHeader(view, at);
  return LOCAL_SIZE + header.nameLength + header.extraLength;
}

/** Compares the local header at `at`, whole in `bytes`, with its central twin: every fact that both hold must agree. */
export function compareLocal(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  directory: CheckedDirectory,
  entry: CheckedEntry,
  report: Report,
): void {
  const local = parseLocalHeader(view, at);
  const { header, sizes } = entry;
  const nameAt = at + LOCAL_SIZE;
  if (!sameName(bytes, nameAt, local.nameLength, directory.bytes, entry.nameAt, header.nameLength)) {
    report("local-name-differs", "has another name in front of its data than in the directory.");
  }
  if (((local.flags ^ header.flags) & ~FLAGS_HINTS) !== 0) {
    report("local-flags-differ", "has other flags in front of its data than in the directory.");
  }
  if (local.method !== header.method) {
    report("local-method-differs", "has another method in front of its data than in the directory.");
  }
  if (local.modified !== header.modified) {
    report("local-time-differs", "has another time in front of its data than in the directory.");
  }
  const later = (local.flags & FLAG_DESCRIPTOR) !== 0;
  if (local.crc !== header.crc && !(later && local.crc === 0)) {
    report("local-crc-differs", "has another checksum in front of its data than in the directory.");
  }
  const found = findLocalSizes(bytes, view, nameAt, local, report);
  compareExtras(
    { view, at: nameAt + local.nameLength, length: local.extraLength },
    { view: directory.view, at: entry.nameAt + header.nameLength, length: header.extraLength },
    report,
  );
  if (found === undefined) return;
  const sizeAgrees = found.size === sizes.size || (later && found.size === 0);
  const compressedAgrees = found.compressedSize === sizes.compressedSize || (later && found.compressedSize === 0);
  if (!sizeAgrees || !compressedAgrees) {
    report("local-sizes-differ", "has other sizes in front of its data than in the directory.");
  }
}

/**
 * What follows an entry's data up to the next entry, `length` bytes at `at`: nothing, or the data descriptor that flag 3
 * promises, with or without its signature, of 32 or 64 bits.
 */
export function checkDescriptor(view: DataView, at: number, length: number, entry: CheckedEntry, report: Report): void {
  const promised = (entry.header.flags & FLAG_DESCRIPTOR) !== 0;
  if (!promised || length > DESCRIPTOR_MAX_SIZE) {
    if (length > 0) report("gap", "is followed by bytes that belong to no entry. Write the archive anew.");
    return;
  }
  if (length === 0) {
    report("descriptor-missing", "lacks the data descriptor that its flags promise. Write the archive anew.");
    return;
  }
  const marked = length === DESCRIPTOR_SIZE + DESCRIPTOR_MARK_SIZE || length === DESCRIPTOR_MAX_SIZE;
  const wide = length >= DESCRIPTOR_WIDE_SIZE;
  const body = marked ? at + DESCRIPTOR_MARK_SIZE : at;
  const fits =
    at + length - body === (wide ? DESCRIPTOR_WIDE_SIZE : DESCRIPTOR_SIZE) &&
    // Without its signature, a descriptor whose CRC is the signature could be read in two ways.
    marked === (view.getUint32(at, true) === DESCRIPTOR_SIGNATURE) &&
    view.getUint32(body, true) === entry.header.crc &&
    (wide ? readUint64(view, body + 4) : view.getUint32(body + 4, true)) === entry.sizes.compressedSize &&
    (wide ? readUint64(view, body + 12) : view.getUint32(body + 8, true)) === entry.sizes.size;
  if (!fits) report("descriptor-differs", "has a data descriptor that does not match the directory.");
}

/** The local header's sizes with its zip64 field applied; undefined when that has been reported as wrong. */
function findLocalSizes(
  bytes: Uint8Array,
  view: DataView,
  nameAt: number,
  local: LocalHeader,
  report: Report,
): { size: number; compressedSize: number } | undefined {
  const zip64 = checkExtras(bytes, view, nameAt, local, report);
  if (zip64 === undefined && local.size !== SENTINEL_32 && local.compressedSize !== SENTINEL_32) return local;
  if (zip64?.length === ZIP64_LOCAL_SIZE) {
    const wide = { size: readUint64(view, zip64.at), compressedSize: readUint64(view, zip64.at + 8) };
    const both = local.size === SENTINEL_32 && local.compressedSize === SENTINEL_32;
    // Python up to 3.10, asked for zip64, repeats the header's sizes in the field.
    if (both || (wide.size === local.size && wide.compressedSize === local.compressedSize)) return wide;
  }
  report("zip64-extra-differs", "has a zip64 extra field that does not fit its local header.");
  return undefined;
}

function sameName(
  bytes: Uint8Array,
  at: number,
  length: number,
  others: Uint8Array,
  otherAt: number,
  otherLength: number,
): boolean {
  if (length !== otherLength) return false;
  for (let index = 0; index < length; index += 1) {
    if (bytes[at + index] !== others[otherAt + index]) return false;
  }
  return true;
}
