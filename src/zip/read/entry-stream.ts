import { crc32 } from "node:zlib";
import { ByteCursor, streamOf } from "./chunks.ts";
import type { ZipEntry } from "./entry.ts";
import { matchesBytes } from "./entry-name.ts";
import { ZipError } from "./zip-error.ts";
import { inflate } from "./inflate.ts";
import {
  FLAG_ENCRYPTED,
  LOCAL_SIGNATURE,
  LOCAL_SIZE,
  METHOD_DEFLATED,
  METHOD_STORED,
  parseLocalHeader,
  viewOf,
} from "./records.ts";
import type { ZipSource } from "./source.ts";

/**
 * Bytes of local extra field that one read allows for. Info-ZIP writes 28, zip64 20; only alignment padding is longer,
 * and then the rest of the data takes a second read.
 */
const LOCAL_EXTRA_SLACK = 512;

/** Stored bytes that are read only to be skipped before a range is rather read by a request of its own. */
const SKIP_LIMIT = 65_536;

type Chunks = AsyncGenerator<Uint8Array, void, void>;

/** A part of an entry's uncompressed bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The entry's uncompressed bytes as a stream, or a part of them. The local header is read, together with the data, and
 * checked before this resolves; size and CRC are checked as the whole entry streams, the size alone for a part. One read
 * of the source; a second one for a local extra field longer than the slack, or a range deep inside a stored entry.
 * Refuses, or fails the stream, with ZipError.
 */
export async function openEntry(
  source: ZipSource,
  entry: ZipEntry,
  range: ByteRange = { offset: 0, length: entry.size },
): Promise<ReadableStream<Uint8Array>> {
  expectReadable(entry);
  if (range.offset < 0 || range.length < 0 || range.offset + range.length > entry.size) {
    throw new RangeError(`range ${range.offset}+${range.length} lies outside ${entry.size} bytes`);
  }
  const whole = range.length === entry.size;
  if (entry.method === METHOD_STORED) {
    const data = await openData(source, entry, range.offset, range.length);
    return streamOf(whole ? verify(data, entry) : data);
  }
  const inflated = inflate(await openData(source, entry, 0, entry.compressedSize), entry.name);
  return streamOf(whole ? verify(inflated, entry) : slice(inflated, entry, range));
}

function expectReadable(entry: ZipEntry): void {
  if ((entry.flags & FLAG_ENCRYPTED) !== 0) throw new ZipError("encrypted", "the entry is encrypted", entry.name);
  if (entry.method !== METHOD_STORED && entry.method !== METHOD_DEFLATED) {
    throw new ZipError("method-unsupported", `compression method ${entry.method} is not supported`, entry.name);
  }
  if (entry.method === METHOD_STORED && entry.size !== entry.compressedSize) {
    throw new ZipError("size-mismatch", "the entry is stored, but its two sizes differ", entry.name);
  }
}

/** What is known of an entry's data when its first read has been opened and the local header checked. */
interface OpenedData {
  /** Stands behind the local header's name. */
  readonly cursor: ByteCursor;
  /** Where the cursor stands in the archive, and where the read behind it ends. */
  readonly at: number;
  readonly readEnd: number;
  /** Where the entry's data begins. */
  readonly dataOffset: number;
}

/** The data's bytes `offset` to `offset + length`, as they are stored. */
async function openData(source: ZipSource, entry: ZipEntry, offset: number, length: number): Promise<Chunks> {
  const opened = await openLocalHeader(source, entry, offset <= SKIP_LIMIT ? offset + length : 0);
  const from = opened.dataOffset + offset;
  if (from + length > source.length) {
    await opened.cursor.cancel();
    throw outside(entry);
  }
  return readData(source, opened, from, from + length);
}

async function openLocalHeader(source: ZipSource, entry: ZipEntry, dataSize: number): Promise<OpenedData> {
  const headSize = LOCAL_SIZE + entry.nameBytes.byteLength;
  const readSize = Math.min(headSize + LOCAL_EXTRA_SLACK + dataSize, source.length - entry.localOffset);
  if (readSize < headSize) throw outside(entry);
  const cursor = new ByteCursor(await source.read(entry.localOffset, readSize));
  try {
    const extraLength = checkLocalHeader(await cursor.take(headSize), entry);
    const at = entry.localOffset + headSize;
    return { cursor, at, readEnd: entry.localOffset + readSize, dataOffset: at + extraLength };
  } catch (error) {
    await cursor.cancel();
    throw error;
  }
}

/** Answers the length of the extra fields. */
function checkLocalHeader(head: Uint8Array, entry: ZipEntry): number {
  const view = viewOf(head);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw new ZipError("local-header-missing", "no local header where the directory says", entry.name);
  }
  const { nameLength, extraLength } = parseLocalHeader(view, 0);
  if (nameLength !== entry.nameBytes.byteLength || !matchesBytes(head, LOCAL_SIZE, entry.nameBytes)) {
    throw new ZipError("local-name-differs", "the local header has another name", entry.name);
  }
  return extraLength;
}

/** Bytes `from` to `end` of the archive: what the opened read brings, and the rest by a second one. */
async function* readData(source: ZipSource, opened: OpenedData, from: number, end: number): Chunks {
  const { readEnd, cursor } = opened;
  try {
    if (from < readEnd) yield* readPart(cursor, opened.at, from, Math.min(end, readEnd));
  } finally {
    await cursor.cancel();
  }
  const restFrom = Math.max(from, readEnd);
  if (restFrom >= end) return;
  const rest = new ByteCursor(await source.read(restFrom, end - restFrom));
  try {
    yield* readPart(rest, restFrom, restFrom, end);
  } finally {
    await rest.cancel();
  }
}

/** Bytes `from` to `end` of the archive, off a cursor that stands at `at`. */
async function* readPart(cursor: ByteCursor, at: number, from: number, end: number): Chunks {
  while (at < end) {
    const chunk = await cursor.next((at < from ? from : end) - at);
    if (chunk === undefined) throw new ZipError("truncated", "the archive is shorter than its length");
    if (at >= from) yield chunk;
    at += chunk.byteLength;
  }
}

/** Passes a whole entry on; fails as soon as it is longer than declared, or at its end when size or CRC differ. */
async function* verify(chunks: Chunks, entry: ZipEntry): Chunks {
  let size = 0;
  let crc = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > entry.size) throw sizeMismatch(entry);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (size !== entry.size) throw sizeMismatch(entry);
  if (crc !== entry.crc) throw new ZipError("crc-mismatch", "the data has another CRC than declared", entry.name);
}

async function* slice(chunks: Chunks, entry: ZipEntry, { offset, length }: ByteRange): Chunks {
  let skip = offset;
  let left = length;
  for await (const chunk of chunks) {
    const part = chunk.subarray(skip, skip + left);
    skip = Math.max(0, skip - chunk.byteLength);
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
    if (left === 0) return;
  }
  throw sizeMismatch(entry);
}

function sizeMismatch(entry: ZipEntry): ZipError {
  return new ZipError("size-mismatch", `the data is not the ${entry.size} bytes it says`, entry.name);
}

function outside(entry: ZipEntry): ZipError {
  return new ZipError("entry-outside", "the entry's data lies outside the archive", entry.name);
}
