import { ChunkReader } from "./chunks.ts";
import { ZipError } from "./zip-error.ts";
import { type DirectoryPlace, directoryInTail, type KnownDirectory, locateDirectory } from "./locate.ts";
import { CENTRAL_MAX_SIZE, CENTRAL_SIZE, centralHeaderEnd, viewOf } from "./records.ts";
import type { ZipSource } from "./source.ts";

/** Bytes of directory that are in memory at once, unless one header is longer: some 700 headers. */
const WINDOW_SIZE = 65_536;

/**
 * Called for each whole central header, which fills `at` to `end` of the window. Synchronous and small on purpose: the
 * engine optimises such leaves, not the loop of an async function. `false` stops the walk after this header.
 */
export type HeaderVisitor = (bytes: Uint8Array, view: DataView, at: number, end: number) => boolean;

/**
 * Walks a central directory in windows of bounded size, whatever chunks it arrives in:
 * `while (await walker.fill()) walker.walk(visit);`. The headers must fill the directory exactly and be as many as the
 * end record says, else the last `fill` throws ZipError. `close` whatever the outcome.
 */
export class DirectoryWalker {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  #end = 0;
  #chunk: Uint8Array;
  #chunkAt = 0;
  /** Bytes of the directory that no chunk has brought yet. */
  #missing: number;
  #stopped = false;
  #headers = 0;
  #base: number;
  readonly #reader: ChunkReader | undefined;
  /** Headers that must come; unknown when the walk began inside the directory. */
  readonly #expected: number | undefined;

  constructor(place: DirectoryPlace, from: number, input: Uint8Array | ReadableStream<Uint8Array>) {
    const size = place.size - from;
    this.#base = from;
    this.#expected = from === 0 ? place.entries : undefined;
    this.#missing = size;
    if (input instanceof Uint8Array) {
      this.#chunk = input;
      this.#reader = undefined;
    } else {
      this.#chunk = new Uint8Array(0);
      this.#reader = new ChunkReader(input);
    }
    this.#bytes = new Uint8Array(Math.min(size, WINDOW_SIZE));
    this.#view = viewOf(this.#bytes);
  }

  /** Where the window begins in the directory, in bytes. */
  get base(): number {
    return this.#base;
  }

  /** Brings the next window; false when the directory has been walked to its end or the visitor has stopped. */
  async fill(): Promise<boolean> {
    if (this.#stopped) return false;
    if (this.#at === this.#end && this.#missing === 0) {
      this.#expectCount(this.#headers === (this.#expected ?? this.#headers));
      return false;
    }
    this.#compact();
    const before = this.#end;
    while (this.#end < this.#bytes.byteLength && this.#missing > 0) await this.#append();
    if (this.#end === before) throw new ZipError("directory-cut", "the directory ends inside a header");
    return true;
  }

  /** Hands every whole header of the window to the visitor. */
  walk(visit: HeaderVisitor): void {
    const { at, headers, stopped } = walkHeaders(this.#bytes, this.#view, this.#at, this.#end, visit);
    this.#at = at;
    this.#headers += headers;
    this.#stopped = stopped;
    this.#expectCount(this.#headers <= (this.#expected ?? this.#headers));
  }

  /** Lets go of the source; what was not read is not fetched. */
  async close(): Promise<void> {
    await this.#reader?.cancel();
  }

  /** Moves what is left to the front, into a window that holds any header when this one does not fit. */
  #compact(): void {
    const left = this.#end - this.#at;
    if (this.#at === 0 && left === this.#bytes.byteLength && left > 0) {
      const larger = new Uint8Array(Math.min(CENTRAL_MAX_SIZE, left + this.#missing));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = viewOf(larger);
    } else {
      this.#bytes.copyWithin(0, this.#at, this.#end);
    }
    this.#base += this.#at;
    this.#at = 0;
    this.#end = left;
  }

  async #append(): Promise<void> {
    if (this.#chunkAt === this.#chunk.byteLength) {
      const next = await this.#reader?.read();
      if (next === undefined) throw new ZipError("truncated", "the archive ends inside the directory");
      this.#chunk = next;
      this.#chunkAt = 0;
    }
    const length = Math.min(this.#chunk.byteLength - this.#chunkAt, this.#bytes.byteLength - this.#end, this.#missing);
    this.#bytes.set(this.#chunk.subarray(this.#chunkAt, this.#chunkAt + length), this.#end);
    this.#chunkAt += length;
    this.#end += length;
    this.#missing -= length;
  }

  #expectCount(agrees: boolean): void {
    if (!agrees) throw new ZipError("count-disagrees", "the directory holds another number of entries than it says");
  }
}

/**
 * Opens the directory for walking, `from` bytes after its beginning. One read when the place is known, two when it has
 * to be located first, one when the directory came along with the tail.
 */
export async function openDirectory(
  source: ZipSource,
  known: KnownDirectory | undefined,
  from = 0,
): Promise<DirectoryWalker> {
  const place: KnownDirectory = known ?? (await locateDirectory(source));
  if (place.offset + place.size > source.length) {
    throw new ZipError("directory-misplaced", "the directory lies outside the archive");
  }
  if (from > place.size) throw new ZipError("bad-start", "the start lies behind the directory");
  const bytes = directoryInTail(place);
  const size = place.size - from;
  if (bytes !== undefined || size === 0) {
    return new DirectoryWalker(place, from, bytes?.subarray(from) ?? new Uint8Array(0));
  }
  const offset = place.offset + from;
  return new DirectoryWalker(place, from, source.held?.(offset, size) ?? (await source.read(offset, size)));
}

/** Visits the whole headers between `at` and `limit`; answers where the first one that is not whole begins. */
export function walkHeaders(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  limit: number,
  visit: HeaderVisitor,
): { at: number; headers: number; stopped: boolean } {
  let headers = 0;
  let stopped = false;
  while (!stopped && limit - at >= CENTRAL_SIZE) {
    const end = centralHeaderEnd(view, at);
    if (end > limit) break;
    stopped = !visit(bytes, view, at, end);
    at = end;
    headers += 1;
  }
  return { at, headers, stopped };
}
