import type { Segment } from "./journal.ts";
import type { StreamView } from "./view.ts";

/** Entries in the form in which one transport sends them, and the cursor of a reader that has them. */
export interface Frame<T> {
  /** Undefined where nothing between the two cursors is for readers. */
  body: T | undefined;
  /** Bytes of the body, about. */
  size: number;
  next: number;
}

/**
 * Puts entries into a transport's form until that has `maxBytes`, at least one. `next` is the cursor after them: `readTo`
 * when all were taken.
 */
export type Encoder<T> = (
  segments: readonly Segment[],
  maxBytes: number,
  readTo: number,
) => { body: T; size: number; next: number };

/** Bytes of frames that are kept for readers at the same cursor, one larger frame aside. */
const KEPT_BYTES = 2_000_000;

/** Reads frames out of a journal. Readers that stand at the same cursor share one, read and encoded once. */
export class Frames<T> {
  readonly #view: StreamView;
  readonly #encode: Encoder<T>;
  readonly #targetBytes: number;
  /** By the cursor they begin at, oldest first. */
  readonly #kept = new Map<number, Frame<T>>();
  #keptBytes = 0;

  /** `targetBytes` is the size of a frame, unless one entry alone is larger. */
  constructor(view: StreamView, encode: Encoder<T>, targetBytes: number) {
    this.#view = view;
    this.#encode = encode;
    this.#targetBytes = targetBytes;
  }

  /** The frame from sequence number `from` on, up to `to` at most; undefined when entries there are gone. */
  at(from: number, to: number): Frame<T> | undefined {
    const kept = this.#kept.get(from);
    if (kept) return kept;
    if (from < this.#view.head()) return undefined;
    const read = this.#view.read(from, to, this.#targetBytes);
    if (read.segments.length === 0) return { body: undefined, size: 0, next: read.next };
    const frame = this.#encode(read.segments, this.#targetBytes, read.next);
    this.#keep(from, frame);
    return frame;
  }

  #keep(from: number, frame: Frame<T>): void {
    this.#kept.set(from, frame);
    this.#keptBytes += frame.size;
    for (const [cursor, { size }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || cursor === from) return;
      this.#kept.delete(cursor);
      this.#keptBytes -= size;
    }
  }

  /** Forgets what is kept: nobody reads. */
  clear(): void {
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}
