import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { findEntry, findEntryInDirectory, type ZipEntry } from "../../../src/zip/read/entry.ts";
import { type ByteRange, openEntry } from "../../../src/zip/read/entry-stream.ts";
import { locateDirectory } from "../../../src/zip/read/locate.ts";
import type { ZipSource } from "../../../src/zip/read/source.ts";
import { CountingSource, manyEntries, sampleText, writeStored, writeWithZipJs } from "./reader-archives.ts";

const utf8 = new TextEncoder();
const text = sampleText(300_000);
const archive = zipSync({
  "first.txt": sampleText(50),
  "deflated.txt": [text, { level: 6 }],
  "stored.txt": [text, { level: 0 }],
  "empty.txt": new Uint8Array(0),
  "dir/": new Uint8Array(0),
  "dir/naïve 🦀.txt": sampleText(77),
});

describe("findEntry", () => {
  it("finds by the whole name only", async () => {
    const source = bytesSource(archive);
    expect(await findEntry(source, undefined, "deflated.txt")).toMatchObject({ name: "deflated.txt", size: 300_000 });
    expect(await findEntry(source, undefined, "dir/naïve 🦀.txt")).toMatchObject({ size: 77 });
    expect(await findEntry(source, undefined, "deflated")).toBeUndefined();
    expect(await findEntry(source, undefined, "deflated.txt2")).toBeUndefined();
    expect(await findEntry(source, undefined, "")).toBeUndefined();
  });

  it("finds a name stored in code page 437 by its text", async () => {
    const name = Uint8Array.of(0x82, 0x2e, 0x74);
    const entry = await findEntry(bytesSource(writeStored([{ name, data: sampleText(5) }])), undefined, "é.t");
    expect(entry).toMatchObject({ name: "é.t", nameBytes: name });
  });

  it("reads no further than the entry", async () => {
    const large = manyEntries(20_000);
    const { offset, size, entries } = await locateDirectory(bytesSource(large));
    const source = new CountingSource(large, [8_192]);
    await findEntry(source, { offset, size, entries }, "dataset-v1/task-000010/task.yaml");
    expect(source.reads).toBe(1);
    expect(source.bytes).toBeLessThan(200_000);
  });

  it("finds the same in directory bytes at hand", async () => {
    const place = await locateDirectory(bytesSource(archive));
    const directory = archive.slice(place.offset, place.offset + place.size);
    const entry = await findEntry(bytesSource(archive), undefined, "stored.txt");
    expect(findEntryInDirectory(directory, "stored.txt")).toEqual(entry);
    expect(findEntryInDirectory(directory, "nothing")).toBeUndefined();
    expect(() => findEntryInDirectory(directory.subarray(0, -1), "nothing")).toThrow(
      expect.objectContaining({ reason: "directory-cut" }),
    );
  });
});

describe("openEntry", () => {
  for (const name of ["first.txt", "deflated.txt", "stored.txt", "empty.txt", "dir/", "dir/naïve 🦀.txt"]) {
    it(`reads ${name} by one read`, async () => {
      const entry = await find(archive, name);
      const source = new CountingSource(archive);
      const bytes = await readAll(source, entry);
      expect(crc32(bytes)).toBe(entry.crc);
      expect([bytes.byteLength, source.reads]).toEqual([entry.size, 1]);
      expect(source.bytes).toBeLessThanOrEqual(entry.compressedSize + 1_000);
    });
  }

  it("reads what zip.js writes: descriptors and zip64", async () => {
    const options = { dataDescriptor: true, zip64: true };
    const written = await writeWithZipJs([
      { name: "a", data: text, options },
      { name: "b", data: sampleText(3), options },
    ]);
    expect(await readAll(bytesSource(written), await find(written, "a"))).toEqual(text);
    expect(await readAll(bytesSource(written), await find(written, "b"))).toEqual(sampleText(3));
  });

  it("reads any range of a stored or deflated entry", async () => {
    const range = fc
      .tuple(fc.nat(300_000), fc.nat(300_000))
      .map(([a, b]) => ({ offset: Math.min(a, b), length: Math.abs(a - b) }));
    const entries = [await find(archive, "deflated.txt"), await find(archive, "stored.txt")];
    await fc.assert(
      fc.asyncProperty(
        range,
        fc.constantFrom(...entries),
        fc.integer({ min: 100, max: 70_000 }),
        async (range, entry, chunk) => {
          const bytes = await readAll(new CountingSource(archive, [chunk]), entry, range);
          expect(crc32(bytes)).toBe(crc32(text.subarray(range.offset, range.offset + range.length)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("reads of a stored entry only what a range needs", async () => {
    const source = new CountingSource(archive, [1_024]);
    const entry = await find(archive, "stored.txt");
    await readAll(source, entry, { offset: 250_000, length: 1_000 });
    expect([source.reads, source.bytes < 5_000]).toEqual([2, true]);
    const near = new CountingSource(archive, [1_024]);
    await readAll(near, entry, { offset: 10, length: 1_000 });
    expect([near.reads, near.bytes < 5_000]).toEqual([1, true]);
  });

  it("refuses a range outside the entry", async () => {
    const entry = await find(archive, "first.txt");
    await expect(openEntry(bytesSource(archive), entry, { offset: 40, length: 11 })).rejects.toThrow(RangeError);
  });

  it("takes a second read only for a local extra field longer than the slack", async () => {
    for (const [extra, reads] of [
      [512, 1],
      [513, 2],
      [6_000, 2],
    ] as const) {
      const localExtra = new Uint8Array(extra);
      const padded = writeStored([{ name: utf8.encode("padded"), data: sampleText(5_000), localExtra }]);
      const source = new CountingSource(padded);
      expect(await readAll(source, await find(padded, "padded"))).toEqual(sampleText(5_000));
      expect(source.reads).toBe(reads);
    }
  });

  it("stops reading when the consumer stops", async () => {
    const source = new CountingSource(archive, [4_096]);
    const reader = (await openEntry(source, await find(archive, "deflated.txt"))).getReader();
    await reader.read();
    await reader.cancel();
    expect(source.bytes).toBeLessThan(80_000);
  });

  it("fails the stream when the CRC differs", async () => {
    for (const name of ["deflated.txt", "stored.txt"]) {
      const entry = await find(archive, name);
      await expect(readAll(bytesSource(archive), { ...entry, crc: entry.crc ^ 1 })).rejects.toMatchObject({
        reason: "crc-mismatch",
        entry: name,
      });
    }
  });

  it("stops at the declared size, and notices too little", async () => {
    const entry = await find(archive, "deflated.txt");
    for (const size of [entry.size - 1, entry.size + 1, 10]) {
      await expect(readAll(bytesSource(archive), { ...entry, size })).rejects.toMatchObject({
        reason: "size-mismatch",
      });
    }
  });

  it("notices deflate data that is longer or shorter than the directory says", async () => {
    const entry = await find(archive, "deflated.txt");
    for (const compressedSize of [entry.compressedSize - 1, entry.compressedSize + 1, 1, 0]) {
      await expect(readAll(bytesSource(archive), { ...entry, compressedSize })).rejects.toMatchObject({
        reason: "bad-deflate-data",
      });
    }
  });

  it("refuses what it cannot read", async () => {
    const entry = await find(archive, "stored.txt");
    const open = (change: Partial<ZipEntry>) => openEntry(bytesSource(archive), { ...entry, ...change });
    await expect(open({ flags: 1 })).rejects.toMatchObject({ reason: "encrypted" });
    await expect(open({ method: 12 })).rejects.toMatchObject({ reason: "method-unsupported" });
    await expect(open({ compressedSize: 4 })).rejects.toMatchObject({ reason: "size-mismatch" });
    await expect(open({ localOffset: entry.localOffset + 1 })).rejects.toMatchObject({
      reason: "local-header-missing",
    });
    await expect(open({ nameBytes: utf8.encode("other.txt1") })).rejects.toMatchObject({
      reason: "local-name-differs",
    });
    await expect(open({ localOffset: archive.byteLength - 5 })).rejects.toMatchObject({ reason: "entry-outside" });
    await expect(open({ size: 9e8, compressedSize: 9e8 })).rejects.toMatchObject({ reason: "entry-outside" });
  });

  it("passes on what the source reports", async () => {
    const entry = await find(archive, "deflated.txt");
    const failing: ZipSource = {
      length: archive.byteLength,
      read: async (offset, length) => {
        const inner = (await bytesSource(archive).read(offset, length)).getReader();
        const chunk = await inner.read();
        return new ReadableStream({
          pull(controller) {
            if (chunk.value !== undefined && controller.desiredSize === 1)
              controller.enqueue(chunk.value.subarray(0, 9_000));
            controller.error(new Error("the store is down"));
          },
        });
      },
    };
    await expect(readAll(failing, entry)).rejects.toThrow("the store is down");
  });
});

async function find(bytes: Uint8Array, name: string): Promise<ZipEntry> {
  const entry = await findEntry(bytesSource(bytes), undefined, name);
  if (entry === undefined) throw new Error(`no ${name}`);
  return entry;
}

async function readAll(source: ZipSource, entry: ZipEntry, range?: ByteRange): Promise<Uint8Array> {
  return new Uint8Array(await new Response(await openEntry(source, entry, range)).arrayBuffer());
}
