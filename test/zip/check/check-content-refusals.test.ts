/** Local headers, descriptors, places and data: one test per refusal, named after its reason. */
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { checkDirectory } from "../../../src/zip/check/check-directory.ts";
import { DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";
import { buildArchive, concat, type EntryFields, le } from "../archive-builder.ts";
import { CONTENT_REFUSALS } from "./content-refusals.ts";
import { check, itRefuses } from "./refusal.ts";

describe.each(Object.entries(CONTENT_REFUSALS))("%s", (_, refusals) => {
  itRefuses(refusals);
});

it("overlap: a bomb whose entries quote each other is refused without reading its data", async () => {
  const bomb = quotedBomb(200, 100_000);
  const reads: [number, number][] = [];
  const source = bytesSource(bomb);
  const counted = {
    length: source.length,
    read: (offset: number, length: number) => {
      reads.push([offset, length]);
      return source.read(offset, length);
    },
  };
  const verdict = await checkDirectory(counted, DEFAULT_CHECK_LIMITS);
  const problems = verdict.ok ? [] : verdict.problems;
  expect(problems).toHaveLength(51);
  expect(problems.slice(0, 50).every(({ reason }) => reason === "overlap")).toBe(true);
  expect(problems[50]).toMatchObject({ entry: null, reason: "more-problems" });
  expect(reads).toHaveLength(1);
});

it("stops inflating a bomb that unpacks to more than it says", async () => {
  const packed = new Uint8Array(deflateRawSync(new Uint8Array(64 * 1024 * 1024)));
  const bomb = buildArchive([{ name: "bomb", stored: packed, method: 8, size: 1_200_000 }, { name: "after" }]);
  const verdict = await check(bomb, { maxRatio: 2000 });
  const problems = verdict.ok ? [] : verdict.problems;
  expect(problems.map(({ entry, reason }) => [entry, reason])).toEqual([["bomb", "data-too-long"]]);
});

it("names every entry at fault, up to fifty", async () => {
  const entries = Array.from({ length: 60 }, (_, index) => ({ name: `e${index}`, data: "x", crc: 1 }));
  const few = await check(buildArchive(entries.slice(0, 3)));
  expect(few.ok ? [] : few.problems.map(({ entry }) => entry)).toEqual(["e0", "e1", "e2"]);
  const many = await check(buildArchive(entries));
  expect(many.ok ? [] : many.problems.map(({ reason }) => reason)).toEqual([
    ...Array.from({ length: 50 }, () => "crc-differs"),
    "more-problems",
  ]);
});

/** Bytes before the data of a stored block: its type, its length and the length's complement. */
const BLOCK_HEAD = 5;

/**
 * Fifield's bomb: each entry's deflate stream begins with a stored block that quotes the next local header, so that all
 * of them unpack one kernel.
 */
function quotedBomb(count: number, kernelSize: number): Uint8Array {
  const entries: EntryFields[] = [];
  let stream: Uint8Array = new Uint8Array(deflateRawSync(new Uint8Array(kernelSize)));
  let plain: Uint8Array = new Uint8Array(kernelSize);
  for (let index = count - 1; index >= 0; index -= 1) {
    const entry: EntryFields = { name: `f${index}`, method: 8, stored: stream, crc: crc32(plain), size: plain.length };
    entries.unshift(entry);
    const header = buildArchive([entry]).slice(0, 30 + `f${index}`.length);
    const block = concat(le(1, 0, 2, header.length, 2, header.length ^ 0xffff), header);
    stream = concat(block, stream);
    plain = concat(header, plain);
  }
  // The first entry's own bytes hold all others; only the directory tells of them.
  const data = buildArchive(entries.slice(0, 1)).slice(0, 30 + "f0".length + stream.length);
  let localOffset = 0;
  const directory = entries.map((entry, index) => {
    const headerSize = 30 + `f${index}`.length;
    const one = buildArchive([{ ...entry, central: { localOffset } }]);
    localOffset += headerSize + BLOCK_HEAD;
    return one.slice(headerSize + (entry.stored?.length ?? 0), -22);
  });
  const all = concat(...directory);
  const end = le(4, 0x06054b50, 2, 0, 2, 0, 2, count, 2, count, 4, all.length, 4, data.length, 2, 0);
  return concat(data, all, end);
}
