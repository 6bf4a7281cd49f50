import type { DirectoryPlace } from "../read/locate.ts";
import { displayName } from "./names.ts";
import {
  CENTRAL_SIZE,
  type CentralHeader,
  parseCentralHeader,
  type ResolvedSizes,
  resolveZip64,
} from "../read/records.ts";

/** A central directory that has passed its check; the content check goes by it. */
export interface CheckedDirectory {
  readonly place: DirectoryPlace;
  /** The directory itself and a view of it. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where each entry's central header begins in `bytes`, in the order of the local headers. */
  readonly headerAt: Uint32Array;
  /** Where each entry's local header begins in the archive, in the same order; the directory's own place comes last. */
  readonly localAt: Float64Array;
  /** Entries that are files, and what all of them unpack to, in bytes. */
  readonly files: number;
  readonly totalBytes: number;
}

/** What the content check compares an entry's own bytes with. */
export interface CheckedEntry {
  readonly header: CentralHeader;
  readonly sizes: ResolvedSizes;
  /** Where the name begins in the directory's bytes. */
  readonly nameAt: number;
  /** Where the entry's local header begins in the archive, and where the next one or the directory does. */
  readonly begin: number;
  readonly end: number;
}

/** Entry `index` in the order of the local headers. */
export function entryOf(directory: CheckedDirectory, index: number): CheckedEntry {
  const at = directory.headerAt[index] ?? 0;
  const header = parseCentralHeader(directory.view, at);
  const nameAt = at + CENTRAL_SIZE;
  return {
    header,
    sizes: resolveZip64(directory.view, header, nameAt + header.nameLength),
    nameAt,
    begin: directory.localAt[index] ?? 0,
    end: directory.localAt[index + 1] ?? 0,
  };
}

/** The entry's name for people to read. */
export function nameOf(directory: CheckedDirectory, entry: CheckedEntry): string {
  return displayName(directory.bytes.subarray(entry.nameAt, entry.nameAt + entry.header.nameLength));
}
