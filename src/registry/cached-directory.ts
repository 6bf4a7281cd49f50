import { logBackgroundFailure } from "../http/request-log.ts";
import { ChunkReader } from "../zip/chunks.ts";
import type { ZipSource } from "../zip/source.ts";
import type { ArchiveColumns } from "./store.ts";

/** A cache of its own: what lies in it is never served by URL. */
const CACHE_NAME = "archive-directories";
/** Cached under the archive's digest, a directory can never be out of date. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";

type Directory = Pick<ArchiveColumns, "sha256" | "directoryOffset" | "directorySize">;

/** Lets work go on after the answer, as ExecutionContext.waitUntil does. */
type Background = (work: Promise<unknown>) => void;

/**
 * The archive with its central directory out of the Cache API, once anyone has read all of it: listings and look-ups of
 * files then cost no read of R2 for it. A directory is streamed in either direction, whatever its size; the cache takes
 * each chunk before the reader gets it, so a slow cache slows the reader instead of filling memory.
 */
export function withCachedDirectory(source: ZipSource, directory: Directory, background: Background): ZipSource {
  const { directoryOffset, directorySize } = directory;
  return {
    length: source.length,
    read: async (offset, length) => {
      const at = offset - directoryOffset;
      if (length === 0 || at < 0 || at + length > directorySize) return source.read(offset, length);
      const whole = length === directorySize;
      const cache = await caches.open(CACHE_NAME);
      const range = whole ? undefined : { at, length };
      const cached = await readCached(cache, directory, range);
      if (cached !== undefined) return cached;
      const read = await source.read(offset, length);
      return whole ? storeWhileRead(cache, directory, read, background) : read;
    },
  };
}

async function readCached(
  cache: Cache,
  directory: Directory,
  range: { at: number; length: number } | undefined,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const headers = range && { Range: `bytes=${range.at}-${range.at + range.length - 1}` };
  const response = await cache.match(new Request(cacheKey(directory), headers && { headers }));
  if (!response?.body) return undefined;
  if (response.status === (range ? 206 : 200)) return response.body;
  await response.body.cancel();
  return undefined;
}

/**
 * Hands the directory on and stores it. A reader that stops early does not stop the storing; a source that fails does,
 * and the fixed length makes sure that nothing incomplete is kept.
 */
function storeWhileRead(
  cache: Cache,
  directory: Directory,
  source: ReadableStream<Uint8Array>,
  background: Background,
): ReadableStream<Uint8Array> {
  const reader = new ChunkReader(source);
  const copy = new CacheCopy(cache, directory, background);
  const next = async (): Promise<Uint8Array | undefined> => {
    const chunk = await reader.read();
    await (chunk === undefined ? copy.close() : copy.write(chunk));
    return chunk;
  };
  const finish = async () => {
    while (!copy.failed && (await next()) !== undefined);
    await reader.cancel();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        } catch (error) {
          await copy.abort(error);
          throw error;
        }
      },
      cancel() {
        background(finish().catch((error: unknown) => copy.abort(error)));
      },
    },
    { highWaterMark: 0 },
  );
}

/** The copy that goes into the cache. When it fails that is logged, and readers get their bytes all the same. */
class CacheCopy {
  failed = false;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(cache: Cache, directory: Directory, background: Background) {
    const { readable, writable } = new FixedLengthStream(directory.directorySize);
    this.#writer = writable.getWriter();
    const headers = { "Cache-Control": CACHE_CONTROL, "Content-Length": String(directory.directorySize) };
    background(this.#attempt(cache.put(cacheKey(directory), new Response(readable, { headers }))));
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (!this.failed) await this.#attempt(this.#writer.write(chunk));
  }

  async close(): Promise<void> {
    if (!this.failed) await this.#attempt(this.#writer.close());
  }

  async abort(reason: unknown): Promise<void> {
    if (!this.failed) await this.#attempt(this.#writer.abort(reason));
  }

  async #attempt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!this.failed) logBackgroundFailure("cacheDirectory", error);
      this.failed = true;
    }
  }
}

function cacheKey({ sha256 }: Directory): string {
  return `https://archives.taskyard.invalid/${sha256}/directory`;
}
