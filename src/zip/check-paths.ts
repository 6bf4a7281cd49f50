import { foldName } from "./names.ts";

const SLASH = 0x2f;

/** Two entries that are one path, or a file that another entry's path uses as a folder. */
export interface PathConflict {
  readonly reason: "duplicate-name" | "duplicate-folded-name" | "file-as-directory";
  /** Where the other entry's name lies in the directory's bytes. */
  readonly otherAt: number;
  readonly otherEnd: number;
}

/**
 * Every path of an archive, to find the ones that meet after case folding and NFC. An open hash table over the
 * directory's own bytes: no string or object per entry. Its hash is a table of random words, so that nobody can choose
 * names that collide.
 */
export class PathTable {
  readonly #bytes: Uint8Array;
  /** Each path without its trailing slash; one more bit says that it is a directory's. */
  readonly #nameAt: Uint32Array;
  readonly #nameEnd: Uint32Array;
  readonly #hashes: Uint32Array;
  /** Path number + 1, or 0 where nothing stands. */
  readonly #slots: Uint32Array;
  readonly #words = crypto.getRandomValues(new Int32Array(256));
  #count = 0;

  constructor(bytes: Uint8Array, capacity: number) {
    this.#bytes = bytes;
    this.#nameAt = new Uint32Array(capacity);
    this.#nameEnd = new Uint32Array(capacity);
    this.#hashes = new Uint32Array(capacity);
    // At most half full, so that a look-up ends after a step or two.
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(capacity, 1) * 2)));
  }

  /** Adds the path in `at` to `end`, which `findNameFault` has passed; the entry that has it already is the answer. */
  add(at: number, end: number): PathConflict | undefined {
    const trimmed = this.#bytes[end - 1] === SLASH ? end - 1 : end;
    const hash = this.#hash(at, trimmed);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let stored = this.#slots[slot] ?? 0; stored !== 0; stored = this.#slots[slot] ?? 0) {
      if (this.#hashes[stored - 1] === hash && this.#isPath(stored - 1, at, trimmed)) {
        return this.#conflict(stored - 1, at, end);
      }
      slot = (slot + 1) & mask;
    }
    const path = this.#count;
    this.#count += 1;
    this.#slots[slot] = path + 1;
    this.#hashes[path] = hash;
    this.#nameAt[path] = at;
    this.#nameEnd[path] = end;
    return undefined;
  }

  /** Calls `found` for each path of which a folder is a file; `false` stops. */
  findFilesUsedAsDirectories(found: (at: number, end: number, conflict: PathConflict) => boolean): void {
    let knownAt = 0;
    let knownEnd = 0;
    for (let path = 0; path < this.#count; path += 1) {
      const at = this.#nameAt[path] ?? 0;
      const end = this.#nameEnd[path] ?? 0;
      const parentEnd = Math.max(at, this.#bytes.lastIndexOf(SLASH, end - 2));
      // Neighbours mostly lie in one folder, which has been looked up then.
      if (parentEnd === at || this.#sameBytes(at, parentEnd, knownAt, knownEnd)) continue;
      const file = this.#findFileAbove(at, parentEnd);
      if (file === undefined) {
        knownAt = at;
        knownEnd = parentEnd;
      } else if (!found(at, end, this.#conflictWith(file, "file-as-directory"))) return;
    }
  }

  /** The file that is the folder in `at` to `end` or one above it. */
  #findFileAbove(at: number, end: number): number | undefined {
    for (let slash = end; slash > at; slash = this.#bytes.lastIndexOf(SLASH, slash - 1)) {
      const file = this.#findFile(at, slash);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  #findFile(at: number, end: number): number | undefined {
    const hash = this.#hash(at, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let stored = this.#slots[slot] ?? 0; stored !== 0; stored = this.#slots[slot] ?? 0) {
      const path = stored - 1;
      if (this.#hashes[path] === hash && !this.#isDirectory(path) && this.#isPath(path, at, end)) return path;
      slot = (slot + 1) & mask;
    }
    return undefined;
  }

  #conflict(path: number, at: number, end: number): PathConflict {
    const nameAt = this.#nameAt[path] ?? 0;
    const nameEnd = this.#nameEnd[path] ?? 0;
    if (this.#isDirectory(path) !== (this.#bytes[end - 1] === SLASH)) {
      return this.#conflictWith(path, "file-as-directory");
    }
    const same = this.#sameBytes(at, end, nameAt, nameEnd);
    return this.#conflictWith(path, same ? "duplicate-name" : "duplicate-folded-name");
  }

  #conflictWith(path: number, reason: PathConflict["reason"]): PathConflict {
    return { reason, otherAt: this.#nameAt[path] ?? 0, otherEnd: this.#nameEnd[path] ?? 0 };
  }

  #isDirectory(path: number): boolean {
    return this.#bytes[(this.#nameEnd[path] ?? 0) - 1] === SLASH;
  }

  #isPath(path: number, at: number, end: number): boolean {
    const otherAt = this.#nameAt[path] ?? 0;
    const otherEnd = (this.#nameEnd[path] ?? 0) - (this.#isDirectory(path) ? 1 : 0);
    if (this.#sameBytes(at, end, otherAt, otherEnd)) return true;
    const folded = foldName(this.#bytes.subarray(at, end));
    const other = foldName(this.#bytes.subarray(otherAt, otherEnd));
    return folded.length === other.length && folded.every((byte, index) => byte === other[index]);
  }

  #sameBytes(at: number, end: number, otherAt: number, otherEnd: number): boolean {
    if (end - at !== otherEnd - otherAt) return false;
    const bytes = this.#bytes;
    for (let index = end - at - 1; index >= 0; index -= 1) {
      if (bytes[at + index] !== bytes[otherAt + index]) return false;
    }
    return true;
  }

  /** The hash of the folded path; ASCII letters, which are nearly all, are folded on the way. */
  #hash(at: number, end: number): number {
    const words = this.#words;
    const bytes = this.#bytes;
    let state = 0;
    for (let index = at; index < end; index += 1) {
      let byte = bytes[index] ?? 0;
      if (byte >= 0x80) return this.#hashFolded(foldName(bytes.subarray(at, end)));
      if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      state = (words[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8);
    }
    return state >>> 0;
  }

  #hashFolded(folded: Uint8Array): number {
    let state = 0;
    for (const byte of folded) state = (this.#words[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8);
    return state >>> 0;
  }
}
