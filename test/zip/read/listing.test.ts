import { BlobReader, ZipReader } from "@zip.js/zip.js";
import * as fc from "fast-check";
import { zipSync } from "fflate";
import { unzip } from "unzipit";
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { listEntries, listRows, type ListOptions, type ListSummary } from "../../../src/zip/read/listing.ts";
import { locateDirectory } from "../../../src/zip/read/locate.ts";
import type { ZipSource } from "../../../src/zip/read/source.ts";
import {
  CountingSource,
  manyEntries,
  type Row,
  parseRows,
  sampleText,
  writeStored,
  writeWithZipJs,
} from "./reader-archives.ts";

const utf8 = new TextEncoder();

/** Made to meet every way that the three writers differ. */
const archives: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
  "no entries": () => zipSync({}),
  "files, empty files and directories": () =>
    zipSync({
      "a/": new Uint8Array(0),
      "a/empty.txt": new Uint8Array(0),
      "a/b/c.txt": sampleText(3000),
      x: sampleText(9),
    }),
  "zip64 records for small entries": () =>
    writeWithZipJs(
      [
        { name: "one.txt", data: sampleText(400) },
        { name: "two/", data: new Uint8Array(0) },
      ],
      { zip64: true },
    ),
  "data descriptors": () =>
    writeWithZipJs([{ name: "streamed.txt", data: sampleText(5000), options: { dataDescriptor: true } }]),
  "comments on the archive and its entries": () =>
    writeWithZipJs([{ name: "a.txt", data: sampleText(10), options: { comment: "of the entry" } }], {
      comment: "of all",
    }),
  "names beyond ASCII": () =>
    writeWithZipJs(
      ["tâche/日本語.md", "emoji-🦀.txt", "line\u2028separator", 'quote".txt', "back\\slash", "tab\tname"].map(
        (name) => ({ name, data: sampleText(20) }),
      ),
    ),
  "names of one to five letters": () =>
    zipSync(Object.fromEntries(["a", "bc", "def", "ghij", "klmno", "é", "xyé"].map((name) => [name, sampleText(3)]))),
  "more entries than the tail holds": () => manyEntries(2_000),
};

describe("listEntries", () => {
  for (const [name, make] of Object.entries(archives)) {
    it(`lists ${name} as zip.js and unzipit do`, async () => {
      const archive = await make();
      const listed = await list(bytesSource(archive));
      const reader = new ZipReader(new BlobReader(new Blob([archive])), { useWebWorkers: false });
      const byZipJs = (await reader.getEntries()).map((entry) =>
        row(entry.filename, entry.uncompressedSize, entry.compressedSize),
      );
      expect(listed).toBe(JSON.stringify(byZipJs));
      // unzipit takes the sentinel in the disk number of a zip64 archive for a second volume.
      if (name.startsWith("zip64")) return;
      const { entries } = await unzip(archive);
      const byUnzipit = Object.values(entries).map((entry) => row(entry.name, entry.size, entry.compressedSize));
      expect(listed).toBe(JSON.stringify(byUnzipit));
    });
  }

  it("lists any name byte for byte as JSON.stringify writes it", async () => {
    const name = fc.string({ unit: "binary", minLength: 0, maxLength: 40 }).map((text) => utf8.encode(text));
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 12 }), async (names) => {
        const archive = writeStored(names.map((name) => ({ name, data: new Uint8Array(0) })));
        const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
        const expected = JSON.stringify(names.map((name) => row(decoder.decode(name), 0, 0)));
        expect(await list(bytesSource(archive))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("reads names that are not UTF-8 as code page 437", async () => {
    const archive = writeStored([
      { name: Uint8Array.of(0x82, 0x74, 0x82, 0x2e, 0x74, 0x78, 0x74), data: sampleText(5) },
    ]);
    expect(await list(bytesSource(archive))).toBe(JSON.stringify([row("été.txt", 5, 5)]));
  });

  it("refuses a name that claims to be UTF-8 and is not", async () => {
    const archive = writeStored([{ name: Uint8Array.of(0x82, 0x74), data: sampleText(5), flags: 1 << 11 }]);
    await expect(list(bytesSource(archive))).rejects.toMatchObject({ name: "ZipError", reason: "name-not-utf8" });
  });

  it("gives the same bytes whatever the chunks of the source", async () => {
    const archive = manyEntries(1_500);
    const expected = await list(bytesSource(archive));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
        expect(await list(new CountingSource(archive, sizes))).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("lists headers longer than its window", async () => {
    const files = Array.from({ length: 9 }, (_, index) => ({
      name: utf8.encode(`${index}`.repeat(20_000 + index)),
      data: sampleText(index),
    }));
    const archive = writeStored([...files, { name: utf8.encode("é".repeat(32_000)), data: sampleText(1) }]);
    const rows = parseRows(await list(new CountingSource(archive, [1_000])));
    expect(rows.map(({ filename, file_size }) => [filename.length, file_size])).toEqual([
      ...files.map(({ name, data }) => [name.byteLength, data.byteLength]),
      [32_000, 1],
    ]);
  });

  it("hands out a long listing in chunks of bounded size", async () => {
    let chunks = 0;
    for await (const chunk of listEntries(bytesSource(manyEntries(10_000)), undefined)) {
      expect(chunk.byteLength).toBeLessThan(200_000);
      chunks += 1;
    }
    expect(chunks).toBeGreaterThan(10);
  });
});

describe("reads of a listing", () => {
  it("is one when the directory comes along with the tail", async () => {
    const source = new CountingSource(manyEntries(500));
    await list(source);
    expect(source.reads).toBe(1);
  });

  it("is two when it does not", async () => {
    const source = new CountingSource(manyEntries(3_000));
    await list(source);
    expect(source.reads).toBe(2);
  });

  it("is one when the place is known, and no byte but the directory's", async () => {
    const archive = manyEntries(3_000);
    const { offset, size, entries } = await locateDirectory(bytesSource(archive));
    const source = new CountingSource(archive);
    await new Response(listEntries(source, { offset, size, entries })).text();
    expect([source.reads, source.bytes]).toEqual([1, size]);
  });

  it("stops when the consumer stops", async () => {
    const source = new CountingSource(manyEntries(30_000));
    const reader = listEntries(source, undefined).getReader();
    await reader.read();
    await reader.read();
    await reader.cancel();
    expect(source.bytes).toBeLessThan(source.length / 3);
  });
});

describe("listRows", () => {
  const archive = zipSync({
    "a/": new Uint8Array(0),
    "a/1": sampleText(1),
    "b/": new Uint8Array(0),
    "b/2": sampleText(2),
    "b/é3": sampleText(3),
    c: sampleText(4),
  });

  it("selects by prefix and counts what matches", async () => {
    expect(await select({ prefix: "b/" })).toEqual({
      names: ["b/", "b/2", "b/é3"],
      summary: { matched: 3, nextOffset: undefined },
    });
    expect(await select({ prefix: "b/é" })).toMatchObject({ names: ["b/é3"] });
    expect(await select({ prefix: "zzz" })).toEqual({ names: [], summary: { matched: 0, nextOffset: undefined } });
  });

  it("leaves directories out when asked to", async () => {
    expect(await select({ directories: "skip" })).toMatchObject({
      names: ["a/1", "b/2", "b/é3", "c"],
      summary: { matched: 4 },
    });
  });

  it("pages: the first page counts all, the next offsets lead through the rest", async () => {
    const first = await select({ limit: 2, directories: "skip" });
    expect(first).toMatchObject({ names: ["a/1", "b/2"], summary: { matched: 4 } });
    const second = await select({ limit: 2, directories: "skip", startAt: first.summary.nextOffset ?? 0 });
    expect(second).toEqual({ names: ["b/é3", "c"], summary: { matched: undefined, nextOffset: undefined } });
  });

  it("pages through many entries to the same list, one read a page", async () => {
    const large = manyEntries(5_000);
    const { offset, size, entries } = await locateDirectory(bytesSource(large));
    const source = new CountingSource(large);
    const names: string[] = [];
    let startAt: number | undefined = 0;
    let pages = 0;
    while (startAt !== undefined) {
      const page = await select({ limit: 700, startAt }, source, { offset, size, entries });
      names.push(...page.names);
      startAt = page.summary.nextOffset;
      pages += 1;
    }
    expect([pages, source.reads]).toEqual([8, 8]);
    expect(names).toEqual(parseRows(await list(bytesSource(large))).map(({ filename }) => filename));
  });

  it("refuses a start that is no header", async () => {
    await expect(select({ startAt: 3 })).rejects.toMatchObject({ reason: "bad-signature" });
    await expect(select({ startAt: 99_999 })).rejects.toMatchObject({ reason: "bad-start" });
  });

  async function select(
    options: ListOptions,
    source: ZipSource = bytesSource(archive),
    place?: { offset: number; size: number; entries: number },
  ): Promise<{ names: string[]; summary: ListSummary }> {
    const decoder = new TextDecoder();
    const rows = listRows(source, place, options);
    let text = "";
    for (;;) {
      const next = await rows.next();
      if (next.done === true) {
        const names = parseRows(`[${text}]`).map(({ filename }) => filename);
        return { names, summary: next.value };
      }
      text += decoder.decode(next.value, { stream: true });
    }
  }
});

function row(filename: string, file_size: number, compress_size: number): Row {
  return { filename, file_size, compress_size };
}

async function list(source: ZipSource): Promise<string> {
  return new Response(listEntries(source, undefined)).text();
}
