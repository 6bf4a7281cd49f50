const SLASH = 0x2f;
const FIRST_NON_ASCII = 0x80;

/**
 * Hashes paths one after the other, going on from the folder that a path shares with the one before it, as neighbours
 * mostly do. The hash of a path's folder is the hash that stood where its slash does. A table of random words makes the
 * hash, so that nobody can choose names that collide.
 */
export class FolderTrail {
  /** Folders of the last path, and for each of them where in it its slash is, its hash and its sum. */
  depth = 0;
  readonly slashes: number[] = [];
  readonly hashes: number[] = [];
  readonly sums: number[] = [];
  /** A second, weaker hash of the path that was hashed last: it tells apart what the first one does not. */
  sum = 0;
  readonly #words = crypto.getRandomValues(new Int32Array(256));
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** Forgets the folders that the path in `at` to `end` does not share; says how many bytes of it are known. */
  follow(bytes: Uint8Array, at: number, end: number): number {
    const last = this.#bytes;
    const lastAt = this.#at;
    const limit = last === bytes && this.depth > 0 ? Math.min(end - at, this.#slash() + 1) : 0;
    let shared = 0;
    while (shared < limit && bytes[at + shared] === last[lastAt + shared]) shared += 1;
    while (this.depth > 0 && this.#slash() >= shared) this.depth -= 1;
    this.#bytes = bytes;
    this.#at = at;
    return this.depth === 0 ? 0 : this.#slash() + 1;
  }

  /**
   * The hash of the path that was followed last and ends at `end`, without the slash that may end it and without regard
   * to the case of ASCII letters. Undefined when another byte is met and the path has not been folded.
   */
  hash(end: number, folded: boolean): number | undefined {
    const bytes = this.#bytes;
    const words = this.#words;
    let state = 0;
    let sum = 0;
    let index = this.#at;
    if (this.depth > 0) {
      state = this.hashes[this.depth - 1] ?? 0;
      sum = this.sums[this.depth - 1] ?? 0;
      index += this.#slash() + 1;
      this.sum = sum;
      if (index === end) return state;
      state = (words[(state ^ SLASH) & 0xff] ?? 0) ^ (state >>> 8);
      sum = (Math.imul(sum, 31) + SLASH) | 0;
    }
    for (; index < end; index += 1) {
      let byte = bytes[index] ?? 0;
      if (byte === SLASH) {
        this.slashes[this.depth] = index - this.#at;
        this.hashes[this.depth] = state;
        this.sums[this.depth] = sum;
        this.depth += 1;
        if (index === end - 1) break;
      } else if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      else if (byte >= FIRST_NON_ASCII && !folded) return undefined;
      state = (words[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8);
      sum = (Math.imul(sum, 31) + byte) | 0;
    }
    this.sum = sum;
    return state;
  }

  /** Where in the path its last folder's slash is. */
  #slash(): number {
    return this.slashes[this.depth - 1] ?? 0;
  }
}
