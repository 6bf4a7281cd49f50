import type { Reading, Segment } from "../journal/journal.ts";
import { Recent } from "../journal/recent.ts";
import type { StreamView } from "../journal/journal-view.ts";

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
 * when all were taken; `rest` is what was not.
 */
export type Encoder<T> = (
  segments: readonly Segment[],
  maxBytes: number,
  readTo: number,
) => { body: T; size: number; next: number; rest: Segment[] };

/** Bytes of frames that are kept for readers at the same cursor, one larger frame aside. */
const KEPT_BYTES = 2_000_000;

/** Bytes that were read and did not fit into their frame, kept for the next: several readers' rows of a megabyte. */
const KEPT_REST_BYTES = 4_000_000;

/** Reads frames out of a journal. Readers that stand at the same cursor share one, read and encoded once. */
export class Frames<T> {
  readonly #view: StreamView;
  readonly #encode: Encoder<T>;
  readonly #targetBytes: number;
  /** Each by the cursor it begins at. */
  readonly #kept = new Recent<Frame<T>>(KEPT_BYTES);
  readonly #rests = new Recent<Reading>(KEPT_REST_BYTES);
  readonly #fetched = new Map<number, Promise<Frame<T> | undefined>>();

  /** `targetBytes` is the size of a frame, unless one entry alone is larger. */
  constructor(view: StreamView, encode: Encoder<T>, targetBytes: number) {
    this.#view = view;
    this.#encode = encode;
    this.#targetBytes = targetBytes;
  }

  /**
   * The frame from sequence number `from` on, up to `to` at most; undefined when entries there are gone. A promise is one
   * that has to be fetched from elsewhere.
   */
  at(from: number, to: number): Frame<T> | undefined | Promise<Frame<T> | undefined> {
    if (from < this.#view.head()) return undefined;
    const known = this.#kept.get(from) ?? this.#fetched.get(from);
    if (known) return known;
    const reading = this.#takeRest(from) ?? this.#view.read(from, to, this.#targetBytes);
    if (!(reading instanceof Promise)) return this.#make(from, reading);
    const fetched = this.#fetch(from, reading).finally(() => this.#fetched.delete(from));
    this.#fetched.set(from, fetched);
    return fetched;
  }

  async #fetch(from: number, reading: Promise<Reading>): Promise<Frame<T> | undefined> {
    try {
      return this.#make(from, await reading);
    } catch (error) {
      // What was there when it was asked for may be gone by now, and that is no failure.
      if (from < this.#view.head()) return undefined;
      throw error;
    }
  }

  #make(from: number, { segments, next: readTo }: Reading): Frame<T> {
    if (segments.length === 0) return { body: undefined, size: 0, next: readTo };
    const { rest, ...frame } = this.#encode(segments, this.#targetBytes, readTo);
    this.#kept.keep(from, frame, frame.size);
    if (rest.length > 0) {
      // A part of a row holds the whole of it.
      const buffers = new Set(rest.map(({ body }) => body.buffer));
      const bytes = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
      this.#rests.keep(frame.next, { segments: rest, next: readTo }, bytes);
    }
    return frame;
  }

  #takeRest(from: number): Reading | undefined {
    const rest = this.#rests.get(from);
    this.#rests.delete(from);
    return rest;
  }

  /** Forgets what is kept: nobody reads. */
  clear(): void {
    this.#kept.clear();
    this.#rests.clear();
  }
}
