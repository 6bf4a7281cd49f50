/** What ordinary tools write beside the plainest archive: one test per leniency. */
import { describe, expect, it } from "vitest";
import { buildArchive, concat, type EntryFields, extra, le, text, unicodePath } from "../archive-builder.ts";
import { check } from "./refusal.ts";

function itAccepts(what: string, archive: Uint8Array): void {
  it(`accepts ${what}`, async () => {
    expect(await check(archive)).toMatchObject({ ok: true });
  });
}

function itAcceptsEntry(what: string, entry: EntryFields): void {
  itAccepts(what, buildArchive([{ name: "before", data: "x" }, entry, { name: "z", data: "y" }]));
}

const DATA = "some text, some more text";
const FILE: EntryFields = { name: "entry", data: DATA };

describe("the archive", () => {
  const inner = buildArchive([FILE]);
  itAccepts("no entries", buildArchive([]));
  itAccepts("a comment", buildArchive([FILE], { comment: text("b52e79c3fd58e4af100d6a211ce3fc4c76015d07") }));
  itAccepts("the longest comment", buildArchive([FILE], { comment: new Uint8Array(0xffff).fill(0x20) }));
  itAccepts("an archive stored in the archive", buildArchive([{ name: "inner.zip", data: inner, method: 0 }]));
  itAccepts("zip64 records without need", buildArchive([FILE], { zip64: {} }));
  itAccepts("a zip64 place only", buildArchive([FILE], { directoryOffset: 0xffffffff, zip64: {} }));
  itAccepts(
    "sentinels in every field of the end record",
    buildArchive([FILE], {
      disk: 0xffff,
      directoryDisk: 0xffff,
      entries: 0xffff,
      directorySize: 0xffffffff,
      directoryOffset: 0xffffffff,
      zip64: {},
    }),
  );
  const swapped = [
    { name: "a", data: "first" },
    { name: "b", data: "second" },
  ];
  const [one, two] = swapped.map((entry) => buildArchive([entry]));
  it("accepts a directory in another order than the entries", async () => {
    const sound = buildArchive(swapped);
    const size = 47;
    const at = sound.length - 22 - 2 * size;
    const directory = concat(sound.slice(at + size, at + 2 * size), sound.slice(at, at + size));
    expect(one?.length).toBe((two?.length ?? 0) - 1);
    expect(await check(concat(sound.slice(0, at), directory, sound.slice(-22)))).toMatchObject({ ok: true });
  });
});

describe("names", () => {
  itAcceptsEntry("UTF-8 without its flag, as macOS writes it", { ...FILE, name: "gru\u0308\u00dfe \u65e5\u672c.txt" });
  itAcceptsEntry("UTF-8 with its flag", { ...FILE, name: "gr\u00fc\u00dfe.txt", flags: 0x800 });
  itAcceptsEntry("a second name that is the name", {
    ...FILE,
    name: "gr\u00fc\u00dfe",
    extra: unicodePath("gr\u00fc\u00dfe"),
  });
  itAcceptsEntry("spaces, dots and colons inside", { ...FILE, name: "..a/ b /.hidden/...x/c:d" });
  itAcceptsEntry("emoji and joiners", { ...FILE, name: "\u{1f469}\u200d\u{1f4bb}/\u{1f600}.md" });
  itAcceptsEntry("1,024 bytes", { ...FILE, name: "n".repeat(1024) });
  itAcceptsEntry("a directory's entry after its files", { name: "befor/" });
  itAccepts(
    "many that begin alike",
    buildArchive(["a", "a.b", "a-b/c", "ab/c", "a b/", "A0/a"].map((name) => ({ name }))),
  );
});

describe("headers", () => {
  itAcceptsEntry("hints of the compressor", { ...FILE, flags: 6 });
  itAcceptsEntry("hints that differ in front", { ...FILE, flags: 2, local: { flags: 4 } });
  itAcceptsEntry("versions that differ in front", { ...FILE, versionNeeded: 20, local: { versionNeeded: 45 } });
  itAcceptsEntry("no Unix mode", { ...FILE, externalAttributes: 0x20, versionMadeBy: 20 });
  itAcceptsEntry("a Unix mode without a file type", { ...FILE, externalAttributes: 0o600 * 65_536 });
  itAcceptsEntry("the mode -1, as old Java archivers write it", {
    name: "d/",
    externalAttributes: 0xffff * 65_536 + 16,
  });
  itAcceptsEntry("set-user-id and sticky bits", { ...FILE, externalAttributes: 0o107777 * 65_536 });
  itAcceptsEntry("an entry's comment", { ...FILE, comment: "made by hand" });
  itAcceptsEntry("extra fields that differ in front", {
    ...FILE,
    local: { extra: extra(0x5455, le(1, 3, 4, 1, 4, 2)) },
    central: { extra: extra(0x5455, le(1, 3, 4, 1)) },
  });
  itAcceptsEntry("an empty extra field, as jar writes it", { ...FILE, extra: extra(0xcafe, new Uint8Array(0)) });
  itAcceptsEntry("a directory", { name: "d/" });
  itAcceptsEntry("a directory that MS-DOS marked", { name: "d/", externalAttributes: 0x10, versionMadeBy: 0 });
  itAcceptsEntry("a directory deflated to nothing", { name: "d/", method: 8 });
  itAcceptsEntry("an empty file deflated", { name: "empty", method: 8 });
  itAcceptsEntry("an empty file stored", { name: "empty" });
});

describe("sizes", () => {
  const both = { size: 0xffffffff, compressedSize: 0xffffffff };
  const zip64 = extra(1, le(8, 3, 8, 3));
  const wide: EntryFields = { name: "w", data: "xyz", method: 0 };
  itAcceptsEntry("zip64 in both headers", {
    ...wide,
    local: { ...both, extra: zip64 },
    central: { ...both, extra: zip64 },
  });
  itAcceptsEntry("zip64 in front only", { ...wide, local: { ...both, extra: zip64 } });
  itAcceptsEntry("a local zip64 extra that repeats the sizes, as Python 3.10 writes it", {
    ...wide,
    local: { extra: zip64 },
  });
  itAcceptsEntry("the same, streamed", {
    ...wide,
    descriptor: "signed64",
    local: { extra: extra(1, new Uint8Array(16)) },
  });
  itAcceptsEntry("one sentinel in the directory", {
    ...wide,
    local: { ...both, extra: zip64 },
    central: { size: 0xffffffff, extra: extra(1, le(8, 3)) },
  });
  itAcceptsEntry("a disk number in the zip64 extra", {
    ...wide,
    central: { ...both, disk: 0xffff, extra: extra(1, le(8, 3, 8, 3, 4, 0)) },
  });
});

describe("data descriptors", () => {
  for (const descriptor of ["signed", "plain", "signed64", "plain64"] as const) {
    itAcceptsEntry(descriptor, { ...FILE, descriptor });
    itAcceptsEntry(`${descriptor}, stored`, { ...FILE, method: 0, descriptor });
  }
  itAcceptsEntry("beside a size in front", { ...FILE, descriptor: "signed", local: { size: DATA.length } });
  itAcceptsEntry("beside zeros in a local zip64 extra", {
    ...FILE,
    descriptor: "signed64",
    local: { size: 0xffffffff, compressedSize: 0xffffffff, extra: extra(1, new Uint8Array(16)) },
  });
  itAcceptsEntry("of large data", { name: "large", data: new Uint8Array(3_000_000), descriptor: "signed" });
});
