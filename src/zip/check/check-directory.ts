import { checkFraming } from "./check-framing.ts";
import {
  checkComment,
  checkDisk,
  checkExtras,
  checkFeatures,
  checkKind,
  checkSizes,
  fitsZip64Extra,
  isPlainHeader,
  type Report,
} from "./check-header.ts";
import type { CheckLimits } from "./check-limits.ts";
import { type PathConflict, PathTable } from "./check-paths.ts";
import { checkPlaces, sortByPlace } from "./check-places.ts";
import { type Problem, Problems } from "./check-problems.ts";
import type { CheckedDirectory } from "./checked-directory.ts";
import { ZipError } from "../read/zip-error.ts";
import { type DirectoryPlace, directoryInTail, type LocatedDirectory } from "../read/locate.ts";
import { displayName, findNameFault, isDirectoryName, NAME_FAULTS } from "./names.ts";
import { readRange } from "../read/ranges.ts";
import {
  CENTRAL_AT,
  CENTRAL_SIZE,
  centralHeaderEnd,
  LOCAL_SIZE,
  parseCentralHeader,
  resolveZip64,
  viewOf,
} from "../read/records.ts";
import type { ZipSource } from "../read/source.ts";

export type DirectoryVerdict =
  | { readonly ok: true; readonly directory: CheckedDirectory }
  | { readonly ok: false; readonly problems: Problem[] };

/**
 * The first half of the upload check: framing, the central directory, every fact in it, its limits, and that the
 * entries it tells of can lie end to end. Reads the tail and, when it is not in there, the directory: at most two reads.
 * Holds the directory and 20 bytes an entry; nothing above the limits is read.
 */
export async function checkDirectory(source: ZipSource, limits: CheckLimits): Promise<DirectoryVerdict> {
  const problems = new Problems();
  try {
    const place = await checkFraming(source);
    checkCounts(place, limits);
    const bytes = directoryInTail(place) ?? (await readRange(source, place.offset, place.size));
    const directory = new DirectoryCheck(place, bytes, limits, problems).run(source.length);
    if (problems.none) return { ok: true, directory };
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    problems.addError(error);
  }
  return { ok: false, problems: problems.list() };
}

function checkCounts(place: LocatedDirectory, limits: CheckLimits): void {
  if (place.entries > limits.maxEntries) {
    throw new ZipError(
      "too-many-entries",
      `the archive has ${place.entries} entries; at most ${limits.maxEntries} are allowed`,
    );
  }
  if (place.size > limits.maxDirectoryBytes) {
    throw new ZipError(
      "directory-too-large",
      `the archive's directory has ${place.size} bytes; at most ${limits.maxDirectoryBytes} are allowed`,
    );
  }
}

class DirectoryCheck {
  readonly #place: DirectoryPlace;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: CheckLimits;
  readonly #problems: Problems;
  readonly #paths: PathTable;
  readonly #headerAt: Uint32Array;
  readonly #localAt: Float64Array;
  /** Where the header at hand begins, for `#report`. */
  #at = 0;
  #files = 0;
  #totalBytes = 0;
  /** Where an entry's data ends at the earliest, and whether each began behind the one before it so far. */
  #placedEnd = 0;
  #inOrder = true;
  #unplaced = false;

  constructor(place: DirectoryPlace, bytes: Uint8Array, limits: CheckLimits, problems: Problems) {
    this.#place = { offset: place.offset, size: place.size, entries: place.entries };
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#limits = limits;
    this.#problems = problems;
    this.#paths = new PathTable(bytes, this.#view, place.entries);
    this.#headerAt = new Uint32Array(place.entries);
    this.#localAt = new Float64Array(place.entries + 1);
  }

  run(archiveLength: number): CheckedDirectory {
    try {
      this.#checkEntries();
    } finally {
      this.#paths.findDuplicates(this.#addConflict);
    }
    this.#paths.findFilesUsedAsDirectories(this.#addConflict);
    this.#checkTotals(archiveLength);
    this.#localAt[this.#place.entries] = this.#place.offset;
    if (!this.#inOrder) sortByPlace(this.#headerAt, this.#localAt);
    const directory = {
      place: this.#place,
      bytes: this.#bytes,
      view: this.#view,
      headerAt: this.#headerAt,
      localAt: this.#localAt,
      files: this.#files,
      totalBytes: this.#totalBytes,
    };
    const fits = this.#inOrder && this.#localAt[0] === 0 && this.#placedEnd <= this.#place.offset;
    // Where a header could not be read its entry has no place, and the neighbours' would be blamed.
    if (!fits && !this.#unplaced) checkPlaces(directory, this.#problems);
    return directory;
  }

  #checkEntries(): void {
    const { entries } = this.#place;
    let next = 0;
    let index = 0;
    for (; index < entries && next < this.#bytes.byteLength && !this.#problems.full; index += 1) {
      next = this.#checkEntry(index, next);
    }
    if ((index < entries || next < this.#bytes.byteLength) && !this.#problems.full) {
      throw new ZipError(
        "count-disagrees",
        "the directory holds another number of entries than it says: write the archive anew",
      );
    }
  }

  /** Checks the header at `at` and says where the next one begins. */
  #checkEntry(index: number, at: number): number {
    this.#at = at;
    const view = this.#view;
    const next = centralHeaderEnd(view, at);
    if (next > this.#bytes.byteLength)
      throw new ZipError("directory-cut", "the directory ends inside a header: write the archive anew");
    const nameAt = at + CENTRAL_SIZE;
    const nameEnd = nameAt + view.getUint16(at + CENTRAL_AT.nameLength, true);
    const directory = isDirectoryName(this.#bytes, nameAt, nameEnd);
    this.#checkName(nameAt, nameEnd);
    this.#headerAt[index] = at;
    if (isPlainHeader(view, at, directory, this.#limits)) {
      const size = view.getUint32(at + CENTRAL_AT.size, true);
      const compressedSize = view.getUint32(at + CENTRAL_AT.compressedSize, true);
      this.#addSizes(index, nameEnd - nameAt, size, compressedSize, view.getUint32(at + CENTRAL_AT.localOffset, true));
    } else this.#checkHeader(index, at, directory);
    if (!directory) this.#files += 1;
    return next;
  }

  #checkHeader(index: number, at: number, directory: boolean): void {
    const header = parseCentralHeader(this.#view, at);
    const nameAt = at + CENTRAL_SIZE;
    checkFeatures(header, this.#report);
    checkKind(header, directory, this.#report);
    checkComment(this.#bytes, nameAt, header, this.#report);
    try {
      const zip64 = checkExtras(this.#bytes, this.#view, nameAt, header, this.#report);
      checkDisk(this.#view, header, zip64, this.#report);
      if (fitsZip64Extra(header, zip64, this.#report)) {
        const sizes = resolveZip64(this.#view, header, nameAt + header.nameLength);
        checkSizes(header, sizes, directory, this.#limits, this.#report);
        this.#addSizes(index, header.nameLength, sizes.size, sizes.compressedSize, sizes.localOffset);
      } else {
        this.#unplaced = true;
      }
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      this.#report(error.reason, `cannot be read: ${error.message}. Write the archive anew.`);
      this.#unplaced = true;
    }
  }

  #addSizes(index: number, nameLength: number, size: number, compressedSize: number, localOffset: number): void {
    this.#localAt[index] = localOffset;
    this.#totalBytes += size;
    if (localOffset < this.#placedEnd) this.#inOrder = false;
    this.#placedEnd = localOffset + LOCAL_SIZE + nameLength + compressedSize;
  }

  #checkName(nameAt: number, nameEnd: number): void {
    const sound = this.#paths.take(nameAt, nameEnd);
    const fault = sound ? undefined : findNameFault(this.#bytes, nameAt, nameEnd);
    if (nameEnd - nameAt > this.#limits.maxNameBytes) {
      this.#report("name-too-long", `has a name of more than ${this.#limits.maxNameBytes} bytes. Shorten it.`);
    }
    if (fault !== undefined) {
      this.#report(fault, NAME_FAULTS[fault]);
    } else this.#paths.add(nameAt, nameEnd);
  }

  #checkTotals(archiveLength: number): void {
    const { maxTotalBytes, maxRatio, ratioFloorBytes } = this.#limits;
    const total = this.#totalBytes;
    if (total > maxTotalBytes) {
      this.#problems.add(
        null,
        "total-too-large",
        `The archive unpacks to ${total} bytes; at most ${maxTotalBytes} are allowed.`,
      );
    }
    if (total > ratioFloorBytes && total > archiveLength * maxRatio) {
      const message = `The archive unpacks to more than ${maxRatio} times its length. Split or remove its emptiest files.`;
      this.#problems.add(null, "ratio-too-high", message);
    }
  }

  readonly #report: Report = (reason, message) => {
    const nameAt = this.#at + CENTRAL_SIZE;
    const nameEnd = nameAt + parseCentralHeader(this.#view, this.#at).nameLength;
    this.#add(nameAt, nameEnd, reason, message);
  };

  readonly #addConflict = (at: number, end: number, conflict: PathConflict): boolean => {
    const other = JSON.stringify(displayName(this.#bytes.subarray(conflict.otherAt, conflict.otherEnd)));
    const messages = {
      "duplicate-name": `is in the archive twice.`,
      "duplicate-folded-name": `is the same file as ${other} where case or accents' spelling do not count. Rename one.`,
      "file-as-directory": `needs ${other} to be both a file and a folder. Rename one.`,
    };
    this.#add(at, end, conflict.reason, messages[conflict.reason]);
    return !this.#problems.full;
  };

  #add(nameAt: number, nameEnd: number, reason: string, message: string): void {
    const name = displayName(this.#bytes.subarray(nameAt, nameEnd));
    this.#problems.add(name, reason, `${JSON.stringify(name)} ${message}`);
  }
}
