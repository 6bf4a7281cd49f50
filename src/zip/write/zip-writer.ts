import { crc32 } from "node:zlib";
import { METHOD_DEFLATED, METHOD_STORED, SENTINEL_32 } from "../read/records.ts";
import { type Deflater, zlibDeflater } from "./deflater.ts";
import {
  emptyFacts,
  type EntryFacts,
  MODE_DIRECTORY,
  MODE_FILE,
  toDosTime,
  writeCentralHeader,
  writeDescriptor,
  writeEnd,
  writeLocalHeader,
} from "./zip-records.ts";

/** Files up to so many bytes are compressed whole, so that their header can tell everything. */
const WHOLE_MAX_BYTES = 256 * 1024;

/** Bytes of directory that are held in one piece. */
const SLAB_BYTES = 256 * 1024;

/** Deflate makes of what does not compress a little more. */
const longestDeflated = (size: number) => size + Math.ceil(size / 1000) + 1024;

type Chunks = AsyncIterable<Uint8Array>;

/** An entry that is to be written. */
export interface NewEntry {
  /** In UTF-8; a folder's ends with a slash. */
  readonly name: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/**
 * Writes a zip archive into `sink`, which is awaited: no faster than it takes the bytes. In memory are the directory and
 * one small file or some chunks of a large one. The same entries make the same bytes.
 */
export class ZipWriter {
  readonly #sink: (bytes: Uint8Array) => Promise<void>;
  readonly #deflater: Deflater;
  readonly #slabs: Uint8Array[] = [];
  /** Bytes used of the last slab. */
  #slabUsed = 0;
  #directorySize = 0;
  #offset = 0;
  #entries = 0;

  constructor(sink: (bytes: Uint8Array) => Promise<void>, deflater: Deflater = zlibDeflater) {
    this.#sink = sink;
    this.#deflater = deflater;
  }

  /** Bytes of the directory so far. */
  get directorySize(): number {
    return this.#directorySize;
  }

  async addDirectory({ name, mode, modified }: NewEntry): Promise<void> {
    const facts = emptyFacts(name, MODE_DIRECTORY | mode, toDosTime(modified));
    const begin = this.#offset;
    await this.#write(writeLocalHeader(facts));
    this.#note(facts, begin);
  }

  /** `data` has exactly `size` bytes. */
  async addFile({ name, mode, modified }: NewEntry, size: number, data: Chunks): Promise<void> {
    const base = emptyFacts(name, MODE_FILE | mode, toDosTime(modified));
    const begin = this.#offset;
    const facts =
      size <= WHOLE_MAX_BYTES ? await this.#addWhole(base, size, data) : await this.#addLarge(base, size, data);
    this.#note(facts, begin);
  }

  /** Writes the directory and what stands behind it. */
  async finish(): Promise<void> {
    const directoryOffset = this.#offset;
    for (const [index, slab] of this.#slabs.entries()) {
      await this.#write(index === this.#slabs.length - 1 ? slab.subarray(0, this.#slabUsed) : slab);
    }
    await this.#write(writeEnd(this.#entries, directoryOffset, this.#directorySize));
  }

  async #addWhole(base: EntryFacts, size: number, data: Chunks): Promise<EntryFacts> {
    const whole = new Uint8Array(size);
    let filled = 0;
    for await (const chunk of data) {
      whole.set(chunk, filled);
      filled += chunk.byteLength;
    }
    // Setting up a compressor takes longer than storing nothing.
    const deflated = size > 0 ? this.#deflater.whole(whole) : whole;
    const shorter = deflated.byteLength < size;
    const stored = shorter ? deflated : whole;
    const method = shorter ? METHOD_DEFLATED : METHOD_STORED;
    const facts = { ...base, method, crc: crc32(whole), compressedSize: stored.byteLength, size };
    await this.#write(writeLocalHeader(facts));
    await this.#write(stored);
    return facts;
  }

  async #addLarge(base: EntryFacts, size: number, data: Chunks): Promise<EntryFacts> {
    const wide = longestDeflated(size) >= SENTINEL_32;
    const announced = { ...base, method: METHOD_DEFLATED, later: true, wide };
    await this.#write(writeLocalHeader(announced));
    const begin = this.#offset;
    const crc = await this.#deflate(data);
    const facts = { ...announced, crc, compressedSize: this.#offset - begin, size };
    await this.#write(writeDescriptor(facts));
    return facts;
  }

  /** Writes what `data` deflates to; the answer is its checksum. */
  async #deflate(data: Chunks): Promise<number> {
    let crc = 0;
    const counted = async function* () {
      for await (const chunk of data) {
        crc = crc32(chunk, crc);
        yield chunk;
      }
    };
    for await (const piece of this.#deflater.pieces(counted())) await this.#write(piece);
    return crc;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.byteLength;
    await this.#sink(bytes);
  }

  #note(facts: EntryFacts, localOffset: number): void {
    const header = writeCentralHeader(facts, localOffset);
    this.#entries += 1;
    this.#directorySize += header.byteLength;
    for (let taken = 0; taken < header.byteLength;) {
      let slab = this.#slabs.at(-1);
      if (slab === undefined || this.#slabUsed === SLAB_BYTES) {
        slab = new Uint8Array(SLAB_BYTES);
        this.#slabs.push(slab);
        this.#slabUsed = 0;
      }
      const part = header.subarray(taken, taken + SLAB_BYTES - this.#slabUsed);
      slab.set(part, this.#slabUsed);
      this.#slabUsed += part.byteLength;
      taken += part.byteLength;
    }
  }
}
