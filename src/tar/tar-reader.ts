import type { ByteCursor } from "../zip/read/chunks.ts";
import { type PaxRecords, parsePaxRecords } from "./pax-records.ts";
import { TarError } from "./tar-error.ts";
import { BLOCK_SIZE, isZero, parseTarHeader, type TarHeader } from "./tar-header.ts";

/**
 * Reads a tar as it comes, one entry after the other, with memory that does not grow with it. It is our own because a
 * reader must know what it does not know: of those that run on Workers, modern-tar takes every type that it has not heard
 * of for a file (the old GNU format's files with holes come out with other bytes) and replaces what is not UTF-8 in
 * names, tar-stream and nanotar hold headers or files whole.
 */

/** Bytes of a pax header or a long name at most. */
const META_MAX_BYTES = 1024 * 1024;

const SLASH = 0x2f;

export type TarKind = "file" | "directory" | "symbolic-link" | "hard-link" | "special-file" | "sparse-file";

export interface TarEntry {
  /** As the tar spells it, in whatever encoding. */
  readonly name: Uint8Array;
  readonly kind: TarKind;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of data. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/** By typeflag. `7` is a contiguous file, which every reader takes for one like others. */
const KINDS: Readonly<Record<string, TarKind>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "hard-link",
  "2": "symbolic-link",
  "3": "special-file",
  "4": "special-file",
  "5": "directory",
  "6": "special-file",
  S: "sparse-file",
};

export class TarReader {
  readonly #cursor: ByteCursor;
  /** Bytes of the entry's data, and of what fills its last block, that have not been read. */
  #dataLeft = 0;
  #paddingLeft = 0;

  constructor(cursor: ByteCursor) {
    this.#cursor = cursor;
  }

  /**
   * The next entry; undefined at the end. What is left of the one before is skipped. Throws TarError for what is no tar,
   * breaks off, or has bytes behind its end that other readers would take for entries.
   */
  async next(): Promise<TarEntry | undefined> {
    for await (const _ of this.data());
    await this.#take(this.#paddingLeft);
    this.#paddingLeft = 0;
    let records: PaxRecords = {};
    for (;;) {
      const header = await this.#readHeader();
      if (header === undefined) return undefined;
      if (header.type === "x") records = { ...records, ...parsePaxRecords(await this.#readMeta(header)) };
      else if (header.type === "L") records.path = withoutNul(await this.#readMeta(header));
      else if (header.type === "K") await this.#readMeta(header);
      else if (header.type === "g") expectHarmless(parsePaxRecords(await this.#readMeta(header)));
      else return this.#open(header, records);
    }
  }

  /** The data of the entry at hand, or what is left of it. */
  async *data(): AsyncGenerator<Uint8Array, void, void> {
    while (this.#dataLeft > 0) {
      const chunk = await this.#cursor.next(this.#dataLeft);
      if (chunk === undefined) throw truncated();
      this.#dataLeft -= chunk.byteLength;
      yield chunk;
    }
  }

  #open(header: TarHeader, { path, size = header.size, modified = header.modified, isSparse }: PaxRecords): TarEntry {
    const known = KINDS[header.type];
    if (known === undefined) {
      const type = JSON.stringify(header.type);
      throw new TarError(
        "tar-type-unsupported",
        `an entry has the type ${type}, which readers take for different things`,
      );
    }
    const name = path ?? header.name;
    // The old format has no type for folders.
    const isFolder = known === "file" && name.at(-1) === SLASH;
    const kind = isFolder ? "directory" : isSparse === true ? "sparse-file" : known;
    if (size > 0 && kind !== "file" && kind !== "sparse-file") {
      throw new TarError(
        "tar-size-misplaced",
        "an entry that is no file has a size: readers go on at different places",
      );
    }
    this.#dataLeft = size;
    this.#paddingLeft = padding(size);
    return { name, kind, mode: header.mode, size, modified };
  }

  /** Undefined at the end of the tar, behind which are zeros alone. */
  async #readHeader(): Promise<TarHeader | undefined> {
    const first = await this.#cursor.next(BLOCK_SIZE);
    if (first === undefined) return undefined;
    const block = new Uint8Array(BLOCK_SIZE);
    block.set(first);
    block.set(await this.#take(BLOCK_SIZE - first.byteLength), first.byteLength);
    if (!isZero(block)) return parseTarHeader(block);
    for (let rest = await this.#cursor.next(Infinity); rest; rest = await this.#cursor.next(Infinity)) {
      if (!isZero(rest)) throw new TarError("data-after-end", "bytes follow the end of the tar. Pack it as one");
    }
    return undefined;
  }

  async #readMeta({ size }: TarHeader): Promise<Uint8Array> {
    if (size > META_MAX_BYTES)
      throw new TarError("tar-header-too-large", `a header has more than ${META_MAX_BYTES} bytes`);
    const data = await this.#take(size + padding(size));
    return data.subarray(0, size);
  }

  /** Exactly `length` bytes, in memory of their own. */
  async #take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const part = await this.#cursor.next(length - filled);
      if (part === undefined) throw truncated();
      bytes.set(part, filled);
      filled += part.byteLength;
    }
    return bytes;
  }
}

/** A global header applies to all that follows: one that would rename or resize entries is read in different ways. */
function expectHarmless({ path, size, isSparse }: PaxRecords): void {
  if (path === undefined && size === undefined && isSparse === undefined) return;
  throw new TarError("bad-pax-header", "a global pax header renames or resizes entries");
}

function withoutNul(name: Uint8Array): Uint8Array {
  const end = name.indexOf(0);
  return end === -1 ? name : name.subarray(0, end);
}

function padding(size: number): number {
  return (BLOCK_SIZE - (size % BLOCK_SIZE)) % BLOCK_SIZE;
}

function truncated(): TarError {
  return new TarError("truncated", "the tar breaks off");
}
