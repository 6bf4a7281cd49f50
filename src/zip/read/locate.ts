import { readRange } from "./ranges.ts";
import { ZipError } from "./zip-error.ts";
import {
  CENTRAL_SIZE,
  END_MAX_SIZE,
  END_SIGNATURE,
  END_SIZE,
  type EndRecord,
  parseEndRecord,
  parseZip64EndRecord,
  parseZip64Locator,
  SENTINEL_16,
  SENTINEL_32,
  viewOf,
  ZIP64_END_SIZE,
  ZIP64_LOCATOR_SIGNATURE,
  ZIP64_LOCATOR_SIZE,
} from "./records.ts";
import type { ZipSource } from "./source.ts";

/**
 * Bytes that one read of the tail fetches: the end record with the longest comment and both zip64 records, so that no
 * archive needs a second read to be located; a directory of some 700 entries comes along.
 */
export const TAIL_SIZE = END_MAX_SIZE + ZIP64_LOCATOR_SIZE + ZIP64_END_SIZE;

/** Where an archive's central directory lies, in bytes, and how many entries it says it has. */
export interface DirectoryPlace {
  readonly offset: number;
  readonly size: number;
  readonly entries: number;
  /**
   * A folder that is taken away, `name/`: readers see what lies below it, by its path from there, and nothing else. Names
   * of such an archive are UTF-8. Absent or empty: the whole archive.
   */
  readonly root?: string;
}

/** What the search found, with the bytes that it fetched. */
export interface LocatedDirectory extends DirectoryPlace {
  /** The archive's last bytes, at most `TAIL_SIZE`, and where they begin. */
  readonly tail: Uint8Array;
  readonly tailOffset: number;
  /** Where the end record begins in the archive. */
  readonly endOffset: number;
  readonly zip64: boolean;
}

/** A directory's place as it was stored, or as it was located a moment ago, with the tail's bytes. */
export type KnownDirectory = DirectoryPlace & Partial<LocatedDirectory>;

/**
 * Finds the central directory by one read of the archive's tail. Refused with ZipError: no end record, two that both
 * end the archive, zip64 records that disagree with it or with their place, several disks, a directory that does not
 * end where the end records begin (data before the archive shifts every offset), a count that cannot fit.
 */
export async function locateDirectory(source: ZipSource): Promise<LocatedDirectory> {
  const tailSize = Math.min(source.length, TAIL_SIZE);
  if (tailSize < END_SIZE) throw new ZipError("no-end-record", "the file is too short to be a zip archive");
  const tailOffset = source.length - tailSize;
  const tail = await readRange(source, tailOffset, tailSize);
  const view = viewOf(tail);
  const endAt = findEndRecord(view);
  const end = parseEndRecord(view, endAt);
  const endOffset = tailOffset + endAt;
  const plain = {
    offset: end.directoryOffset,
    size: end.directorySize,
    entries: end.entries,
  };
  const located = { tail, tailOffset, endOffset };
  // The arithmetic decides, not the signature: a name or comment at the directory's end may spell a locator.
  if (plain.offset + plain.size === endOffset) {
    expectOneDisk(end.disk === 0 && end.directoryDisk === 0 && end.entriesOnDisk === end.entries);
    return { ...expectRoom(plain), ...located, zip64: false };
  }
  const locatorAt = endAt - ZIP64_LOCATOR_SIZE;
  if (locatorAt < 0 || view.getUint32(locatorAt, true) !== ZIP64_LOCATOR_SIGNATURE) {
    throw new ZipError("directory-misplaced", "the directory does not end where the end record begins");
  }
  const place = readZip64Place(view, locatorAt, tailOffset, end);
  return { ...expectRoom(place), ...located, zip64: true };
}

/** The directory's bytes, when the tail that was fetched holds all of it. */
export function directoryInTail(place: KnownDirectory): Uint8Array | undefined {
  if (place.tail === undefined || place.tailOffset === undefined || place.offset < place.tailOffset) return undefined;
  const at = place.offset - place.tailOffset;
  return place.tail.subarray(at, at + place.size);
}

/** The one end record whose comment ends the archive. */
function findEndRecord(view: DataView): number {
  let found = -1;
  const lowest = Math.max(0, view.byteLength - END_MAX_SIZE);
  for (let at = view.byteLength - END_SIZE; at >= lowest; at -= 1) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) !== view.byteLength) continue;
    if (found !== -1) throw new ZipError("two-end-records", "two end records both end the archive");
    found = at;
  }
  if (found === -1) throw new ZipError("no-end-record", "no end record ends the file: not a zip archive, or cut short");
  return found;
}

function readZip64Place(view: DataView, locatorAt: number, tailOffset: number, end: EndRecord): DirectoryPlace {
  const locator = parseZip64Locator(view, locatorAt);
  const recordAt = locatorAt - ZIP64_END_SIZE;
  if (locator.endOffset !== tailOffset + recordAt) {
    throw new ZipError("zip64-misplaced", "the zip64 end record is not directly before its locator");
  }
  const record = parseZip64EndRecord(view, recordAt);
  if (record.remainingSize !== ZIP64_END_SIZE - 12) {
    throw new ZipError("zip64-misplaced", "the zip64 end record does not end where its locator begins");
  }
  expectOneDisk(
    locator.disk === 0 &&
      locator.disks <= 1 &&
      record.disk === 0 &&
      record.directoryDisk === 0 &&
      record.entriesOnDisk === record.entries,
  );
  const agrees =
    (end.disk === SENTINEL_16 || end.disk === 0) &&
    (end.directoryDisk === SENTINEL_16 || end.directoryDisk === 0) &&
    (end.entriesOnDisk === SENTINEL_16 || end.entriesOnDisk === record.entries) &&
    (end.entries === SENTINEL_16 || end.entries === record.entries) &&
    (end.directorySize === SENTINEL_32 || end.directorySize === record.directorySize) &&
    (end.directoryOffset === SENTINEL_32 || end.directoryOffset === record.directoryOffset);
  if (!agrees) throw new ZipError("zip64-disagrees", "the zip64 end record and the end record disagree");
  if (record.directoryOffset + record.directorySize !== locator.endOffset) {
    throw new ZipError("directory-misplaced", "the directory does not end where the zip64 end record begins");
  }
  return { offset: record.directoryOffset, size: record.directorySize, entries: record.entries };
}

function expectOneDisk(one: boolean): void {
  if (!one) throw new ZipError("multi-disk", "the archive is one part of several");
}

function expectRoom(place: DirectoryPlace): DirectoryPlace {
  if (place.entries * CENTRAL_SIZE > place.size) {
    throw new ZipError("count-impossible", `${place.entries} entries do not fit in a directory of ${place.size} bytes`);
  }
  return place;
}
