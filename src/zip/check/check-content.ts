import {
  DATA_FAULTS,
  type DataFault,
  type Expected,
  findDeflatedFault,
  findDeflatedFaultInStream,
  findStoredFault,
  findStoredFaultInStream,
} from "./check-data.ts";
import { checkDescriptor, compareLocal, DESCRIPTOR_MAX_SIZE, localHeaderSize } from "./check-local.ts";
import { type Problem, Problems } from "./check-problems.ts";
import { type CheckedDirectory, type CheckedEntry, entryOf, nameOf } from "./checked-directory.ts";
import { ZipError } from "../read/zip-error.ts";
import { LOCAL_SIZE, METHOD_STORED } from "../read/records.ts";
import { SequentialReader } from "../read/sequential-reader.ts";
import type { ZipSource } from "../read/source.ts";

/** An entry with all that belongs to it is checked in one go when it has at most so many bytes in the archive. */
const SMALL_ENTRY = 128 * 1024;
/** And when it unpacks to at most so many, which are then in memory. */
const SMALL_SIZE = 1024 * 1024;
/** The longest local header: name and extra fields have 16-bit lengths. */
const LOCAL_MAX_SIZE = LOCAL_SIZE + 2 * 0xffff;

/** What part of the content check to do. */
export interface ContentCheckOptions {
  /** Entries `from` to `to`, in the order of the local headers; all of them when left out. */
  readonly from?: number;
  readonly to?: number;
  /** False: headers and places only, no data is inflated and large data is not even read. */
  readonly inflate?: boolean;
}

/**
 * The second half of the upload check, over a directory that passed the first: one pass over the archive from the first
 * entry of the slice to its last. Each entry's local header must equal its central twin, the entries must lie end to
 * end, and the data must inflate to the stated size and CRC; inflating stops as soon as it goes further. A slice stands
 * for itself: the archive is good when the slices that together hold all entries are. Memory is bounded; the answer is
 * empty when all is well.
 */
export async function checkContent(
  source: ZipSource,
  directory: CheckedDirectory,
  options: ContentCheckOptions = {},
): Promise<Problem[]> {
  const { from = 0, to = directory.headerAt.length, inflate = true } = options;
  const check = new ContentCheck(source, directory, from, to, inflate);
  return check.run();
}

class ContentCheck {
  readonly #directory: CheckedDirectory;
  readonly #problems = new Problems();
  readonly #reader: SequentialReader;
  readonly #to: number;
  readonly #inflate: boolean;
  #next: number;
  /** The entry at hand, for `#report`. */
  #entry: CheckedEntry | undefined;

  constructor(source: ZipSource, directory: CheckedDirectory, from: number, to: number, inflate: boolean) {
    this.#directory = directory;
    this.#next = from;
    this.#to = to;
    this.#inflate = inflate;
    this.#reader = new SequentialReader(source, directory.localAt[from] ?? 0, directory.localAt[to] ?? 0);
  }

  async run(): Promise<Problem[]> {
    try {
      while (this.#next < this.#to && !this.#problems.full) {
        this.#checkBuffered();
        if (this.#next === this.#to || this.#problems.full) break;
        const entry = entryOf(this.#directory, this.#next);
        if (this.#isSmall(entry)) await this.#reader.fill(entry.end - entry.begin);
        else await this.#checkLarge(entry);
      }
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      this.#problems.addError(error);
    } finally {
      await this.#reader.close();
    }
    return this.#problems.list();
  }

  /** Checks every small entry that is buffered whole. Synchronous on purpose: the engine optimises such loops. */
  #checkBuffered(): void {
    while (this.#next < this.#to && !this.#problems.full) {
      const entry = entryOf(this.#directory, this.#next);
      if (!this.#isSmall(entry) || this.#reader.buffered < entry.end - entry.begin) return;
      this.#checkSmall(entry);
      this.#reader.at += entry.end - entry.begin;
      this.#next += 1;
    }
  }

  #isSmall(entry: CheckedEntry): boolean {
    return entry.end - entry.begin <= SMALL_ENTRY && entry.sizes.size <= SMALL_SIZE;
  }

  #checkSmall(entry: CheckedEntry): void {
    this.#entry = entry;
    const { bytes, view, at } = this.#reader;
    const end = at + entry.end - entry.begin;
    try {
      const dataAt = at + localHeaderSize(view, at, end - at);
      const dataEnd = dataAt + entry.sizes.compressedSize;
      if (!this.#fits(dataEnd <= end)) return;
      compareLocal(bytes, view, at, this.#directory, entry, this.#report);
      checkDescriptor(view, dataEnd, end - dataEnd, entry, this.#report);
      if (!this.#inflate) return;
      const find = entry.header.method === METHOD_STORED ? findStoredFault : findDeflatedFault;
      this.#reportFault(find(bytes.subarray(dataAt, dataEnd), expectationOf(entry)));
    } catch (error) {
      this.#reportError(error);
    }
  }

  async #checkLarge(entry: CheckedEntry): Promise<void> {
    this.#entry = entry;
    const reader = this.#reader;
    try {
      await this.#checkLargeParts(entry);
    } catch (error) {
      this.#reportError(error);
    }
    this.#next += 1;
    await reader.skipTo(entry.end);
  }

  async #checkLargeParts(entry: CheckedEntry): Promise<void> {
    const reader = this.#reader;
    const available = Math.min(LOCAL_MAX_SIZE, entry.end - entry.begin);
    await reader.fill(available);
    const size = localHeaderSize(reader.view, reader.at, available);
    const dataEnd = entry.begin + size + entry.sizes.compressedSize;
    if (!this.#fits(dataEnd <= entry.end)) return;
    compareLocal(reader.bytes, reader.view, reader.at, this.#directory, entry, this.#report);
    reader.at += size;
    if (this.#inflate) {
      const find = entry.header.method === METHOD_STORED ? findStoredFaultInStream : findDeflatedFaultInStream;
      this.#reportFault(await find(reader, expectationOf(entry)));
    }
    await reader.skipTo(dataEnd);
    const rest = entry.end - dataEnd;
    if (rest <= DESCRIPTOR_MAX_SIZE) await reader.fill(rest);
    checkDescriptor(reader.view, reader.at, rest, entry, this.#report);
  }

  #fits(fits: boolean): boolean {
    if (!fits) this.#report("overlap", "overlaps what follows it, as zip bombs do. Write the archive anew.");
    return fits;
  }

  #reportFault(fault: DataFault | undefined): void {
    if (fault !== undefined) this.#report(fault, DATA_FAULTS[fault]);
  }

  #reportError(error: unknown): void {
    if (!(error instanceof ZipError)) throw error;
    this.#report(error.reason, `cannot be read: ${error.message}. Write the archive anew.`);
  }

  readonly #report = (reason: string, message: string): void => {
    if (this.#entry === undefined) return;
    const name = nameOf(this.#directory, this.#entry);
    this.#problems.add(name, reason, `${JSON.stringify(name)} ${message}`);
  };
}

function expectationOf(entry: CheckedEntry): Expected {
  const { size, compressedSize } = entry.sizes;
  return { crc: entry.header.crc, size, compressedSize };
}
