import { ChunkReader } from "./chunks.ts";
import { ZipError } from "./zip-error.ts";
import { viewOf } from "./records.ts";
import type { ZipSource } from "./source.ts";

/** Bytes that can be held together: room for any small entry, or a local header of any length, at whatever boundary. */
const WINDOW_SIZE = 256 * 1024;
/** The most that `fill` may be asked for: half a window, so that filling it does not move bytes at every turn. */
export const MAX_FILL = WINDOW_SIZE / 2 + 2 * 0xffff;
/** Skipping more than this begins a new read: a request takes about as long as reading so much. */
const SKIP_BY_READ = 2 * 1024 * 1024;

/**
 * Reads a part of an archive from its first byte to its last, with one read of the source as long as nothing large is
 * skipped. What is buffered lies in `bytes` from `at` on, `buffered` bytes of it, and is consumed by moving `at` on.
 */
export class SequentialReader {
  readonly bytes = new Uint8Array(WINDOW_SIZE);
  readonly view = viewOf(this.bytes);
  at = 0;
  #bufferEnd = 0;
  #chunk: Uint8Array = new Uint8Array(0);
  #reader: ChunkReader | undefined;
  /** The next byte of the archive that the chunk does not hold, and the end of the part. */
  #fetched: number;
  readonly #end: number;
  readonly #source: ZipSource;

  constructor(source: ZipSource, begin: number, end: number) {
    this.#source = source;
    this.#fetched = begin;
    this.#end = end;
  }

  get buffered(): number {
    return this.#bufferEnd - this.at;
  }

  /** Where the next byte stands in the archive. */
  get position(): number {
    return this.#fetched - this.#chunk.byteLength - this.buffered;
  }

  /** Sees to it that at least `length` bytes are buffered, `MAX_FILL` at most; fewer only where the part ends. */
  async fill(length: number): Promise<void> {
    const wanted = Math.min(length, this.buffered + this.#end - (this.#fetched - this.#chunk.byteLength));
    if (wanted <= this.buffered) return;
    this.bytes.copyWithin(0, this.at, this.#bufferEnd);
    this.#bufferEnd = this.buffered;
    this.at = 0;
    while (this.buffered < wanted || (this.#chunk.byteLength > 0 && this.#bufferEnd < WINDOW_SIZE)) {
      if (this.#chunk.byteLength === 0) await this.#fetch();
      const piece = this.#chunk.subarray(0, WINDOW_SIZE - this.#bufferEnd);
      this.bytes.set(piece, this.#bufferEnd);
      this.#bufferEnd += piece.byteLength;
      this.#chunk = this.#chunk.subarray(piece.byteLength);
    }
  }

  /** Consumes the next piece, at most `length` bytes and at least one; it is whole until the next call of the reader. */
  async take(length: number): Promise<Uint8Array> {
    if (this.buffered > 0) {
      const piece = this.bytes.subarray(this.at, Math.min(this.#bufferEnd, this.at + length));
      this.at += piece.byteLength;
      return piece;
    }
    if (this.#chunk.byteLength === 0) await this.#fetch();
    const piece = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(piece.byteLength);
    return piece;
  }

  /** Goes on at `position`, which is not behind the part's end nor before the next byte. */
  async skipTo(position: number): Promise<void> {
    if (position - this.position > SKIP_BY_READ + this.buffered + this.#chunk.byteLength) {
      await this.close();
      this.#reader = undefined;
      this.#chunk = new Uint8Array(0);
      this.at = this.#bufferEnd;
      this.#fetched = position;
    }
    for (let left = position - this.position; left > 0; left = position - this.position) await this.take(left);
  }

  /** Lets go of the source; what was not read is not fetched. */
  async close(): Promise<void> {
    await this.#reader?.cancel();
  }

  async #fetch(): Promise<void> {
    this.#reader ??= new ChunkReader(await this.#source.read(this.#fetched, this.#end - this.#fetched));
    const chunk = await this.#reader.read();
    if (chunk === undefined || chunk.byteLength > this.#end - this.#fetched) {
      throw new ZipError("truncated", "the archive is not as long as it was");
    }
    this.#chunk = chunk;
    this.#fetched += chunk.byteLength;
  }
}
