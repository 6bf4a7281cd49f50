const DOT = 0x2e;
const COLON = 0x3a;
/** Where the word that marks a slash stands, behind the four tables. */
const SLASH_KEY = 4 * 256;

/** One byte in each of a word's four. */
const ONES = 0x01010101;
const TOP_BITS = 0x80808080;
const LOW_BITS = 0x7f7f7f7f;
const SLASHES = 0x2f2f2f2f;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;
/** What carries A, and what carries the character behind Z, into the top bit. */
const FROM_A = 0x3f3f3f3f;
const BEHIND_Z = 0x25252525;

/** Multiplies the sum at each word: an odd number near 2^32 divided by the golden ratio. */
const SUM_FACTOR = 0x9e3779b1;

/**
 * Looks at a path and hashes it in one pass, by 32-bit words from the beginning of each folder or file name. The hash of a
 * path's folder is the hash that stood where its slash does. Four tables of random words make the hash, so that nobody can
 * choose names that collide.
 */
export class PathHash {
  /** Of the last path, without the slash that may end it and without regard to the case of ASCII letters. */
  hash = 0;
  /** A second, weaker hash: it tells apart what the first one does not. */
  sum = 0;
  /** Folders that the last path lies in, and for each of them where in it its slash is, its hash and its sum. */
  depth = 0;
  readonly slashes: number[] = [];
  readonly hashes: number[] = [];
  readonly sums: number[] = [];
  /** How many of the first folders the path before had too. */
  shared = 0;
  readonly #words = crypto.getRandomValues(new Int32Array(SLASH_KEY + 1));

  /**
   * Takes the path in `at` to `end`, with at least four bytes of whatever kind before it. True when it is sound, ASCII
   * and leads no way but down; otherwise it needs a closer look, and its hash is good only if it has been folded.
   */
  take(view: DataView, at: number, end: number): boolean {
    const { slashes, hashes, sums } = this;
    const words = this.#words;
    const lastDepth = this.depth;
    let depth = 0;
    let shared = 0;
    let state = 0;
    let sum = 0;
    let odd = end > at + 1 && view.getUint8(at + 1) === COLON ? TOP_BITS : 0;
    for (let from = at, name = at; ;) {
      let word = readWord(view, from, end);
      odd |= oddBytes(word);
      const slash = firstZeroByte(word ^ SLASHES);
      if (slash !== 0) word &= (slash >>> 7) - 1;
      if (word !== 0) {
        const mixed = state ^ foldCase(word);
        state =
          (words[mixed & 0xff] ?? 0) ^
          (words[0x100 | ((mixed >>> 8) & 0xff)] ?? 0) ^
          (words[0x200 | ((mixed >>> 16) & 0xff)] ?? 0) ^
          (words[0x300 | (mixed >>> 24)] ?? 0);
        sum = Math.imul(sum ^ mixed, SUM_FACTOR);
      }
      from += 4;
      if (slash === 0) continue;
      from -= (Math.clz32(slash) >>> 3) + 1;
      const length = from - name;
      if (length <= 2 && (length === 0 || view.getUint8(name) === DOT)) odd = TOP_BITS;
      if (from >= end - 1) break;
      if (shared === depth && depth < lastDepth && hashes[depth] === state && sums[depth] === sum) shared += 1;
      slashes[depth] = from - at;
      hashes[depth] = state;
      sums[depth] = sum;
      depth += 1;
      from += 1;
      name = from;
      state ^= words[SLASH_KEY] ?? 0;
    }
    this.hash = state;
    this.sum = sum;
    this.depth = depth;
    this.shared = shared;
    return (odd & TOP_BITS) === 0;
  }

  /** Makes the next path share no folder with the last one. */
  forget(): void {
    this.depth = 0;
  }
}

/** The path's next four bytes; slashes stand for those behind its end. */
function readWord(view: DataView, at: number, end: number): number {
  const left = end - at;
  if (left >= 4) return view.getInt32(at, true);
  if (left <= 0) return SLASHES;
  return (view.getInt32(end - 4, true) >>> (32 - 8 * left)) | (SLASHES << (8 * left));
}

/**
 * Has the top bit of a byte set when the word has one above 0x7e or below 0x20, or a backslash. Borrow and carry between
 * bytes only follow a byte that is found anyway.
 */
function oddBytes(word: number): number {
  const backslashes = word ^ BACKSLASHES;
  return word | (word + ONES) | ((word - SPACES) & ~word) | ((backslashes - ONES) & ~backslashes);
}

/** The top bit of the word's first byte that is 0; 0 when it has none. */
function firstZeroByte(word: number): number {
  const zeros = (word - ONES) & ~word & TOP_BITS;
  return zeros & -zeros;
}

/** The word with its ASCII letters in lower case: only those from A on, but not from Z on, carry into one top bit alone. */
function foldCase(word: number): number {
  const low = word & LOW_BITS;
  const upper = (low + FROM_A) & ~(low + BEHIND_Z) & ~word & TOP_BITS;
  return word | (upper >>> 2);
}
