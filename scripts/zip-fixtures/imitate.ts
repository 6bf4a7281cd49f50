/**
 * Writes archives byte for byte in the way of writers that no Debian machine has, as far as their archives are known:
 * `macos-imitated.zip` (Finder's Archive Utility) and `explorer-imitated.zip` (Windows Explorer's "Send to compressed
 * folder"). They imitate, and are no proof of what those tools write: `node imitate.ts FOLDER OUTPUT_FOLDER`.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildArchive, concat, type EntryFields, extra, le, text } from "../../test/zip/archive-builder.ts";

const [folder = ".", output = "."] = process.argv.slice(2);
/** 2026-01-02T03:04:06Z in seconds, and the owner that macOS records. */
const MODIFIED = 1_767_323_046;
const OWNER = le(2, 501, 2, 20);
/** An AppleDouble file without attributes: magic, version, filler, no entries. */
const APPLE_DOUBLE = concat(le(4, 0x07160500, 4, 0x00000200), text("Mac OS X        "), le(2, 0));

const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

function macos(path: string): EntryFields[] {
  const stat = statSync(join(folder, path));
  const times = le(4, MODIFIED, 4, MODIFIED);
  const shared = { externalAttributes: stat.mode * 65_536 };
  const both = {
    local: { extra: extra(0x5855, concat(times, OWNER)) },
    central: { extra: extra(0x5855, times), versionMadeBy: 0x0315 },
  };
  // HFS+ keeps names decomposed, and Archive Utility writes them without the UTF-8 flag.
  const name = path.normalize("NFD");
  if (stat.isDirectory()) return [{ ...shared, ...both, name: `${name}/`, versionNeeded: 10 }];
  const base = name.slice(name.lastIndexOf("/") + 1);
  const double = `__MACOSX/${name.slice(0, name.length - base.length)}._${base}`;
  const descriptor = "signed";
  const data = readFileSync(join(folder, path));
  return [
    { ...shared, ...both, name, data, method: 8, descriptor },
    { ...shared, ...both, name: double, data: APPLE_DOUBLE, method: 8, descriptor },
  ];
}

function explorer(path: string): EntryFields[] {
  if (statSync(join(folder, path)).isDirectory()) return [];
  const ascii = /^[ -~]*$/.test(path);
  const data = readFileSync(join(folder, path));
  const facts = { name: path, data, externalAttributes: 0x20, versionMadeBy: 20 };
  return [{ ...facts, method: data.length > 0 ? 8 : 0, flags: ascii ? 0 : 0x800 }];
}

writeFileSync(join(output, "macos-imitated.zip"), buildArchive(paths.flatMap(macos)));
writeFileSync(join(output, "explorer-imitated.zip"), buildArchive(paths.flatMap(explorer)));
