import type { Report } from "./check-header.ts";

/**
 * Extra fields that tell a reader what it shows: times and owners. Info-ZIP's UT, UX, Ux and ux, PKWARE's Unix field, and
 * NTFS times. What else stands in extra fields (alignment, marks of a tool) shows nothing.
 */
const EXTENDED_TIME = 0x5455;
const INFO_ZIP_UNIX = 0x5855;
const OWNER_16 = 0x7855;
const OWNER = 0x7875;
const PKWARE_UNIX = 0x000d;
const NTFS_TIMES = 0x000a;

/** Where each of them stands in `places`; 7-Zip writes NTFS times, the last one, in the directory alone. */
const IDS = [EXTENDED_TIME, INFO_ZIP_UNIX, OWNER_16, OWNER, PKWARE_UNIX, NTFS_TIMES];
const DIRECTORY_ALONE = IDS.indexOf(NTFS_TIMES);

/** Bytes of a field's id and length. */
const FIELD_HEAD = 4;
/** The flag of an extended time (its first byte) that says that the modification time comes first, and where that ends. */
const HAS_MODIFIED = 1;
const MODIFIED_END = 5;

/** A header's extra fields. They have been found well formed. */
export interface ExtraPlace {
  readonly view: DataView;
  readonly at: number;
  readonly length: number;
}

/** Where the fields of `IDS` begin in either header, or 0: reused, since each entry has two of them looked at. */
const localPlaces = new Uint32Array(IDS.length);
const centralPlaces = new Uint32Array(IDS.length);

/**
 * Compares what the extra fields of an entry's two headers tell of times and owners: a field that is in one of them is in
 * the other, once, and says the same as far as both go. Local fields are often the longer ones. One pass over each.
 */
export function compareExtras(local: ExtraPlace, central: ExtraPlace, report: Report): void {
  if (local.length === 0 && central.length === 0) return;
  if (!locate(local, localPlaces) || !locate(central, centralPlaces)) {
    report("extra-repeated", "has an extra field twice in one header. Write the archive anew.");
    return;
  }
  for (let index = 0; index < IDS.length; index += 1) {
    const at = localPlaces[index] ?? 0;
    const otherAt = centralPlaces[index] ?? 0;
    if (at === 0 && (otherAt === 0 || index === DIRECTORY_ALONE)) continue;
    if (at === 0 || otherAt === 0) {
      report("local-extra-differs", "has other extra fields in front of its data than in the directory.");
      return;
    }
    const agrees =
      IDS[index] === EXTENDED_TIME
        ? sameModified(local.view, at, central.view, otherAt)
        : sameBytes(
            local.view,
            at,
            central.view,
            otherAt,
            0,
            Math.min(sizeAt(local.view, at), sizeAt(central.view, otherAt)),
          );
    if (!agrees) report("local-time-differs", "has another time or owner in front of its data than in the directory.");
  }
}

/** False when a field is there twice. */
function locate({ view, at, length }: ExtraPlace, places: Uint32Array): boolean {
  places.fill(0);
  const end = at + length;
  while (at < end) {
    const index = IDS.indexOf(view.getUint16(at, true));
    if (index !== -1) {
      if (places[index] !== 0) return false;
      places[index] = at;
    }
    at += FIELD_HEAD + sizeAt(view, at);
  }
  return true;
}

function sizeAt(view: DataView, at: number): number {
  return view.getUint16(at + 2, true);
}

/** Whether two extended times have the same modification time, where both have one. */
function sameModified(view: DataView, at: number, other: DataView, otherAt: number): boolean {
  if (sizeAt(view, at) < MODIFIED_END || sizeAt(other, otherAt) < MODIFIED_END) return true;
  const flags = view.getUint8(at + FIELD_HEAD) & other.getUint8(otherAt + FIELD_HEAD);
  return (flags & HAS_MODIFIED) === 0 || sameBytes(view, at, other, otherAt, 1, MODIFIED_END);
}

/** Compares the bytes `from` to `to` of two fields' data. */
function sameBytes(view: DataView, at: number, other: DataView, otherAt: number, from: number, to: number): boolean {
  for (let index = FIELD_HEAD + from; index < FIELD_HEAD + to; index += 1) {
    if (view.getUint8(at + index) !== other.getUint8(otherAt + index)) return false;
  }
  return true;
}
