import { HashSet, slotsFor } from "./hash-set.ts";
import { foldName } from "./names.ts";
import { PathHash } from "./path-hash.ts";
import { viewOf } from "../read/records.ts";

const SLASH = 0x2f;
/** In place of where a name ends: the path is another entry's and not looked at again. */
const DROPPED = 0;
/** What `PathHash` wants to stand before a path, in bytes. */
const WORD_SIZE = 4;

/** Two entries that are one path, or a file that another entry's path uses as a folder. */
export interface PathConflict {
  readonly reason: "duplicate-name" | "duplicate-folded-name" | "file-as-directory";
  /** Where the other entry's name lies in the directory's bytes. */
  readonly otherAt: number;
  readonly otherEnd: number;
}

/**
 * Every path of an archive, to find the ones that meet after case folding and NFC. An open hash table over the
 * directory's own bytes: no string or object per entry.
 */
export class PathTable {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #nameAt: Uint32Array;
  readonly #nameEnd: Uint32Array;
  readonly #hashes: Int32Array;
  readonly #sums: Int32Array;
  /** Path number + 1, or 0 where nothing stands. */
  readonly #slots: Uint32Array;
  readonly #taken = new PathHash();
  /** The folders of all paths, by hash and sum only. */
  readonly #folders: HashSet;
  #count = 0;
  #plain = true;

  constructor(bytes: Uint8Array, view: DataView, capacity: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#nameAt = new Uint32Array(capacity);
    this.#nameEnd = new Uint32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#slots = new Uint32Array(slotsFor(capacity));
    this.#sums = new Int32Array(capacity);
    // Trees with more folders than that are rare, and only take the closer look.
    this.#folders = new HashSet(2 * capacity);
  }

  /** Takes the path in `at` to `end`: true when it is sound, false when it has to be looked at more closely. */
  take(at: number, end: number): boolean {
    this.#plain = this.#taken.take(this.#view, at, end);
    // What has not been added must not be taken for known.
    if (!this.#plain) this.#taken.forget();
    return this.#plain;
  }

  /** Remembers the path that was taken last, which must be sound, and its folders. */
  add(at: number, end: number): void {
    if (!this.#plain) this.#takeFolded(at, end);
    const path = this.#count;
    this.#count += 1;
    this.#hashes[path] = this.#taken.hash;
    this.#sums[path] = this.#taken.sum;
    this.#nameAt[path] = at;
    this.#nameEnd[path] = end;
    this.#addFolders();
  }

  /**
   * Calls `found` for each path that an earlier entry has, and drops it; `false` stops. All at once after they were added, as
   * a loop of nothing else waits for memory a third as long.
   */
  findDuplicates(found: (at: number, end: number, conflict: PathConflict) => boolean): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    for (let path = 0; path < this.#count; path += 1) {
      const hash = hashes[path] ?? 0;
      let slot = hash & mask;
      let stored = slots[slot] ?? 0;
      while (stored !== 0 && !(hashes[stored - 1] === hash && this.#isSamePath(stored - 1, path))) {
        slot = (slot + 1) & mask;
        stored = slots[slot] ?? 0;
      }
      if (stored === 0) slots[slot] = path + 1;
      else {
        const at = this.#nameAt[path] ?? 0;
        const end = this.#nameEnd[path] ?? 0;
        this.#nameEnd[path] = DROPPED;
        if (!found(at, end, this.#conflict(stored - 1, at, end))) return;
      }
    }
  }

  /** Calls `found` for each path of which a folder is a file; `false` stops. */
  findFilesUsedAsDirectories(found: (at: number, end: number, conflict: PathConflict) => boolean): void {
    if (!this.#mayHaveFilesUsedAsDirectories()) return;
    let lastAt = 0;
    let lastEnd = 0;
    for (let path = 0; path < this.#count; path += 1) {
      const at = this.#nameAt[path] ?? 0;
      const end = this.#nameEnd[path] ?? 0;
      if (end === DROPPED) continue;
      const known = this.#plain ? countSharedFolders(this.#bytes, lastAt, lastEnd, at, end) : 0;
      lastAt = at;
      lastEnd = end;
      if (!this.take(at, end)) this.#takeFolded(at, end);
      for (let folder = known; folder < this.#taken.depth; folder += 1) {
        const file = this.#findFileAt(folder, at, end);
        if (file === undefined) continue;
        if (!found(at, end, this.#conflictWith(file, "file-as-directory"))) return;
        break;
      }
    }
  }

  /** Remembers the folders of the path that was taken last, beyond those it shared. */
  #addFolders(): void {
    const { shared, depth, hashes, sums } = this.#taken;
    for (let folder = shared; folder < depth; folder += 1) this.#folders.add(hashes[folder] ?? 0, sums[folder] ?? 0);
  }

  /** Whether a file has the hash and sum of a folder. Rarely without reason, and then a closer look finds nothing. */
  #mayHaveFilesUsedAsDirectories(): boolean {
    this.#folders.flush();
    if (this.#folders.overflown) return true;
    for (let path = 0; path < this.#count; path += 1) {
      if (this.#folders.has(this.#hashes[path] ?? 0, this.#sums[path] ?? 0) && !this.#isDirectory(path)) return true;
    }
    return false;
  }

  /** The file that is the same path as a folder of the path that was taken last. */
  #findFileAt(folder: number, at: number, end: number): number | undefined {
    const hash = this.#taken.hashes[folder] ?? 0;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let stored = this.#slots[slot] ?? 0; stored !== 0; stored = this.#slots[slot] ?? 0) {
      const path = stored - 1;
      if (this.#hashes[path] === hash && !this.#isDirectory(path)) {
        const folded = foldName(this.#bytes.subarray(at, end)).subarray(0, this.#taken.slashes[folder]);
        if (this.#isPath(path, folded)) return path;
      }
      slot = (slot + 1) & mask;
    }
    return undefined;
  }

  #conflict(path: number, at: number, end: number): PathConflict {
    if (this.#isDirectory(path) !== (this.#bytes[end - 1] === SLASH)) {
      return this.#conflictWith(path, "file-as-directory");
    }
    const { otherAt, otherEnd } = this.#conflictWith(path, "duplicate-name");
    const same = equal(this.#bytes.subarray(at, end), this.#bytes.subarray(otherAt, otherEnd));
    return this.#conflictWith(path, same ? "duplicate-name" : "duplicate-folded-name");
  }

  #conflictWith(path: number, reason: PathConflict["reason"]): PathConflict {
    return { reason, otherAt: this.#nameAt[path] ?? 0, otherEnd: this.#nameEnd[path] ?? 0 };
  }

  #isDirectory(path: number): boolean {
    return this.#bytes[(this.#nameEnd[path] ?? 0) - 1] === SLASH;
  }

  #isSamePath(left: number, right: number): boolean {
    return this.#isPath(left, foldName(this.#path(this.#nameAt[right] ?? 0, this.#nameEnd[right] ?? 0)));
  }

  #isPath(path: number, folded: Uint8Array): boolean {
    return equal(foldName(this.#path(this.#nameAt[path] ?? 0, this.#nameEnd[path] ?? 0)), folded);
  }

  /** The name without the slash that marks a directory. */
  #path(at: number, end: number): Uint8Array {
    return this.#bytes.subarray(at, this.#bytes[end - 1] === SLASH ? end - 1 : end);
  }

  /** Takes the folded path in place of the one that was taken last. */
  #takeFolded(at: number, end: number): void {
    const folded = foldName(this.#bytes.subarray(at, end));
    const bytes = new Uint8Array(WORD_SIZE + folded.length);
    bytes.set(folded, WORD_SIZE);
    this.#taken.take(viewOf(bytes), WORD_SIZE, bytes.length);
  }
}

/** How many folders two names have in common, byte for byte. */
function countSharedFolders(bytes: Uint8Array, leftAt: number, leftEnd: number, at: number, end: number): number {
  const limit = Math.min(leftEnd - leftAt, end - at);
  let folders = 0;
  for (let index = 0; index < limit && bytes[leftAt + index] === bytes[at + index]; index += 1) {
    if (bytes[at + index] === SLASH) folders += 1;
  }
  return folders;
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
