import { ENTRY_BYTES, HEAD_BYTES, isHead, readNumber, readTime } from "../entries.ts";

/** Bytes that may be the beginning of an entry's front, cut off by the end of a span. */
const KEPT_BYTES = HEAD_BYTES - 1;

/**
 * Finds entries in the spans of a stream and checks that each comes once and in order. What it costs is part of what is
 * measured, on all systems alike: it looks at an entry's first bytes and skips the rest.
 */
export class EntryScanner {
  /** The number of the entry to come. */
  next: number;
  /** Why this stream is wrong; the first reason stays. */
  problem: string | undefined;
  readonly #onEntry: (time: number) => void;
  readonly #carry = new Uint8Array(2 * KEPT_BYTES);
  #carried = 0;

  /** `onEntry` gets the time that an entry carries. */
  constructor(next: number, onEntry: (time: number) => void) {
    this.next = next;
    this.#onEntry = onEntry;
  }

  scan(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    if (this.#carried > 0) {
      const taken = Math.min(KEPT_BYTES, end - start);
      this.#carry.set(bytes.subarray(start, start + taken), this.#carried);
      const joined = this.#carried + taken;
      const reached = this.#find(this.#carry, 0, joined);
      if (taken < KEPT_BYTES) return this.#keep(this.#carry, reached, joined);
      at = start + Math.max(reached - this.#carried, 0);
    }
    this.#keep(bytes, this.#find(bytes, at, end), end);
  }

  #keep(bytes: Uint8Array, reached: number, end: number): void {
    const from = Math.max(Math.min(reached, end), end - KEPT_BYTES);
    this.#carried = end - from;
    this.#carry.set(bytes.subarray(from, end));
  }

  /** Takes the entries whose front lies in the span; answers how far nothing more is to be looked for. */
  #find(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at + HEAD_BYTES <= to) {
      if (isHead(bytes, at)) {
        this.#take(readNumber(bytes, at), readTime(bytes, at));
        at += ENTRY_BYTES;
      } else {
        at += 1;
      }
    }
    return at;
  }

  #take(number: number, time: number): void {
    if (number !== this.next) {
      this.problem ??=
        number < this.next ? `entry ${number} came again` : `entries ${this.next} to ${number - 1} are missing`;
    }
    this.next = number + 1;
    this.#onEntry(time);
  }
}
