/** Archives that real tools wrote: accepted, and read as Python reads them. */
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { listEntries } from "../../../src/zip/read/listing.ts";
import { FIXTURES } from "../fixtures.ts";
import { check } from "./refusal.ts";

/** What every writer was given, by the CRC of each file. */
const TREE = new Map([
  ["task.yaml", 0x19d13e92],
  ["README.md", 0xdc4f6870],
  ["solution.sh", 0x16166f89],
  ["environment/Dockerfile", 0x12d6464c],
  ["environment/data/empty.txt", 0],
  ["notes/grüße 日本.txt", 0x67f7a87e],
]);

it("has the archives of at least six real tools", () => {
  expect(FIXTURES.filter(({ name }) => !name.includes("imitated")).length).toBeGreaterThanOrEqual(20);
});

describe.each(FIXTURES)("$name", ({ bytes, listing }) => {
  const { entries } = listing;

  it("is accepted", async () => {
    expect(bytes.length).toBeLessThan(20_000);
    const files = entries.filter(({ name }) => !name.endsWith("/"));
    const totalBytes = entries.reduce((total, { size }) => total + size, 0);
    expect(await check(bytes)).toMatchObject({
      ok: true,
      archive: { entries: entries.length, files: files.length, totalBytes },
    });
  });

  it("holds the tree", () => {
    const files = new Map(
      entries
        .map(({ name, crc }): [string, number] => [name.normalize("NFC").replace("repository-main/", ""), crc])
        .filter(([name]) => !/^$|\/$|^META-INF\/|^__MACOSX\//.test(name)),
    );
    expect(files).toEqual(TREE);
  });

  it("is listed as Python lists it", async () => {
    const listed = await new Response(listEntries(bytesSource(bytes), undefined)).json();
    const expected = entries.map(({ name, size, compressed_size: compressed }) => {
      return { filename: name, file_size: size, compress_size: compressed };
    });
    expect(listed).toEqual(expected);
  });
});
