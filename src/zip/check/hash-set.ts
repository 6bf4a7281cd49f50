/** Spreads a sum over all bits (an odd constant near 2^32 divided by the golden ratio). */
const SPREAD = 0x9e3779b1;

/** Numbers that wait in a set: 8 KB. */
const PENDING_SIZE = 2048;

/**
 * A set of paths by hash and sum, in one array: no object for each, and no growing beyond `capacity`. The hash is stored
 * and both together say where, so that among a million paths hardly two are taken for one.
 */
export class HashSet {
  readonly #slots: Int32Array;
  readonly #capacity: number;
  /** Pairs of hash and sum that wait to be put in their places together: one by one, each waits for memory anew. */
  readonly #pending = new Int32Array(PENDING_SIZE);
  #pendingSize = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#slots = new Int32Array(slotsFor(capacity));
  }

  /** Whether paths came that it had no room for. */
  get overflown(): boolean {
    return this.#count > this.#capacity;
  }

  /** `has` and `overflown` know of it after `flush`. */
  add(hash: number, sum: number): void {
    this.#pending[this.#pendingSize] = hash;
    this.#pending[this.#pendingSize + 1] = sum;
    this.#pendingSize += 2;
    if (this.#pendingSize === PENDING_SIZE) this.flush();
  }

  flush(): void {
    for (let at = 0; at < this.#pendingSize && !this.overflown; at += 2) {
      const hash = this.#pending[at] ?? 0;
      const slot = this.#find(hash, this.#pending[at + 1] ?? 0);
      if (this.#slots[slot] !== 0) continue;
      this.#count += 1;
      if (!this.overflown) this.#slots[slot] = nonZero(hash);
    }
    this.#pendingSize = 0;
  }

  has(hash: number, sum: number): boolean {
    return this.#slots[this.#find(hash, sum)] !== 0;
  }

  /** Where the path's hash stands, or the free slot where it would. */
  #find(hash: number, sum: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const wanted = nonZero(hash);
    let slot = (hash ^ Math.imul(sum, SPREAD)) & mask;
    for (let stored = slots[slot]; stored !== 0 && stored !== wanted; stored = slots[slot]) slot = (slot + 1) & mask;
    return slot;
  }
}

/** Slots of an open hash table: a power of two, at most half of them full, so that a look-up ends after a step or two. */
export function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(capacity, 1) * 2));
}

/** 0 marks a free slot; that the hash 0 is taken for 1 costs one look more. */
function nonZero(hash: number): number {
  return hash === 0 ? 1 : hash;
}
