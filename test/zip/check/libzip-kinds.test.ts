/**
 * Each kind of inconsistent archive that libzip's regression suite has (regress/open_incons.test and its `incons-…` files),
 * by the name it has there, made anew field by field: none of them passes, and the reason is the one that names it.
 */
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  buildArchive,
  concat,
  type EndFields,
  type EntryFields,
  extra,
  type HeaderFields,
  le,
  text,
  unicodePath,
} from "../archive-builder.ts";
import { check } from "./refusal.ts";

const DATA = "test text, test text, test text";
const PACKED = new Uint8Array(deflateRawSync(DATA));
/** A modification time as Info-ZIP writes it. */
const TIME = extra(0x5455, le(1, 1, 4, 0x5c221883));
const FILE: EntryFields = { name: "testfile.txt", data: DATA, method: 8, extra: TIME };
const STORED: EntryFields = { ...FILE, method: 0 };
const STREAMED: EntryFields = { ...FILE, descriptor: "signed" };
const NEXT: EntryFields = { name: "second.txt", data: "second" };
const COMMENT = text("an archive's comment");

const of = (changes: Partial<EntryFields>, sound: EntryFields = FILE) => buildArchive([{ ...sound, ...changes }]);
const central = (fields: HeaderFields) => of({ central: fields });
const local = (fields: HeaderFields) => of({ local: fields });
const localExtra = (bytes: Uint8Array) => local({ extra: bytes });
const end = (fields: EndFields) => buildArchive([FILE], fields);
const commented = (length: number) =>
  buildArchive([{ ...FILE, central: { comment: "a comment" } }, NEXT]).map((byte, at, all) =>
    at === commentLengthAt(all) ? length : byte,
  );
const unicodeComment = (comment: string, own: string) =>
  extra(0x6375, concat(le(1, 1, 4, crc32(text(own))), text(comment)));
const descriptor = (crc: number, size: number) => le(4, 0x08074b50, 4, crc, 4, PACKED.length, 4, size);

/** Where the first header of the directory tells how long its comment is. */
function commentLengthAt(archive: Uint8Array): number {
  return Buffer.from(archive.buffer, archive.byteOffset, archive.length).indexOf(le(4, 0x02014b50)) + 32;
}

const both = { size: 0xffffffff, compressedSize: 0xffffffff };
const zip64 = (...values: number[]) => extra(1, le(...values));
const WIDE = le(8, DATA.length, 8, PACKED.length);
const SENTINELS: EndFields = { entries: 0xffff, directorySize: 0xffffffff, directoryOffset: 0xffffffff, zip64: {} };

/** An archive of the kind, and the reason that it is refused for. */
const KINDS: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  "archive-comment-longer": [end({ comment: COMMENT, commentLength: COMMENT.length - 1 }), "trailing-data"],
  "archive-comment-shorter": [end({ comment: COMMENT, commentLength: COMMENT.length + 1 }), "truncated"],
  cdoffset: [end({ directoryOffset: 5_000 }), "directory-misplaced"],
  "cdsize-large": [end({ directorySize: 500 }), "directory-misplaced"],
  "cdsize-small": [end({ directorySize: 20 }), "directory-misplaced"],
  "central-compression-method": [central({ method: 0 }), "stored-size-differs"],
  "central-compsize-larger": [central({ compressedSize: PACKED.length + 1 }), "overlap"],
  "central-compsize-larger-toolarge": [central({ compressedSize: 60_000 }), "overlap"],
  "central-compsize-smaller": [central({ compressedSize: PACKED.length - 1 }), "local-sizes-differ"],
  "central-crc": [central({ crc: 1 }), "local-crc-differs"],
  "central-date": [central({ modified: 0x5c421883 }), "local-time-differs"],
  "central-file-comment-longer": [commented(200), "directory-cut"],
  "central-file-comment-shorter": [commented(3), "bad-signature"],
  "central-file-comment-utf8-ascii": [
    of({ central: { comment: "one", extra: concat(TIME, unicodeComment("two", "one")) } }),
    "unicode-comment-differs",
  ],
  "central-magic-bad": [central({ signature: 0x02014b51 }), "bad-signature"],
  "central-magic-bad2": [buildArchive([FILE, { ...NEXT, central: { signature: 0x04034b50 } }]), "bad-signature"],
  "central-size-larger": [central({ size: DATA.length + 1 }), "local-sizes-differ"],
  data: [of({ stored: text(DATA.replace("text", "tixt")) }, STORED), "crc-differs"],
  "deflated-data-longer": [of({ stored: concat(PACKED, text("more")) }), "data-after-end"],
  "deflated-data-shorter": [of({ stored: PACKED.slice(0, -3) }), "data-truncated"],
  "ef-central-size-wrong": [central({ extra: le(2, 0x5455, 2, 9, 1, 1, 4, 1) }), "extra-malformed"],
  "ef-local-dupe-utf8comment": [
    localExtra(concat(TIME, unicodeComment("one", ""), unicodeComment("two", ""))),
    "unicode-comment-differs",
  ],
  "ef-local-dupe-utf8name": [
    localExtra(concat(TIME, unicodePath("testfile.txt"), unicodePath("other.txt", "testfile.txt"))),
    "unicode-path-differs",
  ],
  "ef-local-dupe-zip64-v1": [
    local({ ...both, extra: concat(TIME, extra(1, WIDE), zip64(8, 1, 8, 1)) }),
    "zip64-extra-repeated",
  ],
  "ef-local-dupe-zip64-v2": [
    local({ ...both, extra: concat(TIME, extra(1, WIDE), extra(1, WIDE)) }),
    "zip64-extra-repeated",
  ],
  "ef-local-id": [localExtra(extra(0x5456, le(1, 1, 4, 0x5c221883))), "local-extra-differs"],
  "ef-local-id-size": [localExtra(le(2, 0x5456, 2, 50, 1, 1, 4, 1)), "extra-malformed"],
  "ef-local-incomplete1": [localExtra(le(1, 0x55)), "extra-malformed"],
  "ef-local-incomplete2": [localExtra(le(2, 0x5455)), "extra-malformed"],
  "ef-local-incomplete3": [localExtra(le(2, 0x5455, 1, 0)), "extra-malformed"],
  "ef-local-incomplete4": [localExtra(le(4, 0)), "local-extra-differs"],
  "ef-local-size": [localExtra(le(2, 0x5455, 2, 50, 1, 1, 4, 1)), "extra-malformed"],
  "ef-local-utf8name-ascii": [
    localExtra(concat(TIME, unicodePath("other.txt", "testfile.txt"))),
    "unicode-path-differs",
  ],
  eocd64: [end({ ...SENTINELS, entries: 2 }), "zip64-disagrees"],
  "eocd-magic-bad": [end({}).with(end({}).length - 22, 0x51), "no-end-record"],
  "file-count": [end({ entries: 2 }), "count-impossible"],
  "file-count-high": [end({ entries: 3 }), "count-impossible"],
  "file-count-low": [buildArchive([FILE, NEXT], { entries: 1 }), "count-disagrees"],
  "file-count-overflow": [end({ entries: 65_534 }), "count-impossible"],
  "gap-before-cd": [end({ beforeDirectory: text("gap") }), "gap"],
  "gap-before-eocd": [end({ afterDirectory: text("gap") }), "directory-misplaced"],
  "gap-before-local": [buildArchive([FILE, { ...NEXT, before: text("gap") }]), "gap"],
  "local-compression-method": [local({ method: 0 }), "local-method-differs"],
  "local-compsize-larger": [local({ compressedSize: PACKED.length + 1 }), "local-sizes-differ"],
  "local-compsize-smaller": [local({ compressedSize: PACKED.length - 1 }), "local-sizes-differ"],
  "local-crc": [local({ crc: 1 }), "local-crc-differs"],
  "local-descriptor-overlap-no-signature": [
    of({ compressedSize: PACKED.length + 12, descriptor: "plain" }),
    "descriptor-missing",
  ],
  "local-descriptor-overlap-signature": [
    of({ compressedSize: PACKED.length + 16, descriptor: "signed" }),
    "descriptor-missing",
  ],
  "local-extra-overlap": [local({ extraLength: 500 }), "overlap"],
  "local-filename": [local({ name: "Testfile.txt" }), "local-name-differs"],
  "local-filename-long": [local({ nameLength: 60_000 }), "overlap"],
  "local-filename-missing": [local({ name: "" }), "overlap"],
  "local-filename-nil-byte": [local({ name: "testfile\0txt" }), "local-name-differs"],
  "local-filename-short": [local({ name: "testfile.tx" }), "local-name-differs"],
  "local-magic-bad": [local({ signature: 0x04034b51 }), "local-header-missing"],
  "local-size-larger": [local({ size: DATA.length + 1 }), "local-sizes-differ"],
  "local-zip64-descriptor-overlap-no-signature": [
    of({ compressedSize: PACKED.length + 20, descriptor: "plain64" }),
    "descriptor-missing",
  ],
  "local-zip64-descriptor-overlap-signature": [
    of({ compressedSize: PACKED.length + 24, descriptor: "signed64" }),
    "descriptor-missing",
  ],
  "nonzero-disk": [central({ disk: 1 }), "multi-disk"],
  "stored-data-empty": [of({ stored: new Uint8Array(0) }, STORED), "stored-size-differs"],
  "stored-data-shorter": [of({ stored: text(DATA.slice(0, -1)) }, STORED), "stored-size-differs"],
  "stored-size": [of({ size: DATA.length + 1 }, STORED), "stored-size-differs"],
  streamed: [of({ local: { flags: 8, size: 5 } }, STREAMED), "local-sizes-differ"],
  "streamed-2": [of({ descriptorBytes: descriptor(1, DATA.length) }, STREAMED), "descriptor-differs"],
  "utf8-name-surrogate": [of({ name: Uint8Array.of(0x61, 0xed, 0xa0, 0x80), flags: 0x800 }), "name-not-utf8"],
  "utf8-nul-in-comment": [of({ flags: 0x800, central: { comment: "one\0two" } }), "comment-has-nul"],
  "utf8-nul-in-name": [of({ name: "test\0file", flags: 0x800 }), "control-character"],
  "zip64-ef-disk-missing": [central({ disk: 0xffff, extra: concat(TIME, zip64()) }), "zip64-extra-differs"],
  "zip64-ef-disk-missing-sizes": [
    central({ ...both, disk: 0xffff, extra: concat(TIME, extra(1, WIDE)) }),
    "zip64-extra-differs",
  ],
  "zip64-ef-disk-missing-comp": [
    central({ compressedSize: 0xffffffff, disk: 0xffff, extra: concat(TIME, zip64(8, PACKED.length)) }),
    "zip64-extra-differs",
  ],
  "zip64-ef-disk-missing-uncomp": [
    central({ size: 0xffffffff, disk: 0xffff, extra: concat(TIME, zip64(8, DATA.length)) }),
    "zip64-extra-differs",
  ],
};

describe("an archive that libzip's tests call inconsistent is refused", () => {
  it.each(Object.entries(KINDS))("%s", async (_, [archive, reason]) => {
    const verdict = await check(archive);
    expect(verdict.ok ? [] : verdict.problems.map((problem) => problem.reason)).toContain(reason);
  });

  it("for what is wrong with it alone", async () => {
    for (const sound of [FILE, STORED, STREAMED]) {
      expect(await check(buildArchive([sound, NEXT], { comment: COMMENT }))).toMatchObject({ ok: true });
    }
    expect(await check(end(SENTINELS))).toMatchObject({ ok: true });
    expect(await check(commented("a comment".length))).toMatchObject({ ok: true });
  });
});
