import { crc32 } from "node:zlib";
import { BlobWriter, Uint8ArrayReader, ZipWriter, type ZipWriterAddDataOptions } from "@zip.js/zip.js";
import { type Zippable, zipSync } from "fflate";
import type { ZipSource } from "../../../src/zip/read/source.ts";

/** What a listing says of one entry. */
export interface Row {
  filename: string;
  file_size: number;
  compress_size: number;
}

export function parseRows(json: string): Row[] {
  const rows: Row[] = JSON.parse(json);
  return rows;
}

/** A source over bytes that counts what is asked of it and hands it out in chunks of the sizes given, in turn. */
export class CountingSource implements ZipSource {
  reads = 0;
  bytes = 0;
  readonly #archive: Uint8Array;
  readonly #chunkSizes: readonly number[];

  constructor(archive: Uint8Array, chunkSizes: readonly number[] = [65_536]) {
    this.#archive = archive;
    this.#chunkSizes = chunkSizes;
  }

  get length(): number {
    return this.#archive.byteLength;
  }

  read(offset: number, length: number): Promise<ReadableStream<Uint8Array>> {
    if (!(offset >= 0 && length > 0 && offset + length <= this.length)) {
      throw new Error(`read ${offset}+${length} of ${this.length}`);
    }
    this.reads += 1;
    let at = offset;
    let turn = 0;
    return Promise.resolve(
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          const size = this.#chunkSizes[turn % this.#chunkSizes.length] ?? 1;
          const chunk = this.#archive.slice(at, Math.min(at + size, offset + length));
          turn += 1;
          at += chunk.byteLength;
          this.bytes += chunk.byteLength;
          if (chunk.byteLength > 0) controller.enqueue(chunk);
          else controller.close();
        },
      }),
    );
  }
}

/** Bytes that deflate shortens but not to nothing. */
export function sampleText(size: number): Uint8Array {
  const text = Array.from({ length: size / 8 + 1 }, (_, line) => `${(line * 7919) % 9973} line\n`).join("");
  return new TextEncoder().encode(text).subarray(0, size);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** `count` entries with names of a task set, some stored and some deflated. */
export function manyEntries(count: number): Uint8Array {
  const files: Zippable = {};
  for (let index = 0; index < count; index += 1) {
    const name = `dataset-v1/task-${String(index).padStart(6, "0")}/task.yaml`;
    files[name] = [sampleText(index % 40), { level: index % 3 === 0 ? 6 : 0 }];
  }
  return zipSync(files);
}

export interface WrittenFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly options?: ZipWriterAddDataOptions;
}

/** Writes with zip.js, which can do zip64, data descriptors and comments. */
export async function writeWithZipJs(
  files: readonly WrittenFile[],
  options: { zip64?: boolean; comment?: string } = {},
): Promise<Uint8Array> {
  const writer = new ZipWriter(new BlobWriter(), {
    useWebWorkers: false,
    ...(options.zip64 === true && { zip64: true }),
  });
  for (const { name, data, options } of files) {
    const directory = name.endsWith("/");
    await writer.add(name, directory ? undefined : new Uint8ArrayReader(data), { directory, ...options });
  }
  const blob = await writer.close(
    options.comment === undefined ? undefined : new TextEncoder().encode(options.comment),
  );
  return new Uint8Array(await blob.arrayBuffer());
}

/** One stored entry, byte by byte: for names and extra fields that the libraries do not write. */
export function writeStored(
  files: readonly { name: Uint8Array; data: Uint8Array; flags?: number; localExtra?: Uint8Array }[],
): Uint8Array {
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data, flags = 0, localExtra = new Uint8Array(0) } of files) {
    const common = concat(
      ...[20, flags, 0, 0, 0].map(u16),
      ...[crc32(data), data.byteLength, data.byteLength].map(u32),
      u16(name.byteLength),
    );
    const local = concat(u32(0x04034b50), common, u16(localExtra.byteLength), name, localExtra, data);
    centrals.push(concat(u32(0x02014b50), u16(20), common, u16(0), u16(0), u16(0), u16(0), u32(0), u32(offset), name));
    locals.push(local);
    offset += local.byteLength;
  }
  const directory = concat(...centrals);
  const counts = [u16(0), u16(0), u16(files.length), u16(files.length)];
  return concat(...locals, directory, u32(0x06054b50), ...counts, u32(directory.byteLength), u32(offset), u16(0));
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8);
}

export function u32(value: number): Uint8Array {
  return concat(u16(value & 0xffff), u16(value >>> 16));
}
