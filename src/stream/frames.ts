import type { Segment } from "./journal.ts";
import type { StreamView } from "./view.ts";

/** Entries in the form in which one transport sends them, and the cursor of a reader that has them. */
export interface Frame {
  /** Empty where nothing between the two cursors is for readers. */
  bytes: Uint8Array;
  next: number;
}

/**
 * Puts entries into a transport's form until that has `maxBytes`, at least one. `next` follows the last one taken, or is
 * undefined when all were.
 */
export type Encoder = (
  segments: readonly Segment[],
  maxBytes: number,
) => { bytes: Uint8Array; next: number | undefined };

/** Bytes of a frame, unless one entry alone is larger: what catching up sends at a time. */
const FRAME_TARGET_BYTES = 256_000;

/** Bytes of frames that are kept for readers at the same cursor, one larger frame aside. */
const KEPT_BYTES = 2_000_000;

/** Reads frames out of a journal. Readers that stand at the same cursor share one, read and encoded once. */
export class Frames {
  readonly #view: StreamView;
  readonly #encode: Encoder;
  /** By the cursor they begin at, oldest first. */
  readonly #kept = new Map<number, Frame>();
  #keptBytes = 0;

  constructor(view: StreamView, encode: Encoder) {
    this.#view = view;
    this.#encode = encode;
  }

  /** The frame from sequence number `from` on, up to `to` at most; undefined when entries there are gone. */
  at(from: number, to: number): Frame | undefined {
    const kept = this.#kept.get(from);
    if (kept) return kept;
    if (from < this.#view.head()) return undefined;
    const read = this.#view.read(from, to, FRAME_TARGET_BYTES);
    if (read.segments.length === 0) return { bytes: new Uint8Array(), next: read.next };
    const { bytes, next = read.next } = this.#encode(read.segments, FRAME_TARGET_BYTES);
    const frame = { bytes, next };
    this.#keep(from, frame);
    return frame;
  }

  #keep(from: number, frame: Frame): void {
    this.#kept.set(from, frame);
    this.#keptBytes += frame.bytes.length;
    for (const [cursor, { bytes }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || cursor === from) return;
      this.#kept.delete(cursor);
      this.#keptBytes -= bytes.length;
    }
  }

  /** Forgets what is kept: nobody reads. */
  clear(): void {
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}
