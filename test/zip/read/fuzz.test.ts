import * as fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { findEntry, type ZipEntry } from "../../../src/zip/read/entry.ts";
import { openEntry } from "../../../src/zip/read/entry-stream.ts";
import { ZipError } from "../../../src/zip/read/zip-error.ts";
import { listEntries } from "../../../src/zip/read/listing.ts";
import { type DirectoryPlace, locateDirectory } from "../../../src/zip/read/locate.ts";
import type { ZipSource } from "../../../src/zip/read/source.ts";
import {
  concat,
  CountingSource,
  type Row,
  parseRows,
  sampleText,
  u16,
  u32,
  writeStored,
  writeWithZipJs,
} from "./reader-archives.ts";

const RUNS = 12_000;
/** Deflate expands no further than this. */
const MAX_EXPANSION = 1_032;

const seeds = [
  zipSync({}),
  zipSync({ "a.txt": sampleText(90), "dir/": new Uint8Array(0), "dir/ü.bin": [sampleText(900), { level: 0 }] }),
  zipSync({ zeros: new Uint8Array(60_000), "zeros too": new Uint8Array(9) }),
  await writeWithZipJs([{ name: "streamed", data: sampleText(300), options: { dataDescriptor: true } }], {
    comment: "note",
  }),
  await writeWithZipJs(
    [
      { name: "large", data: sampleText(200) },
      { name: "d/", data: new Uint8Array(0) },
    ],
    { zip64: true },
  ),
  writeStored([{ name: Uint8Array.of(0x82, 0x83), data: sampleText(40), localExtra: new Uint8Array(9) }]),
];

/** Values that fields of an archive are confused by: sentinels, signatures, small and large lengths. */
const values = fc.oneof(
  fc.constantFrom(...[0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50].map(u32)),
  fc.constantFrom(...[0, 1, 0x7fff, 0xffff].map(u16), ...[0, 1, 0x7fffffff, 0xffffffff].map(u32)),
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
);

/** One change; places count from the end of the archive as often as from its beginning, for the records stand there. */
const place = fc.record({ at: fc.nat(600), fromEnd: fc.boolean() });
const mutation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("overwrite" as const), place, value: values }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("insert" as const), place, value: values }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), place, length: fc.integer({ min: 1, max: 80 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("truncate" as const), place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("splice" as const),
      place,
      other: fc.nat(seeds.length - 1),
      otherPlace: place,
    }),
  },
);

const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([seed, mutations]) => ({ seed, archive: mutations.reduce(mutate, seed) }));

describe("the reader, given mutated archives", () => {
  it("answers or refuses with ZipError, reads little, and its listing is JSON", { timeout: 120_000 }, async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(mutated, fc.integer({ min: 1, max: 5_000 }), async ({ archive }, chunkSize) => {
        const source = new CountingSource(archive, [chunkSize]);
        const rows = await orRefusal(listRowsOf(source));
        expect(source.reads).toBeLessThanOrEqual(2);
        expect(source.bytes).toBeLessThanOrEqual(2 * archive.byteLength);
        if (rows === undefined) return;
        answered += 1;
        await orRefusal(readEach(archive, findEach(archive, rows.slice(0, 4), chunkSize), chunkSize));
      }),
      { numRuns: RUNS },
    );
    expect(answered).toBeGreaterThan(RUNS / 20);
  });

  it("does so too when place and entries are known from before the change", { timeout: 120_000 }, async () => {
    let answered = 0;
    const known = new Map(
      await Promise.all(
        seeds.map(async (seed) => {
          const source = new CountingSource(seed);
          const place = await locateDirectory(source);
          const entries = await Array.fromAsync(findEach(seed, await listRowsOf(source), 1_000));
          return [seed, { place, entries }] as const;
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(mutated, fc.integer({ min: 1, max: 5_000 }), async ({ seed, archive }, chunkSize) => {
        const before = known.get(seed);
        if (!before) throw new Error("An archive of no seed");
        const source = new CountingSource(archive, [chunkSize]);
        const rows = await orRefusal(listRowsOf(source, before.place));
        expect(source.reads).toBeLessThanOrEqual(1);
        if (rows !== undefined) answered += 1;
        await readEach(archive, before.entries, chunkSize);
      }),
      { numRuns: RUNS },
    );
    expect(answered).toBeGreaterThan(RUNS / 20);
  });

  it("answers for each archive as it was before", async () => {
    for (const archive of seeds) {
      const rows = await listRowsOf(new CountingSource(archive));
      for (const chunkSize of [1, 10, 100, 1_000]) {
        expect(await readEach(archive, findEach(archive, rows, chunkSize), chunkSize)).toBe(2 * rows.length);
      }
    }
  });
});

async function listRowsOf(source: ZipSource, place?: DirectoryPlace): Promise<Row[]> {
  return parseRows(await new Response(listEntries(source, place)).text());
}

/** Finds every entry listed. */
async function* findEach(archive: Uint8Array, rows: readonly Row[], chunkSize: number): AsyncGenerator<ZipEntry> {
  const located = await locateDirectory(new CountingSource(archive));
  for (const { filename } of rows) {
    const entry = await findEntry(new CountingSource(archive, [chunkSize]), located, filename);
    if (entry === undefined) throw new Error(`${filename} was listed and is not found`);
    expect(entry.name).toBe(filename);
    yield entry;
  }
}

/** Reads each entry from `archive`, whole and in part; answers how many reads came to their end. */
async function readEach(
  archive: Uint8Array,
  entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>,
  chunkSize: number,
): Promise<number> {
  let whole = 0;
  for await (const entry of entries) {
    for (const range of [undefined, { offset: Math.floor(entry.size / 3), length: Math.floor(entry.size / 2) }]) {
      const source = new CountingSource(archive, [chunkSize]);
      const bytes = await orRefusal(openEntry(source, entry, range).then(readAll));
      expect(source.reads).toBeLessThanOrEqual(2);
      expect(source.bytes).toBeLessThanOrEqual(2 * archive.byteLength);
      if (bytes === undefined) continue;
      expect(bytes).toBe(range?.length ?? entry.size);
      expect(bytes).toBeLessThanOrEqual(MAX_EXPANSION * archive.byteLength);
      whole += 1;
    }
  }
  return whole;
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.byteLength;
  return size;
}

/** Undefined for a refusal; any other error is a defect of the reader. */
async function orRefusal<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ZipError && /^[a-z0-9-]+$/.test(error.reason)) return undefined;
    throw error;
  }
}

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(bytes: Uint8Array, change: Mutation): Uint8Array {
  const at = position(bytes, change.place);
  switch (change.kind) {
    case "overwrite":
      return concat(bytes.subarray(0, at), change.value, bytes.subarray(at + change.value.byteLength));
    case "insert":
      return concat(bytes.subarray(0, at), change.value, bytes.subarray(at));
    case "remove":
      return concat(bytes.subarray(0, at), bytes.subarray(at + change.length));
    case "truncate":
      return bytes.slice(0, at);
    case "splice": {
      const other = seeds[change.other] ?? bytes;
      return concat(bytes.subarray(0, at), other.subarray(position(other, change.otherPlace)));
    }
  }
}

function position(bytes: Uint8Array, { at, fromEnd }: { at: number; fromEnd: boolean }): number {
  return fromEnd ? Math.max(0, bytes.byteLength - at) : Math.min(at, bytes.byteLength);
}
