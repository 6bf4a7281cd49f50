/** The check in parts, as a Workflow does it, and what it asks of the source. */
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { checkContent } from "../../../src/zip/check/check-content.ts";
import { checkDirectory } from "../../../src/zip/check/check-directory.ts";
import { DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";
import { planSlices } from "../../../src/zip/check/check-slices.ts";
import type { CheckedDirectory } from "../../../src/zip/check/checked-directory.ts";
import type { ZipSource } from "../../../src/zip/read/source.ts";
import { buildArchive, type EntryFields } from "../archive-builder.ts";

const MIB = 1024 * 1024;

interface CountedSource extends ZipSource {
  reads: [number, number][];
}

/** A source that hands out pieces of `pieceSize` bytes and remembers what it was asked for. */
function counted(bytes: Uint8Array, pieceSize = 65_536): CountedSource {
  const reads: [number, number][] = [];
  return {
    length: bytes.length,
    reads,
    read: (offset, length) => {
      reads.push([offset, length]);
      let at = offset;
      return Promise.resolve(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            const end = Math.min(offset + length, at + pieceSize);
            if (end > at) controller.enqueue(bytes.slice(at, end));
            at = end;
            if (at === offset + length) controller.close();
          },
        }),
      );
    },
  };
}

async function passed(source: ZipSource): Promise<CheckedDirectory> {
  const verdict = await checkDirectory(source, { ...DEFAULT_CHECK_LIMITS, maxRatio: 2000 });
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.problems));
  return verdict.directory;
}

function files(count: number, size: number, crc?: number): EntryFields[] {
  const data = Uint8Array.from({ length: size }, (_, index) => index * 7);
  return Array.from({ length: count }, (_, index) => ({
    name: `folder-${index % 7}/file-${index}`,
    data,
    ...(crc === undefined || index % 10 > 0 ? {} : { crc }),
  }));
}

describe("reads", () => {
  it("takes one read for the directory of a small archive and one for its content", async () => {
    const source = counted(buildArchive(files(20, 500)));
    const directory = await passed(source);
    expect(source.reads).toHaveLength(1);
    expect(await checkContent(source, directory)).toEqual([]);
    expect(source.reads).toHaveLength(2);
    expect(source.reads[1]).toEqual([0, directory.place.offset]);
  });

  it("takes two reads for a directory that the tail does not hold", async () => {
    const source = counted(buildArchive(files(3000, 1)));
    const directory = await passed(source);
    expect(source.reads).toHaveLength(2);
    expect(directory.headerAt).toHaveLength(3000);
  });

  it("passes over large data by a new read when nothing is to be inflated", async () => {
    const large = { name: "large", data: new Uint8Array(6 * MIB), method: 0 };
    const source = counted(buildArchive([...files(3, 100), large, { name: "last", data: "x" }]));
    const directory = await passed(source);
    source.reads.length = 0;
    expect(await checkContent(source, directory, { inflate: false })).toEqual([]);
    expect(source.reads).toHaveLength(2);
    expect((source.reads[1]?.[0] ?? 0) - (source.reads[0]?.[0] ?? 0)).toBeGreaterThan(6 * MIB);
  });

  it("refuses a directory above the limit before reading it", async () => {
    const source = counted(buildArchive(files(3000, 1)));
    const verdict = await checkDirectory(source, { ...DEFAULT_CHECK_LIMITS, maxDirectoryBytes: 100_000 });
    expect(verdict).toMatchObject({ ok: false, problems: [{ reason: "directory-too-large", entry: null }] });
    expect(source.reads).toHaveLength(1);
  });

  it.each([1, 13, 4096])("does the same whatever pieces the source gives: %i bytes", async (pieceSize) => {
    const entries = [...files(12, 300), { name: "bad", data: "x", crc: 5 }];
    const source = counted(buildArchive(entries), pieceSize);
    expect(await checkContent(source, await passed(source))).toMatchObject([{ entry: "bad", reason: "crc-differs" }]);
  });

  it("tells an archive that became shorter meanwhile", async () => {
    const bytes = buildArchive(files(4, 2 * MIB));
    const directory = await passed(bytesSource(bytes));
    const cut = { length: bytes.length, read: (at: number) => bytesSource(bytes.slice(0, 5000)).read(at, 5000) };
    const problems = await checkContent(cut, directory);
    expect(problems.at(-1)).toMatchObject({ entry: null, reason: "truncated" });
  });
});

describe("structure only", () => {
  it("refuses an unsigned descriptor whose CRC looks like a signature", async () => {
    const entry: EntryFields = { name: "entry", data: "x", crc: 0x08074b50 };
    const problems = async (descriptor: "signed" | "plain"): Promise<string[]> => {
      const source = bytesSource(buildArchive([{ ...entry, descriptor }]));
      const found = await checkContent(source, await passed(source), { inflate: false });
      return found.map(({ reason }) => reason);
    };
    expect(await problems("signed")).toEqual([]);
    expect(await problems("plain")).toEqual(["descriptor-differs"]);
  });
});

describe("slices", () => {
  it("finds in slices what it finds in one pass", async () => {
    const source = counted(buildArchive(files(100, 2000, 1)));
    const directory = await passed(source);
    const whole = await checkContent(source, directory);
    expect(whole).toHaveLength(10);
    const slices = planSlices(directory, 30_000, 9);
    const parts = [];
    for (const slice of slices) parts.push(...(await checkContent(source, directory, slice)));
    expect(parts).toEqual(whole);
    expect(slices.every(({ from, to }) => to - from <= 9)).toBe(true);
    expect(slices.map(({ from }) => from)).toEqual([0, ...slices.slice(0, -1).map(({ to }) => to)]);
    expect(slices.at(-1)?.to).toBe(100);
  });

  it("gives an entry above the budget a slice of its own", async () => {
    const entries = [...files(2, 10), { name: "large", data: new Uint8Array(5000) }, ...files(4, 10).slice(2)];
    const directory = await passed(bytesSource(buildArchive(entries)));
    expect(planSlices(directory, 1000, 100)).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 3 },
      { from: 3, to: 5 },
    ]);
    expect(planSlices(await passed(bytesSource(buildArchive([]))), 1000, 100)).toEqual([]);
  });

  it("reads only its own part of the archive", async () => {
    const source = counted(buildArchive(files(100, 2000)));
    const directory = await passed(source);
    source.reads.length = 0;
    expect(await checkContent(source, directory, { from: 40, to: 50 })).toEqual([]);
    const begin = directory.localAt[40] ?? 0;
    expect(source.reads).toEqual([[begin, (directory.localAt[50] ?? 0) - begin]]);
  });

  it("sees bad data only when it inflates", async () => {
    const source = bytesSource(buildArchive(files(1, 100, 1)));
    const directory = await passed(source);
    expect(await checkContent(source, directory, { inflate: false })).toEqual([]);
    expect(await checkContent(source, directory)).toMatchObject([{ reason: "crc-differs" }]);
  });
});
