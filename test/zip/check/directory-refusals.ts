/** Archives with one flaw each in their end records or their directory, by where it is. */
import { crc32 } from "node:zlib";
import {
  buildArchive,
  concat,
  type EndFields,
  type EntryFields,
  extra,
  le,
  text,
  unicodePath,
} from "../archive-builder.ts";
import type { Refusal } from "./refusal.ts";

const FILES: EntryFields[] = [
  { name: "task.yaml", data: "name: fixture\n" },
  { name: "solution/solve.sh", data: "echo solved\n".repeat(20) },
];
const SOUND = buildArchive(FILES);
const SENTINELS: EndFields = { entries: 0xffff, directorySize: 0xffffffff, directoryOffset: 0xffffffff };
const ZIP64 = buildArchive(FILES, { ...SENTINELS, zip64: {} });

/** The archive with one flaw in its end records; without them it is `SOUND`. */
function end(reason: string, by: string, fields: EndFields): Refusal {
  return { reason, by, entry: null, flawed: buildArchive(FILES, fields), sound: SOUND };
}

function zip64(reason: string, by: string, fields: EndFields): Refusal {
  return { reason, by, entry: null, flawed: buildArchive(FILES, { ...SENTINELS, zip64: {}, ...fields }), sound: ZIP64 };
}

/** The archive with one entry more, flawed or not. */
function entry(
  reason: string,
  by: string,
  flawed: EntryFields,
  sound: EntryFields = { name: "a", data: "x" },
): Refusal {
  const name = typeof flawed.name === "string" ? flawed.name : new TextDecoder().decode(flawed.name);
  return {
    reason,
    by,
    entry: name,
    flawed: buildArchive([...FILES, flawed]),
    sound: buildArchive([...FILES, sound]),
  };
}

function named(reason: string, name: string | Uint8Array): Refusal {
  const shown = typeof name === "string" ? JSON.stringify(name) : `bytes ${[...name].join(" ")}`;
  return entry(reason, shown, { name });
}

const second = buildArchive([{ name: "other", data: "y" }]);

function sizeRefusals(): Refusal[] {
  const big: EntryFields = { name: "big", data: new Uint8Array(100_000) };
  const sound = buildArchive(FILES);
  const flawed = buildArchive([...FILES, big]);
  return [
    entry("stored-size-differs", "shorter", { name: "s", data: "xyz", method: 0, size: 2 }),
    entry("stored-size-differs", "longer", { name: "s", data: "xyz", method: 0, size: 4 }),
    { reason: "too-many-entries", entry: null, flawed, sound, limits: { maxEntries: 2 } },
    { reason: "directory-too-large", entry: null, flawed, sound, limits: { maxDirectoryBytes: 120 } },
    { reason: "entry-too-large", entry: "big", flawed, sound, limits: { maxEntryBytes: 99_999 } },
    { reason: "total-too-large", entry: null, flawed, sound, limits: { maxTotalBytes: 100_000 } },
    { reason: "ratio-too-high", entry: null, flawed, sound, limits: { ratioFloorBytes: 99_999 } },
  ];
}

function extraRefusals(): Refusal[] {
  const wide = { name: "w", data: "xyz", method: 0 };
  const both = extra(0x0001, le(8, 3, 8, 3));
  const sound: EntryFields = {
    ...wide,
    local: { size: 0xffffffff, compressedSize: 0xffffffff, extra: both },
    central: { size: 0xffffffff, compressedSize: 0xffffffff, extra: both },
  };
  const central = (fields: EntryFields["central"]): EntryFields => ({
    ...sound,
    central: { ...sound.central, ...fields },
  });
  return [
    entry("extra-malformed", "cut", { name: "x", central: { extra: le(2, 0x5455, 2, 5, 1, 0) } }, { name: "x" }),
    entry("extra-malformed", "a stray byte", { name: "x", central: { extra: le(1, 0) } }, { name: "x" }),
    entry("zip64-extra-repeated", "twice", central({ extra: concat(both, both) }), sound),
    entry("zip64-extra-differs", "missing", central({ extra: new Uint8Array(0) }), sound),
    entry("zip64-extra-differs", "too short", central({ extra: extra(1, le(8, 3)) }), sound),
    entry("zip64-extra-differs", "too long", central({ extra: extra(1, le(8, 3, 8, 3, 8, 0)) }), sound),
    entry("zip64-extra-differs", "without need", { ...wide, central: { extra: both } }, sound),
    entry("number-too-large", "a size above 2^53", central({ extra: extra(1, le(8, 2 ** 62, 8, 3)) }), sound),
    entry(
      "unicode-path-differs",
      "another name",
      { name: "n", extra: unicodePath("m", "n") },
      { name: "n", extra: unicodePath("n") },
    ),
    entry(
      "unicode-path-differs",
      "for another name",
      { name: "n", extra: unicodePath("n", "m") },
      { name: "n", extra: unicodePath("n") },
    ),
    entry(
      "unicode-path-differs",
      "another version",
      { name: "n", extra: extra(0x7075, le(1, 2, 4, 0, 1, 0x6e)) },
      { name: "n" },
    ),
    entry("unicode-path-differs", "too short", { name: "n", extra: extra(0x7075, le(1, 1)) }, { name: "n" }),
    entry(
      "unicode-comment-differs",
      "another comment",
      { name: "n", central: { comment: "c", extra: unicodeComment("d", "c") } },
      { name: "n", central: { comment: "c", extra: unicodeComment("c") } },
    ),
    entry(
      "unicode-comment-differs",
      "for another comment",
      { name: "n", central: { comment: "c", extra: unicodeComment("c", "d") } },
      { name: "n", central: { comment: "c", extra: unicodeComment("c") } },
    ),
    entry(
      "unicode-comment-differs",
      "without a comment",
      { name: "n", central: { extra: unicodeComment("c") } },
      { name: "n", central: {} },
    ),
    entry(
      "comment-has-nul",
      "in the middle",
      { name: "n", central: { comment: "one\0two" } },
      { name: "n", central: { comment: "one two" } },
    ),
    entry(
      "comment-not-utf8",
      "with the flag",
      { name: "n", flags: 0x800, central: { comment: Uint8Array.of(0xe9) } },
      { name: "n", flags: 0x800, central: { comment: "é" } },
    ),
  ];
}

export const DIRECTORY_REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  "the end of the archive": [
    { reason: "no-end-record", entry: null, flawed: text("not a zip archive, whatever its name says"), sound: SOUND },
    { reason: "no-end-record", by: "too short", entry: null, flawed: text("PK"), sound: SOUND },
    { reason: "no-end-record", by: "cut in half", entry: null, flawed: SOUND.slice(0, SOUND.length / 2), sound: SOUND },
    { reason: "truncated", entry: null, flawed: buildArchive(FILES, { commentLength: 9 }), sound: SOUND },
    end("trailing-data", "bytes", { after: text("more") }),
    end("trailing-data", "the zeros that pad a tape block", { after: new Uint8Array(512) }),
    end("two-end-records", "one after the other", { afterDirectory: SOUND.slice(-22) }),
    {
      reason: "two-end-records",
      by: "both end the archive",
      entry: null,
      flawed: buildArchive(FILES, { comment: SOUND.slice(-22) }),
      sound: buildArchive(FILES, { comment: text("a plain comment") }),
    },
    end("two-end-records", "another archive after this one", { after: second }),
    {
      reason: "comment-holds-end-record",
      entry: null,
      flawed: buildArchive(FILES, { comment: concat(SOUND.slice(-22), text("and more")) }),
      sound: buildArchive(FILES, { comment: text("PK\u0005 and more") }),
    },
    end("prefix-data", "offsets not shifted", { prefix: text("#!/bin/sh\n") }),
    {
      reason: "prefix-data",
      by: "offsets shifted",
      entry: null,
      flawed: buildArchive([{ name: "a", data: "x", before: text("#!/bin/sh\n") }]),
      sound: buildArchive([{ name: "a", data: "x" }]),
    },
    end("directory-misplaced", "bytes before the end record", { afterDirectory: text("gap") }),
    end("directory-misplaced", "an offset behind the directory", { directoryOffset: 5000 }),
    end("multi-disk", "this disk", { disk: 1 }),
    end("multi-disk", "the directory's disk", { directoryDisk: 1 }),
    end("multi-disk", "entries elsewhere", { entriesOnDisk: 1 }),
    end("count-impossible", "more entries than bytes allow", { entries: 60_000 }),
    {
      reason: "count-disagrees",
      by: "one entry too many",
      entry: null,
      flawed: buildArchive([{ name: "a", comment: "c".repeat(46) }], { entries: 2 }),
      sound: buildArchive([{ name: "a", comment: "c".repeat(46) }]),
    },
    end("count-disagrees", "one entry too few", { entries: 1 }),
    {
      reason: "bad-signature",
      entry: null,
      flawed: buildArchive([{ name: "a", central: { signature: 0x02014b51 } }]),
      sound: buildArchive([{ name: "a" }]),
    },
    {
      reason: "directory-cut",
      entry: null,
      flawed: buildArchive([{ name: "a", central: { nameLength: 2 } }]),
      sound: buildArchive([{ name: "a" }]),
    },
  ],
  "zip64 end records": [
    zip64("zip64-disagrees", "count", { entries: 1 }),
    zip64("zip64-disagrees", "size", { directorySize: 1 }),
    zip64("zip64-disagrees", "offset", { directoryOffset: 1 }),
    {
      reason: "zip64-disagrees",
      by: "a locator without need",
      entry: null,
      flawed: buildArchive([{ name: "a", central: { comment: `PK\u0006\u0007${"\0".repeat(16)}` } }]),
      sound: buildArchive([{ name: "a", central: { comment: "PK\u0006" } }]),
    },
    zip64("zip64-misplaced", "the locator points elsewhere", { zip64: { locatorOffset: 7 } }),
    zip64("zip64-misplaced", "extensible data", { zip64: { remainingSize: 48, extensible: le(4, 0) } }),
    zip64("zip64-misplaced", "another record size", { zip64: { remainingSize: 45 } }),
    zip64("multi-disk", "the zip64 record's disk", { zip64: { disk: 1 } }),
    zip64("multi-disk", "the locator's disk", { zip64: { locatorDisk: 1 } }),
    zip64("multi-disk", "several disks", { zip64: { locatorDisks: 2 } }),
    zip64("directory-misplaced", "an offset before the directory", { zip64: { directoryOffset: 3 } }),
    zip64("number-too-large", "an offset above 2^53", { zip64: { directoryOffset: 2 ** 60 } }),
    end("directory-misplaced", "no zip64 records at all", SENTINELS),
  ],
  names: [
    named("name-empty", ""),
    named("name-not-utf8", Uint8Array.of(0x67, 0x72, 0xfc, 0xdf)),
    named("name-not-utf8", Uint8Array.of(0xed, 0xa0, 0x80)),
    named("name-not-utf8", Uint8Array.of(0xc0, 0xaf)),
    named("control-character", "a\u0000b"),
    named("control-character", "a\nb"),
    named("control-character", "a\u007fb"),
    named("control-character", "a\u0085b"),
    named("backslash", "a\\b"),
    named("backslash", "..\\..\\evil"),
    named("absolute-path", "/etc/passwd"),
    named("absolute-path", "/"),
    named("absolute-path", "//host/share"),
    named("drive-path", "C:/evil"),
    named("drive-path", "c:evil"),
    named("empty-segment", "a//b"),
    named("empty-segment", "a//"),
    named("dot-segment", "./a"),
    named("dot-segment", "a/./b"),
    named("dot-segment", "a/."),
    named("dot-segment", "./"),
    named("traversal", "../a"),
    named("traversal", "a/../../b"),
    named("traversal", "a/.."),
    named("traversal", "solution/../a"),
    {
      reason: "name-too-long",
      entry: "n".repeat(33),
      flawed: buildArchive([{ name: "n".repeat(33) }]),
      sound: buildArchive([{ name: "n".repeat(32) }]),
      limits: { maxNameBytes: 32 },
    },
    {
      reason: "name-too-long",
      by: "its beginning is named",
      entry: `${"n".repeat(1024)}…`,
      flawed: buildArchive([{ name: "n".repeat(65_535) }]),
      sound: buildArchive([{ name: "n".repeat(1024) }]),
    },
  ],
  "two entries, one path": [
    entry("duplicate-name", "the same bytes", { name: "task.yaml", data: "x" }),
    pair("duplicate-name", "a directory", "d/", "d/"),
    entry("duplicate-folded-name", "case", { name: "Task.YAML", data: "x" }),
    entry("duplicate-folded-name", "case of a folder", { name: "Solution/solve.sh", data: "x" }),
    pair("duplicate-folded-name", "normal form", "caf\u00e9", "cafe\u0301"),
    pair("duplicate-folded-name", "case beyond ASCII", "\u00c4rger", "\u00e4rger"),
    pair("duplicate-folded-name", "sharp s", "stra\u00dfe", "STRASSE"),
    pair("duplicate-folded-name", "the Kelvin sign", "k", "\u212a"),
    pair("file-as-directory", "a file first", "a", "a/b"),
    pair("file-as-directory", "a file last", "a/b", "a", "a/b"),
    pair("file-as-directory", "deeper", "a/b/c/d", "a/b", "a/b/c/d"),
    pair("file-as-directory", "in another case", "A/b", "a", "A/b"),
    pair("file-as-directory", "beyond ASCII", "\u00e9t\u00e9/b", "E\u0301T\u00c9", "\u00e9t\u00e9/b"),
    pair("file-as-directory", "by one name", "a", "a/"),
  ],
  "flags and methods": [
    entry("encrypted", "flag 0", { name: "e", data: "x", flags: 1 }),
    entry("encrypted", "flag 6", { name: "e", data: "x", flags: 1 << 6 }),
    entry("encrypted", "flag 13", { name: "e", data: "x", flags: 1 << 13 }),
    entry("encrypted", "method 99", { name: "e", data: "x", method: 99 }),
    entry("encrypted", "the AES extra field", { name: "e", data: "x", extra: extra(0x9901, new Uint8Array(7)) }),
    entry("patch-data", "flag 5", { name: "e", data: "x", flags: 1 << 5 }),
    entry("flags-unsupported", "flag 4", { name: "e", data: "x", flags: 1 << 4 }),
    entry("flags-unsupported", "flag 15", { name: "e", data: "x", flags: 1 << 15 }),
    ...[1, 6, 9, 12, 14, 93, 95, 98].map((method) =>
      entry("method-unsupported", `method ${method}`, { name: "e", data: "x", method }),
    ),
    entry("version-unsupported", "version 6.4", { name: "e", data: "x", versionNeeded: 64 }),
    entry("multi-disk", "an entry's disk", { name: "e", data: "x", central: { disk: 1 } }),
  ],
  kinds: [
    entry("symbolic-link", "made by Unix", { name: "link", data: "task.yaml", externalAttributes: 0o120777 * 65_536 }),
    entry("symbolic-link", "made by MS-DOS", {
      name: "link",
      data: "task.yaml",
      externalAttributes: 0o120777 * 65_536,
      central: { versionMadeBy: 20 },
    }),
    entry("special-file", "a character device", { name: "dev", externalAttributes: 0o020666 * 65_536 }),
    entry("special-file", "a block device", { name: "dev", externalAttributes: 0o060666 * 65_536 }),
    entry("special-file", "a pipe", { name: "dev", externalAttributes: 0o010666 * 65_536 }),
    entry("special-file", "a socket", { name: "dev", externalAttributes: 0o140666 * 65_536 }),
    entry("kind-differs", "a directory by its mode", { name: "d", externalAttributes: 0o040755 * 65_536 }),
    entry("kind-differs", "a file by its mode", { name: "d/", externalAttributes: 0o100755 * 65_536 }),
    entry("kind-differs", "a directory by its attributes", { name: "d", externalAttributes: 0x10 }),
    entry("directory-with-data", "stored", { name: "d/", data: "x", method: 0 }, { name: "d/" }),
    entry("directory-with-data", "deflated", { name: "d/", data: "x", method: 8 }, { name: "d/", method: 8 }),
  ],
  "sizes and limits": sizeRefusals(),
  "extra fields": extraRefusals(),
};

/** The 0x6375 extra field for a header's comment. */
function unicodeComment(comment: string, headerComment: string = comment): Uint8Array {
  return extra(0x6375, concat(le(1, 1, 4, crc32(text(headerComment))), text(comment)));
}

/** Two entries that cannot both be; each alone can. The one that `named` says is blamed. */
function pair(reason: string, by: string, first: string, last: string, named: string = last): Refusal {
  const flawed = buildArchive([{ name: first }, { name: last }]);
  return { reason, by, entry: named, flawed, sound: buildArchive([{ name: last }]) };
}
