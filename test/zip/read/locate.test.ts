import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { listEntries } from "../../../src/zip/read/listing.ts";
import { type DirectoryPlace, locateDirectory, TAIL_SIZE } from "../../../src/zip/read/locate.ts";
import {
  concat,
  CountingSource,
  manyEntries,
  parseRows,
  sampleText,
  u16,
  u32,
  writeStored,
  writeWithZipJs,
} from "./reader-archives.ts";

const utf8 = new TextEncoder();
const archive = zipSync({ "a.txt": sampleText(100), "b.txt": sampleText(10) });
const endAt = archive.byteLength - 22;

describe("locateDirectory", () => {
  it("finds the directory by one read of the tail", async () => {
    const source = new CountingSource(manyEntries(5_000));
    expect(await locateDirectory(source)).toMatchObject({ entries: 5_000, zip64: false });
    expect([source.reads, source.bytes]).toEqual([1, TAIL_SIZE]);
  });

  it("finds it before the longest comment, with zip64 records, by one read", async () => {
    const comment = "c".repeat(65_535);
    const written = await writeWithZipJs([{ name: "a", data: sampleText(10) }], { zip64: true, comment });
    const source = new CountingSource(written);
    expect(await locateDirectory(source)).toMatchObject({ entries: 1, zip64: true });
    expect(source.reads).toBe(1);
  });

  it("takes 65,535 entries without zip64 records at their word", async () => {
    const names = Array.from({ length: 65_535 }, (_, index) => ({
      name: utf8.encode(`${index}`),
      data: new Uint8Array(0),
    }));
    const located = await locateDirectory(bytesSource(writeStored(names)));
    expect(located).toMatchObject({ entries: 65_535, zip64: false });
  });

  it("is not misled by a zip64 locator inside the last name", async () => {
    const locator = concat(u32(0x07064b50), u32(0), u32(1), u32(0), u32(1));
    const written = writeStored([{ name: concat(utf8.encode("name"), locator), data: sampleText(5) }]);
    expect(await locateDirectory(bytesSource(written))).toMatchObject({ entries: 1, zip64: false });
  });

  const refusals: Record<string, [reason: string, bytes: Uint8Array | (() => Promise<Uint8Array>)]> = {
    "an empty file": ["no-end-record", new Uint8Array(0)],
    "a file that is no archive": ["no-end-record", sampleText(100_000)],
    "bytes after the end record": ["no-end-record", concat(archive, Uint8Array.of(0))],
    "an archive cut short": ["no-end-record", archive.subarray(0, -1)],
    "data before the archive": ["directory-misplaced", concat(sampleText(10), archive)],
    "a gap before the end record": [
      "directory-misplaced",
      concat(archive.subarray(0, endAt), Uint8Array.of(0), archive.subarray(endAt)),
    ],
    "a directory outside the archive": ["directory-misplaced", patch(archive, endAt + 16, u32(0x7fffffff))],
    "a second disk": ["multi-disk", patch(archive, endAt + 4, u16(1))],
    "a count for several disks": ["multi-disk", patch(archive, endAt + 8, u16(1))],
    "more entries than fit": ["count-impossible", patch(patch(archive, endAt + 8, u16(9)), endAt + 10, u16(9))],
    "two end records": [
      "two-end-records",
      withComment(archive, concat(utf8.encode("x"), new Uint8Array(0), emptyEnd())),
    ],
    "a zip64 record that disagrees": ["zip64-disagrees", zip64((bytes, end) => patch(bytes, end + 10, u16(7)))],
    "a zip64 locator that points elsewhere": [
      "zip64-misplaced",
      zip64((bytes, end) => patch(bytes, end - 20 + 8, u32(0))),
    ],
    "a zip64 record longer than its place": [
      "zip64-misplaced",
      zip64((bytes, end) => patch(bytes, end - 76 + 4, u32(45))),
    ],
    "a zip64 count above 2^53": [
      "number-too-large",
      zip64((bytes, end) => patch(bytes, end - 76 + 36, u32(0x7fffffff))),
    ],
    "a zip64 archive of several disks": ["multi-disk", zip64((bytes, end) => patch(bytes, end - 20 + 16, u32(2)))],
  };
  for (const [name, [reason, bytes]] of Object.entries(refusals)) {
    it(`refuses ${name}`, async () => {
      const made = bytes instanceof Uint8Array ? bytes : await bytes();
      await expect(locateDirectory(bytesSource(made))).rejects.toMatchObject({ name: "ZipError", reason });
    });
  }
});

describe("the directory's walk", () => {
  it.each([
    ["count-disagrees", { entries: 1 }],
    ["count-disagrees", { entries: 3 }],
    ["directory-cut", { size: -1 }],
    ["bad-signature", { offset: 1 }],
    ["directory-misplaced", { size: 9_999 }],
  ])(
    "ends in %s for a place that is off by %o",
    async (reason, { entries, size = 0, offset = 0 }: Partial<DirectoryPlace>) => {
      const place = await locateDirectory(bytesSource(archive));
      const known = { offset: place.offset + offset, size: place.size + size, entries: entries ?? 2 };
      await expect(list(known)).rejects.toMatchObject({ reason });
    },
  );

  it("lists for a place that is right", async () => {
    const { offset, size, entries } = await locateDirectory(bytesSource(archive));
    const rows = parseRows(await list({ offset, size, entries }));
    expect(rows.map(({ filename }) => filename)).toEqual(["a.txt", "b.txt"]);
  });
});

async function list(place: DirectoryPlace): Promise<string> {
  return new Response(listEntries(bytesSource(archive), place)).text();
}

function patch(bytes: Uint8Array, at: number, value: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, at), value, bytes.subarray(at + value.byteLength));
}

function withComment(bytes: Uint8Array, comment: Uint8Array): Uint8Array {
  return concat(patch(bytes, bytes.byteLength - 2, u16(comment.byteLength)), comment);
}

function emptyEnd(): Uint8Array {
  return concat(u32(0x06054b50), new Uint8Array(18));
}

function zip64(change: (bytes: Uint8Array, endAt: number) => Uint8Array): () => Promise<Uint8Array> {
  return async () => {
    const bytes = await writeWithZipJs([{ name: "a", data: sampleText(10) }], { zip64: true });
    return change(bytes, bytes.byteLength - 22);
  };
}
