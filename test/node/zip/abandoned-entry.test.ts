/** Reading that ends early, in Node, whose streams wait in other places than those of Workers. */
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { findEntry, type ZipEntry } from "../../../src/zip/read/entry.ts";
import { openEntry } from "../../../src/zip/read/entry-stream.ts";
import type { ZipSource } from "../../../src/zip/read/source.ts";
import { buildArchive } from "../../zip/archive-builder.ts";

const DATA = Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * index) >> 5);

async function find(size: number): Promise<{ source: ZipSource; entry: ZipEntry }> {
  const source = bytesSource(buildArchive([{ name: "entry", data: DATA, size }]));
  const entry = await findEntry(source, undefined, "entry");
  if (!entry) throw new Error("The archive has no entry");
  return { source, entry };
}

describe("an entry that is inflated", () => {
  it.each([0, 1, 100_000, DATA.byteLength - 1])(
    "fails when it has more than the %i bytes that it says",
    async (size) => {
      const { source, entry } = await find(size);
      const read = openEntry(source, entry).then((stream) => new Response(stream).arrayBuffer());
      await expect(read).rejects.toThrow("is not the");
    },
  );

  it("can be left in the middle", async () => {
    const { source, entry } = await find(DATA.byteLength);
    const reader = (await openEntry(source, entry)).getReader();
    await reader.read();
    await expect(reader.cancel()).resolves.toBeUndefined();
  });

  it("gives a part of itself and ends", async () => {
    const { source, entry } = await find(DATA.byteLength);
    const part = await new Response(await openEntry(source, entry, { offset: 10, length: 1_000 })).arrayBuffer();
    expect(new Uint8Array(part)).toEqual(DATA.slice(10, 1_010));
  });
});
