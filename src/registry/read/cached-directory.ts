import { logBackgroundFailure } from "../../http/request-log.ts";
import { ByteCursor, streamOf } from "../../zip/read/chunks.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import type { ArchiveColumns } from "./published-store.ts";
import { findRecentBlock, keepRecentBlock } from "./recent-blocks.ts";

/** A cache of its own: what lies in it is never served by URL. */
const CACHE_NAME = "archive-directories";
/** Cached under the archive's digest, a directory can never be out of date. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";
/**
 * Bytes of directory under one cache key, and held in memory at once: the directory of some 25,000 files. The largest
 * directories come to 32 blocks, which stays below the 50 subrequests that the smallest plan allows a request.
 */
export const BLOCK_BYTES = 2 * 1024 * 1024;

type Directory = Pick<ArchiveColumns, "sha256" | "directoryOffset" | "directorySize">;

/** Lets work go on after the answer, as ExecutionContext.waitUntil does. */
type Background = (work: Promise<unknown>) => void;

/**
 * The archive with its central directory out of the Cache API, block by block, where anyone has read it before: then
 * listings and look-ups of files cost no read of R2 for it. A block is stored only once all of it is there, so a reader
 * that goes away or a store that fails leaves nothing broken behind.
 */
export function withCachedDirectory(source: ZipSource, directory: Directory, background: Background): ZipSource {
  const { directoryOffset, directorySize } = directory;
  const isDirectory = (from: number, length: number) => from >= 0 && length > 0 && from + length <= directorySize;
  return {
    length: source.length,
    read: (offset, length) => {
      const from = offset - directoryOffset;
      if (!isDirectory(from, length)) return source.read(offset, length);
      return begin(readBlocks(source, directory, { from, to: from + length }, background));
    },
    held: (offset, length) => {
      const from = offset - directoryOffset;
      // What an isolate keeps is smaller than a block, so it is the first.
      const isOfFirstBlock = isDirectory(from, length) && directorySize <= BLOCK_BYTES;
      return isOfFirstBlock ? heldBlock(keyOf(directory, 0), directorySize)?.subarray(from, from + length) : undefined;
    },
  };
}

function keyOf({ sha256 }: Directory, block: number): string {
  return `https://archives.taskyard.invalid/${sha256}/directory/${block}`;
}

/** The block where this isolate has all of it. */
function heldBlock(key: string, size: number): Uint8Array | undefined {
  const recent = findRecentBlock(key);
  return recent?.byteLength === size ? recent : undefined;
}

/** A stream whose first chunk is there already, so that a source that cannot be read fails the read and not the stream. */
async function begin(chunks: AsyncGenerator<Uint8Array, void, void>): Promise<ReadableStream<Uint8Array>> {
  const first = await chunks.next();
  return streamOf(
    (async function* () {
      if (first.done !== true) yield first.value;
      yield* chunks;
    })(),
  );
}

/** The directory's bytes `from` to `to`. What the cache lacks comes from the source, by one read from there on. */
async function* readBlocks(
  source: ZipSource,
  directory: Directory,
  { from, to }: { from: number; to: number },
  background: Background,
): AsyncGenerator<Uint8Array, void, void> {
  const { directoryOffset, directorySize } = directory;
  let missing: ByteCursor | undefined;
  let storing: Promise<void> | undefined;
  try {
    for (let at = from - (from % BLOCK_BYTES); at < to; at += BLOCK_BYTES) {
      const key = keyOf(directory, at / BLOCK_BYTES);
      const size = Math.min(BLOCK_BYTES, directorySize - at);
      let block = missing === undefined ? await readCached(key, size) : undefined;
      if (block === undefined) {
        missing ??= new ByteCursor(await source.read(directoryOffset + at, directorySize - at));
        block = await missing.take(size);
        // One block on its way into the cache at a time: a slow cache slows the reader, it does not fill memory.
        await storing;
        storing = store(key, block);
        background(storing);
      }
      yield block.subarray(Math.max(0, from - at), Math.min(size, to - at));
    }
  } finally {
    await missing?.cancel();
  }
}

/** Undefined when neither this isolate nor the cache has all of the block. */
async function readCached(key: string, size: number): Promise<Uint8Array | undefined> {
  const held = heldBlock(key, size);
  if (held) return held;
  const cache = await caches.open(CACHE_NAME);
  const cached = await cache.match(key);
  const bytes = await cached?.bytes();
  if (bytes?.byteLength !== size) return undefined;
  keepRecentBlock(key, bytes);
  return bytes;
}

/** Stores a block. A failure is logged, and readers get their bytes all the same. */
async function store(key: string, block: Uint8Array): Promise<void> {
  keepRecentBlock(key, block);
  try {
    const cache = await caches.open(CACHE_NAME);
    await cache.put(key, new Response(block, { headers: { "Cache-Control": CACHE_CONTROL } }));
  } catch (error) {
    logBackgroundFailure("cacheDirectory", error);
  }
}
