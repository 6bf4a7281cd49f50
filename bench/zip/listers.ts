import { Readable } from "node:stream";
import { callbackify } from "node:util";
import { Reader, ZipReader } from "@zip.js/zip.js";
import { unzipSync } from "fflate";
import { unzip } from "unzipit";
import * as yauzl from "yauzl";
import { checkDirectory } from "../../src/zip/check/check-directory.ts";
import { DEFAULT_CHECK_LIMITS } from "../../src/zip/check/check-limits.ts";
import { listEntries } from "../../src/zip/read/listing.ts";
import type { KnownDirectory } from "../../src/zip/read/locate.ts";
import type { CountingFile } from "./file-source.ts";

/** Lists an archive as JSON text, handing its bytes to `write` as they come. */
export type Lister = (file: CountingFile, write: (bytes: Uint8Array) => void) => Promise<void>;

interface Row {
  filename: string;
  file_size: number;
  compress_size: number;
}

export const OURS = "ours";
export const OURS_CHECKED = "ours, structure checked";

export const listers: Record<string, Lister> = {
  [OURS]: (file, write) => drain(file, undefined, write),
  [OURS_CHECKED]: async (file, write) => {
    const verdict = await checkDirectory(file, DEFAULT_CHECK_LIMITS);
    if (!verdict.ok) throw new Error(JSON.stringify(verdict.problems));
    const { place, bytes } = verdict.directory;
    await drain(file, { ...place, tail: bytes, tailOffset: place.offset }, write);
  },
  unzipit: async (file, write) => {
    const { entries } = await unzip(unzipitReader(file));
    write(encodeRows(Object.values(entries).map((entry) => row(entry.name, entry.size, entry.compressedSize))));
  },
  fflate: async (file, write) => {
    const rows: Row[] = [];
    unzipSync(await file.readRange(0, file.length), {
      filter: ({ name, originalSize, size }) => {
        rows.push(row(name, originalSize, size));
        return false;
      },
    });
    write(encodeRows(rows));
  },
  "zip.js": async (file, write) => {
    const entries = await new ZipReader(new ZipJsReader(file), { useWebWorkers: false }).getEntries();
    write(encodeRows(entries.map((entry) => row(entry.filename, entry.uncompressedSize, entry.compressedSize))));
  },
  yauzl: async (file, write) => {
    const rows: Row[] = [];
    for await (const entry of (await openYauzl(file)).eachEntry()) {
      rows.push(row(entry.fileName, entry.uncompressedSize, entry.compressedSize));
    }
    write(encodeRows(rows));
  },
};

export function unzipitReader(file: CountingFile) {
  return {
    getLength: () => Promise.resolve(file.length),
    read: (offset: number, length: number) => file.readRange(offset, length),
  };
}

export class ZipJsReader extends Reader<CountingFile> {
  readonly #file: CountingFile;

  constructor(file: CountingFile) {
    super(file);
    this.#file = file;
    this.size = file.length;
  }

  override readUint8Array(index: number, length: number): Promise<Uint8Array> {
    return this.#file.readRange(index, Math.min(length, this.#file.length - index));
  }
}

export function openYauzl(file: CountingFile): Promise<yauzl.ZipFile> {
  return yauzl.fromRandomAccessReaderPromise(new YauzlReader(file), file.length, {
    lazyEntries: true,
    autoClose: false,
  });
}

class YauzlReader extends yauzl.RandomAccessReader {
  readonly #file: CountingFile;

  constructor(file: CountingFile) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from([this.#file.readRange(start, end - start)]);
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const fill = async (): Promise<void> => buffer.set(await this.#file.readRange(position, length), offset);
    callbackify(fill)(callback);
  }
}

async function drain(
  file: CountingFile,
  known: KnownDirectory | undefined,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  for await (const chunk of listEntries(file, known)) write(chunk);
}

function row(filename: string, file_size: number, compress_size: number): Row {
  return { filename, file_size, compress_size };
}

function encodeRows(rows: Row[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(rows));
}
