/** Archives with one flaw each in their local headers, descriptors, places or data, by where it is. */
import { crc32, deflateRawSync } from "node:zlib";
import { buildArchive, concat, type EntryFields, extra, type HeaderFields, le, text } from "../archive-builder.ts";
import type { Refusal } from "./refusal.ts";

/** Neighbours before and after: the flaw must be told of the entry between them. */
const BEFORE: EntryFields = { name: "before", data: "before ".repeat(9) };
const AFTER: EntryFields = { name: "after", data: "after ".repeat(9), descriptor: "signed" };
const TEXT = text("some text, some more text");
const CRC = crc32(TEXT);
const PACKED = deflateRawSync(TEXT);
const SOUND: EntryFields = { name: "entry", data: TEXT };

function flaw(reason: string, by: string, changes: Partial<EntryFields>, sound: EntryFields = SOUND): Refusal {
  return {
    reason,
    by,
    entry: "entry",
    flawed: buildArchive([BEFORE, { ...sound, ...changes }, AFTER]),
    sound: buildArchive([BEFORE, sound, AFTER]),
  };
}

function local(reason: string, by: string, fields: HeaderFields): Refusal {
  return flaw(reason, by, { local: fields });
}

/** The entry between its neighbours, with these extra fields in front of it and in the directory. */
function withExtras(inFront: Uint8Array, central: Uint8Array): Uint8Array {
  return buildArchive([BEFORE, { ...SOUND, local: { extra: inFront }, central: { extra: central } }, AFTER]);
}

/** `sound` is what the directory has where nothing is wrong, beside `soundInFront`. */
function both(
  reason: string,
  by: string,
  inFront: Uint8Array,
  central: Uint8Array,
  sound: Uint8Array,
  soundInFront: Uint8Array = inFront,
): Refusal {
  const flawed = withExtras(inFront, central);
  return { reason, by, entry: "entry", flawed, sound: withExtras(soundInFront, sound) };
}

const ut = (flags: number, ...times: number[]) => extra(0x5455, concat(le(1, flags), le(...times)));
const owner = (user: number, group: number) => extra(0x7875, le(1, 1, 1, 4, 4, user, 1, 4, 4, group));
const unix = (accessed: number, modified: number, ...ids: number[]) =>
  extra(0x5855, concat(le(4, accessed, 4, modified), ...ids.map((id) => le(4, id))));
const ntfs = (time: number) => extra(0xa, le(4, 0, 2, 1, 2, 24, 8, time, 8, time, 8, time));

function descriptorRefusals(): Refusal[] {
  const described: EntryFields = { ...SOUND, descriptor: "signed" };
  const bytes = (by: string, descriptorBytes: Uint8Array): Refusal =>
    flaw("descriptor-differs", by, { descriptorBytes }, described);
  return [
    bytes("CRC", le(4, 0x08074b50, 4, CRC ^ 1, 4, PACKED.length, 4, TEXT.length)),
    bytes("compressed size", le(4, 0x08074b50, 4, CRC, 4, PACKED.length + 1, 4, TEXT.length)),
    bytes("size", le(4, 0x08074b50, 4, CRC, 4, PACKED.length, 4, TEXT.length + 1)),
    bytes("signature", le(4, 0x08074b51, 4, CRC, 4, PACKED.length, 4, TEXT.length)),
    bytes("sizes in the other order", le(4, 0x08074b50, 4, CRC, 4, TEXT.length, 4, PACKED.length)),
    bytes("64 bits", le(4, 0x08074b50, 4, CRC, 8, PACKED.length, 8, TEXT.length + 2 ** 32)),
    bytes("a length of its own", le(4, 0x08074b50, 4, CRC, 4, PACKED.length, 4, TEXT.length, 2, 0)),
    flaw("descriptor-missing", "though promised", { descriptorBytes: new Uint8Array(0) }, described),
    flaw(
      "gap",
      "a descriptor and more",
      { descriptorBytes: concat(le(4, 0x08074b50, 4, CRC, 4, PACKED.length, 4, TEXT.length), new Uint8Array(20)) },
      described,
    ),
    flaw("gap", "a descriptor though none is promised", {
      descriptorBytes: le(4, 0x08074b50, 4, CRC, 4, PACKED.length, 4, TEXT.length),
    }),
  ];
}

function placeRefusals(): Refusal[] {
  const gapped = (before: Uint8Array): Uint8Array => buildArchive([{ ...SOUND }, { ...AFTER, before }]);
  const sound = buildArchive([SOUND, AFTER]);
  return [
    { reason: "gap", by: "between entries", entry: "entry", flawed: gapped(text("hidden")), sound },
    {
      reason: "gap",
      by: "an entry that no directory tells of",
      entry: "entry",
      flawed: gapped(buildArchive([{ name: "hidden", data: "x" }]).slice(0, 38)),
      sound,
    },
    {
      reason: "gap",
      by: "before the directory",
      entry: "entry",
      flawed: buildArchive([SOUND], { beforeDirectory: text("gap") }),
      sound: buildArchive([SOUND]),
    },
    {
      reason: "prefix-data",
      by: "before an empty directory",
      entry: null,
      flawed: buildArchive([], { beforeDirectory: text("gap") }),
      sound: buildArchive([]),
    },
    {
      reason: "overlap",
      by: "one local header for two entries",
      entry: "entry",
      flawed: buildArchive([SOUND, { ...SOUND, name: "after", central: { localOffset: 0 } }]),
      sound: buildArchive([SOUND, { ...SOUND, name: "after" }]),
    },
    {
      reason: "overlap",
      by: "data into the next entry",
      entry: "entry",
      flawed: buildArchive([{ ...SOUND, compressedSize: 60 }, AFTER]),
      sound: buildArchive([SOUND, AFTER]),
    },
    {
      reason: "overlap",
      by: "extra fields in front push the data into the next entry",
      entry: "entry",
      flawed: buildArchive([{ ...SOUND, local: { extraLength: 40 } }, AFTER]),
      sound: buildArchive([SOUND, AFTER]),
    },
    {
      reason: "outside-archive",
      entry: "after",
      flawed: buildArchive([SOUND, { ...AFTER, central: { localOffset: 5000 } }]),
      sound: buildArchive([SOUND, AFTER]),
    },
  ];
}

function dataRefusals(length: number): Refusal[] {
  const data = Uint8Array.from({ length }, (_, index) => (index * index) >> 5);
  const packed = new Uint8Array(deflateRawSync(data));
  const deflated: EntryFields = { name: "entry", data, method: 8 };
  const stored: EntryFields = { name: "entry", data, method: 0 };
  const damaged = packed.slice();
  // The block type 3 does not exist.
  damaged[0] = 0x07;
  return [
    flaw("crc-differs", "deflated", { crc: 1 }, deflated),
    flaw("crc-differs", "stored", { crc: 1 }, stored),
    flaw("crc-differs", "with a descriptor", { crc: 1, descriptor: "plain" }, deflated),
    flaw("data-corrupt", "deflated", { stored: damaged }, deflated),
    flaw("data-truncated", "no end", { stored: packed.slice(0, -3) }, deflated),
    flaw("data-truncated", "no data", { stored: new Uint8Array(0) }, deflated),
    flaw("data-after-end", "a few bytes", { stored: concat(packed, text("more")) }, deflated),
    flaw("data-after-end", "many bytes", { stored: concat(packed, new Uint8Array(300_000)) }, deflated),
    flaw("data-after-end", "a second stream", { stored: concat(packed, packed) }, deflated),
    flaw("data-too-long", "by one byte", { size: length - 1 }, deflated),
    flaw("data-too-long", "than nothing", { size: 0 }, deflated),
    flaw("data-too-short", "by one byte", { size: length + 1 }, deflated),
    flaw("data-too-short", "by far", { size: length + 2_000_000 }, deflated),
  ];
}

export const CONTENT_REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  "local and central headers that disagree": [
    local("local-header-missing", "another signature", { signature: 0x04034b51 }),
    local("local-name-differs", "another name", { name: "entri" }),
    local("local-name-differs", "another case", { name: "Entry" }),
    flaw("local-name-differs", "longer", { local: { name: "entry2" } }),
    local("local-flags-differ", "the UTF-8 flag", { flags: 0x800 }),
    local("local-flags-differ", "encrypted in front only", { flags: 1 }),
    flaw("local-flags-differ", "a descriptor in the directory only", {
      local: { flags: 0, crc: CRC, size: TEXT.length, compressedSize: PACKED.length },
      descriptor: "signed",
    }),
    local("local-method-differs", "stored in front", { method: 0 }),
    local("local-method-differs", "deflate64 in front", { method: 9 }),
    local("local-crc-differs", "another", { crc: 1 }),
    local("local-crc-differs", "zero without a descriptor", { crc: 0 }),
    local("local-time-differs", "MS-DOS time", { modified: 0x5c221885 }),
    flaw("local-time-differs", "in the directory", { central: { modified: 0x5c421883 } }),
    both("local-time-differs", "Info-ZIP's modification time", ut(1, 4, 7, 4, 8), ut(1, 4, 9), ut(1, 4, 7)),
    both("local-time-differs", "owner", owner(1000, 1000), owner(0, 1000), owner(1000, 1000)),
    both("local-time-differs", "the old Unix field", unix(1, 2, 3), unix(1, 4), unix(1, 2)),
    both("local-time-differs", "NTFS times", ntfs(1), ntfs(2), ntfs(1)),
    both("local-extra-differs", "a time in front only", ut(1, 4, 7), new Uint8Array(0), ut(1, 4, 7)),
    both("local-extra-differs", "a time in the directory only", new Uint8Array(0), ut(1, 4, 7), new Uint8Array(0)),
    both("local-extra-differs", "another id", ut(1, 4, 7), extra(0x5456, le(1, 1, 4, 7)), ut(1, 4, 7)),
    both("local-extra-differs", "an owner in front only", owner(1, 1), new Uint8Array(0), owner(1, 1)),
    both("local-extra-differs", "NTFS times in front only", ntfs(1), new Uint8Array(0), ntfs(1)),
    both("extra-repeated", "in front", concat(ut(1, 4, 7), ut(1, 4, 9)), ut(1, 4, 7), ut(1, 4, 7), ut(1, 4, 7)),
    both("extra-repeated", "in the directory", ut(1, 4, 7), concat(ut(1, 4, 7), ut(1, 4, 9)), ut(1, 4, 7)),
    local("local-sizes-differ", "size", { size: 1 }),
    local("local-sizes-differ", "compressed size", { compressedSize: 1 }),
    local("local-sizes-differ", "zero without a descriptor", { size: 0, compressedSize: 0 }),
    flaw("local-sizes-differ", "another one beside a descriptor", { local: { size: 1 }, descriptor: "signed" }),
    local("zip64-extra-differs", "a local sentinel without a field", { size: 0xffffffff, compressedSize: 0xffffffff }),
    local("zip64-extra-differs", "a local field that is not the header's sizes", { extra: extra(1, le(8, 25, 8, 25)) }),
    local("extra-malformed", "in front", { extra: le(2, 0x5455, 2, 9) }),
    local("unicode-path-differs", "in front", {
      extra: extra(0x7075, concat(le(1, 1, 4, crc32(text("entry"))), text("evil!"))),
    }),
    local("encrypted", "AES in front", { extra: extra(0x9901, new Uint8Array(7)) }),
  ],
  "data descriptors": descriptorRefusals(),
  places: placeRefusals(),
  // Data that is checked at once, and data that is streamed: every fault must be seen in both.
  "small data": dataRefusals(2_000),
  "streamed data": dataRefusals(1_500_000),
};
