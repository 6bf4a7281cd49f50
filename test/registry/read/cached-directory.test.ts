import { Buffer } from "node:buffer";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect, test } from "vitest";
import { BLOCK_BYTES, withCachedDirectory } from "../../../src/registry/read/cached-directory.ts";
import { findRecentBlock, keepRecentBlock, RECENT_BLOCK_MAX_BYTES } from "../../../src/registry/read/recent-blocks.ts";
import type { ZipSource } from "../../../src/zip/read/source.ts";

const OFFSET = 1000;
const CHUNK_BYTES = 50_000;
const CHUNKS_A_BLOCK = Math.ceil(BLOCK_BYTES / CHUNK_BYTES);
const directorySize = 3 * BLOCK_BYTES + 12_345;

/** An archive whose directory lies behind 1000 bytes of data; counts reads and the chunks that were pulled. */
class CountingSource implements ZipSource {
  readonly length = OFFSET + directorySize;
  reads = 0;
  pulled = 0;
  readonly #failAfter: number;

  constructor(failAfter = Infinity) {
    this.#failAfter = failAfter;
  }

  read(offset: number, length: number): Promise<ReadableStream<Uint8Array>> {
    this.reads += 1;
    let at = offset;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (this.pulled >= this.#failAfter) throw new Error("the store is down");
      if (at === offset + length) return controller.close();
      this.pulled += 1;
      const size = Math.min(CHUNK_BYTES, offset + length - at);
      controller.enqueue(contentAt(at, size));
      at += size;
    };
    return Promise.resolve(new ReadableStream({ pull }, { highWaterMark: 0 }));
  }
}

/** The archive's bytes: each tells its place. */
function contentAt(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = (offset + index) % 251;
  return bytes;
}

/** Compares megabytes without listing them. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.from(actual).equals(expected)).toBe(true);
}

const bytesOf = async (stream: ReadableStream<Uint8Array>) => new Uint8Array(await new Response(stream).arrayBuffer());

/** Opens the cached source for one request's time, and waits for what goes on behind it. */
async function during<T>(sha256: string, source: ZipSource, work: (cached: ZipSource) => Promise<T>): Promise<T> {
  const context = createExecutionContext();
  const directory = { sha256, directoryOffset: OFFSET, directorySize };
  try {
    return await work(withCachedDirectory(source, directory, (task) => context.waitUntil(task)));
  } finally {
    await waitOnExecutionContext(context);
  }
}

const readWhole = (cached: ZipSource) => cached.read(OFFSET, directorySize);

test("a directory that was read once is not asked of the store again, in whole or in part", async () => {
  const digest = crypto.randomUUID();
  const source = new CountingSource();
  const first = await during(digest, source, async (cached) => bytesOf(await readWhole(cached)));
  expectSame(first, contentAt(OFFSET, directorySize));
  await during(digest, source, async (cached) => {
    expectSame(await bytesOf(await readWhole(cached)), first);
    expectSame(await bytesOf(await cached.read(OFFSET + 70_001, 123_456)), contentAt(OFFSET + 70_001, 123_456));
    expect(source.reads).toBe(1);
    expectSame(await bytesOf(await cached.read(0, 500)), contentAt(0, 500));
    expect(source.reads).toBe(2);
  });
});

test("another archive's directory is not taken for it", async () => {
  const source = new CountingSource();
  for (const digest of [crypto.randomUUID(), crypto.randomUUID()]) {
    await during(digest, source, async (cached) => bytesOf(await readWhole(cached)));
  }
  expect(source.reads).toBe(2);
});

test("a reader that stops early leaves what it has read in the cache", async () => {
  const digest = crypto.randomUUID();
  const source = new CountingSource();
  await during(digest, source, async (cached) => {
    const reader = (await readWhole(cached)).getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
  });
  await during(digest, source, async (cached) => {
    expectSame(await bytesOf(await cached.read(OFFSET, BLOCK_BYTES)), contentAt(OFFSET, BLOCK_BYTES));
    expect(source.reads).toBe(1);
    expectSame(await bytesOf(await readWhole(cached)), contentAt(OFFSET, directorySize));
    expect(source.reads).toBe(2);
  });
});

test("a store that fails on the way fails the reader and leaves no broken block in the cache", async () => {
  const digest = crypto.randomUUID();
  const failing = new CountingSource(CHUNKS_A_BLOCK + 5);
  await during(digest, failing, async (cached) => {
    await expect(readWhole(cached).then(bytesOf)).rejects.toThrow("the store is down");
  });
  const source = new CountingSource();
  await during(digest, source, async (cached) => {
    expectSame(await bytesOf(await readWhole(cached)), contentAt(OFFSET, directorySize));
  });
  expect(source.reads).toBe(1);
});

test("a store that cannot be read at all fails the read itself", async () => {
  const source: ZipSource = { length: OFFSET + directorySize, read: () => Promise.reject(new Error("no such object")) };
  await during(crypto.randomUUID(), source, (cached) => expect(readWhole(cached)).rejects.toThrow("no such object"));
});

test("a part inside the directory is stored by whole blocks, from where it begins", async () => {
  const digest = crypto.randomUUID();
  const source = new CountingSource();
  const at = OFFSET + BLOCK_BYTES + 777;
  const length = 2 * BLOCK_BYTES;
  for (let round = 0; round < 2; round += 1) {
    const read = await during(digest, source, async (cached) => bytesOf(await cached.read(at, length)));
    expectSame(read, contentAt(at, length));
  }
  expect(source.reads).toBe(1);
});

test("no more is pulled from the store than one block ahead of the reader", async () => {
  const source = new CountingSource();
  await during(crypto.randomUUID(), source, async (cached) => {
    const reader = (await readWhole(cached)).getReader();
    for (let block = 1; block <= 2; block += 1) {
      await reader.read();
      expect(source.pulled).toBeLessThanOrEqual((block + 1) * CHUNKS_A_BLOCK + 1);
    }
    await reader.cancel();
  });
});

const block = (index: number) => new Uint8Array(RECENT_BLOCK_MAX_BYTES).fill(index);

test("blocks of small directories are kept in memory, the least recently used given up first", () => {
  const name = crypto.randomUUID();
  const keyOf = (index: number) => `${name}/${index}`;
  keepRecentBlock(keyOf(0), block(0));
  keepRecentBlock(keyOf(1), block(1));
  for (let index = 2; index < 33; index += 1) {
    expect(findRecentBlock(keyOf(0))?.at(-1)).toBe(0);
    keepRecentBlock(keyOf(index), block(index));
  }
  expect(findRecentBlock(keyOf(0))?.at(-1)).toBe(0);
  expect(findRecentBlock(keyOf(1))).toBeUndefined();
  expect(findRecentBlock(keyOf(32))?.at(-1)).toBe(32);
  keepRecentBlock(keyOf(33), new Uint8Array(RECENT_BLOCK_MAX_BYTES + 1));
  expect(findRecentBlock(keyOf(33))).toBeUndefined();
});
