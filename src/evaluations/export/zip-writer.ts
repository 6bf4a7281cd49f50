import { crc32, deflateRawSync } from "node:zlib";
import {
  dataDescriptor,
  directoryEntry,
  endOfDirectory,
  entryLength,
  localHeader,
  type WrittenEntry,
} from "./zip-records.ts";

/** A file of an archive. Text and bytes are small enough to be held; what is larger comes as a stream. */
export interface ZipFile {
  path: string;
  content: string | ReadableStream<Uint8Array>;
}

/** Bytes of one streamed file, before and after deflating: a data descriptor without Zip64 has four bytes for it. */
const MAX_STREAMED = 0xffff_ffff;

/** Texts of fewer bytes are stored as they are: beginning to deflate costs more than it saves. */
const STORED_BYTES = 4096;

/** Bytes of small pieces that go out as one. */
const PIECE_BYTES = 64 * 1024;

/** Bytes that wait until they are worth a piece of their own. */
class Pieces {
  #waiting: Uint8Array[] = [];
  #length = 0;

  add(...bytes: Uint8Array[]): void {
    for (const each of bytes) {
      this.#waiting.push(each);
      this.#length += each.length;
    }
  }

  get isFull(): boolean {
    return this.#length >= PIECE_BYTES;
  }

  take(): Uint8Array {
    const piece = new Uint8Array(this.#length);
    let offset = 0;
    for (const bytes of this.#waiting) {
      piece.set(bytes, offset);
      offset += bytes.length;
    }
    [this.#waiting, this.#length] = [[], 0];
    return piece;
  }
}

/**
 * Writes files into a zip as they come, deflated, in memory that holds some pieces and the directory: 100 bytes a file, about.
 * Any number of files, of which each is below 4 GiB.
 */
export async function* writeZip(files: AsyncIterable<ZipFile>): AsyncGenerator<Uint8Array> {
  const directory: Uint8Array[] = [];
  const pieces = new Pieces();
  const encoder = new TextEncoder();
  let offset = 0;
  for await (const { path, content } of files) {
    const name = encoder.encode(path);
    const entry =
      typeof content === "string"
        ? writeText(name, offset, content, pieces)
        : yield* writeStream(name, offset, content, pieces);
    if (pieces.isFull) yield pieces.take();
    directory.push(directoryEntry(entry));
    offset += entryLength(entry);
  }
  for (const entry of directory) {
    pieces.add(entry);
    if (pieces.isFull) yield pieces.take();
  }
  const length = directory.reduce((sum, entry) => sum + entry.length, 0);
  pieces.add(endOfDirectory(directory.length, offset, length));
  yield pieces.take();
}

function writeText(name: Uint8Array, offset: number, text: string, pieces: Pieces): WrittenEntry {
  const bytes = new TextEncoder().encode(text);
  const isSmall = bytes.length < STORED_BYTES;
  const data = isSmall ? bytes : deflateRawSync(bytes);
  const entry: WrittenEntry = {
    name,
    method: isSmall ? 0 : 8,
    crc: crc32(bytes),
    compressed: data.length,
    size: bytes.length,
    offset,
    streamed: false,
  };
  pieces.add(localHeader(entry), data);
  return entry;
}

async function* writeStream(
  name: Uint8Array,
  offset: number,
  content: ReadableStream<Uint8Array>,
  pieces: Pieces,
): AsyncGenerator<Uint8Array, WrittenEntry, void> {
  const entry: WrittenEntry = { name, method: 8, crc: 0, compressed: 0, size: 0, offset, streamed: true };
  pieces.add(localHeader(entry));
  const measured = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      entry.crc = crc32(chunk, entry.crc);
      entry.size += chunk.length;
      controller.enqueue(chunk);
    },
  });
  for await (const chunk of content.pipeThrough(measured).pipeThrough(new CompressionStream("deflate-raw"))) {
    entry.compressed += chunk.length;
    pieces.add(chunk);
    if (pieces.isFull) yield pieces.take();
  }
  if (Math.max(entry.size, entry.compressed) > MAX_STREAMED)
    throw new RangeError("A file of an export is above 4 GiB.");
  pieces.add(dataDescriptor(entry));
  return entry;
}
