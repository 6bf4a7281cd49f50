/** The check over archives that nobody wrote by hand: random trees are accepted, mutated archives judged and no more. */
import * as fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { checkArchive } from "../../../src/zip/check/check.ts";
import { DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";
import { MAX_PROBLEMS, type Problem } from "../../../src/zip/check/check-problems.ts";
import { findNameFault, foldName } from "../../../src/zip/check/names.ts";
import { buildArchive, concat, type EntryFields, text } from "../archive-builder.ts";
import { FIXTURES } from "../fixtures.ts";
import { CountingSource, writeWithZipJs } from "../read/reader-archives.ts";
import { check } from "./refusal.ts";

/** Trees for each writer, and mutated archives. */
const TREES = 250;
const MUTATIONS = 8_000;
/** Small enough that a mutated size passes them at times, so that they are tried as well. */
const LIMITS = { ...DEFAULT_CHECK_LIMITS, maxEntryBytes: 2 ** 20, maxTotalBytes: 2 ** 21, maxNameBytes: 200 };

const segment = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_. -]{1,12}$/) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }) },
);
const path = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join("/"))
  .filter(
    (path) =>
      !path.endsWith("/") && findNameFault(text(path), 0, text(path).length) === undefined && path.isWellFormed(),
  );
/** Bytes that repeat seldom. */
const LONG = Uint8Array.from({ length: 400_000 }, (_, at) => (at ** 2) >> 3);
const data = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: fc.nat(LONG.length).map((length) => LONG.slice(0, length)) },
);

/** Files that can lie in one folder of any file system. */
const tree = fc
  .uniqueArray(fc.record({ path, data }), { selector: ({ path }) => folded(path), maxLength: 12 })
  .map((files) => {
    const taken = new Set(files.map(({ path }) => folded(path)));
    return files.filter(({ path }) => parentsOf(path).every((parent) => !taken.has(folded(parent))));
  });

describe("random trees are accepted", () => {
  it("from fflate", async () => {
    const level = fc.constantFrom<(0 | 1 | 6)[]>(0, 1, 6);
    await fc.assert(
      fc.asyncProperty(tree, level, async (files, level) => {
        const contents = Object.fromEntries(files.map(({ path, data }) => [path, data]));
        await expectAccepted(zipSync(contents, { level }), files.length);
      }),
      { numRuns: TREES },
    );
  });

  it("from zip.js", async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), fc.string(), async (files, zip64, comment) => {
        const archive = await writeWithZipJs(
          files.map(({ path, data }) => ({ name: path, data })),
          { zip64, comment },
        );
        await expectAccepted(archive, files.length);
      }),
      { numRuns: TREES },
    );
  });

  it("from the tests' own builder", async () => {
    const descriptor = fc.constantFrom(undefined, "signed", "plain", "signed64", "plain64");
    const method = fc.constantFrom(0, 8);
    await fc.assert(
      fc.asyncProperty(tree, fc.array(fc.tuple(descriptor, method), { minLength: 1 }), async (files, ways) => {
        const entries = files.map(({ path, data }, index): EntryFields => {
          const [descriptor, method = 0] = ways[index % ways.length] ?? [];
          return { name: path, data, method, ...(descriptor !== undefined && { descriptor }) };
        });
        await expectAccepted(buildArchive(entries), files.length);
      }),
      { numRuns: TREES },
    );
  });
});

/** Where a record begins in each archive: changes fall into the fields behind it. */
const seeds = FIXTURES.map(({ bytes }) => ({
  bytes,
  records: [...bytes.keys()].filter((at) => bytes[at] === 0x50 && bytes[at + 1] === 0x4b),
}));
const values = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 2 }),
  fc.constantFrom(Uint8Array.of(0, 0), Uint8Array.of(255, 255), Uint8Array.of(255, 255, 255, 255), text("../")),
);
/** `record` and `field` say where; `length` bytes there are replaced by `value`, or by bytes of the archive itself. */
const change = fc.record({
  record: fc.nat(1000),
  field: fc.nat(50),
  length: fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(90) }),
  value: values,
  copied: fc.option(fc.tuple(fc.nat(1000), fc.nat(120)), { freq: 12 }),
});
const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.oneof(fc.tuple(change), fc.array(change, { minLength: 2, maxLength: 3 })))
  .map(([{ bytes, records }, changes]) => {
    let archive = bytes;
    for (const { record, field, length, value, copied } of changes) {
      const at = Math.min(archive.length, (records[record % records.length] ?? 0) + field);
      const from = copied === null ? 0 : (records[copied[0] % records.length] ?? 0);
      const inserted = copied === null ? value : archive.slice(from, from + copied[1]);
      const removed = length === -1 ? inserted.length : length;
      archive = concat(archive.slice(0, at), inserted, archive.slice(at + removed));
    }
    return archive;
  });

describe("mutated archives", () => {
  it("are judged with few reads, and what is accepted unpacks alike elsewhere", { timeout: 120_000 }, async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(mutated, fc.integer({ min: 1, max: 3_000 }), async (archive, pieceSize) => {
        const source = new CountingSource(archive, [pieceSize]);
        const verdict = await checkArchive(source, LIMITS);
        expect(source.reads).toBeLessThanOrEqual(3);
        expect(source.bytes).toBeLessThanOrEqual(3 * archive.length);
        expect(verdict.ok ? describeUnpacked(archive) : describeProblems(verdict.problems)).toEqual(
          verdict.ok ? { entries: verdict.archive.entries, totalBytes: verdict.archive.totalBytes } : SOUND_PROBLEMS,
        );
        if (verdict.ok) accepted += 1;
      }),
      { numRuns: MUTATIONS },
    );
    // Versions and attributes may change: the property is about accepted archives, too.
    expect(accepted).toBeGreaterThan(MUTATIONS / 100);
    expect(accepted).toBeLessThan(MUTATIONS / 2);
  });
});

/** What another reader makes of an archive. */
function describeUnpacked(archive: Uint8Array): { entries: number; totalBytes: number } {
  const unpacked = Object.values(unzipSync(archive));
  return { entries: unpacked.length, totalBytes: unpacked.reduce((total, { length }) => total + length, 0) };
}

const SOUND_PROBLEMS = { some: true, bounded: true, named: true };

function describeProblems(problems: Problem[]): typeof SOUND_PROBLEMS {
  return {
    some: problems.length > 0,
    bounded: problems.length <= MAX_PROBLEMS + 1,
    named: problems.every(({ reason, message }) => /^[a-z0-9-]+$/.test(reason) && /^["A-Z\d].*[.]$/s.test(message)),
  };
}

async function expectAccepted(archive: Uint8Array, files: number): Promise<void> {
  const verdict = await check(archive);
  expect(verdict).toMatchObject({ ok: true, archive: { files } });
}

function folded(path: string): string {
  return new TextDecoder().decode(foldName(text(path)));
}

function parentsOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}
