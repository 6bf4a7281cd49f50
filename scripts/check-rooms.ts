/**
 * `npm run check:rooms`: holds src/ to the plan of its rooms (scripts/rooms.ts, docs/architecture.md). Fails on an import
 * that the plan does not allow, on a permission that nobody uses, on a folder without a line in it, and on a room that has
 * grown past the number of files that one can keep in mind.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { PlainError, ROOT, runCommand } from "./command.ts";
import { MOST_FILES, NO_PACKAGES_BUT, ROOMS } from "./rooms.ts";

const SOURCES = path.join(ROOT, "src");

/** `from "…"` and `import("…")`, also of types. */
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

await runCommand(async () => {
  const files = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith(".ts")).sort();
  const faults = crowdedRooms(files);
  const used = new Set<string>();
  for (const file of files) {
    const room = roomOf(file);
    if (!(room in ROOMS)) {
      faults.push(`${room}/ has no line in scripts/rooms.ts.`);
      continue;
    }
    for (const [, target = ""] of (await readFile(path.join(SOURCES, file), "utf8")).matchAll(IMPORT)) {
      faults.push(...(target.startsWith(".") ? wrongRoom(file, target, used) : wrongPackage(file, target)));
    }
  }
  for (const [room, grants] of Object.entries(ROOMS)) {
    for (const grant of grants) {
      if (!used.has(`${room} ${grant}`))
        faults.push(`${room}/ no longer imports ${grant}/: take it out of scripts/rooms.ts.`);
    }
  }
  if (faults.length > 0) throw new PlainError([...new Set(faults)].join("\n"));
  console.log(`${files.length} files in ${Object.keys(ROOMS).length} rooms import only what scripts/rooms.ts allows.`);
});

/** The folder of a file below src/; the files beside the rooms are `app`, which nobody imports, and `config`. */
function roomOf(file: string): string {
  const folder = path.dirname(file);
  if (folder !== ".") return folder;
  return file === "config.ts" ? "config" : "app";
}

function wrongRoom(file: string, target: string, used: Set<string>): string[] {
  const room = roomOf(file);
  const other = roomOf(path.join(path.dirname(file), target));
  if (other === room || room === "app") return [];
  const grants = ROOMS[room]?.filter((allowed) => other === allowed || other.startsWith(`${allowed}/`)) ?? [];
  const grant = grants.toSorted((one, another) => another.length - one.length)[0];
  if (grant === undefined) return [`src/${file} imports ${other}/, which ${room}/ may not (scripts/rooms.ts).`];
  used.add(`${room} ${grant}`);
  return [];
}

function wrongPackage(file: string, name: string): string[] {
  const rule = NO_PACKAGES_BUT.find(({ room }) => file.startsWith(`${room}/`));
  if (rule === undefined || rule.packages.some((allowed) => name === allowed || name.startsWith(allowed))) return [];
  return [`src/${file} imports ${name}: ${rule.why}`];
}

function crowdedRooms(files: string[]): string[] {
  const counts = Map.groupBy(files, roomOf);
  return [...counts]
    .filter(([, members]) => members.length > MOST_FILES)
    .map(([room, members]) => `${room}/ has ${members.length} files, more than ${MOST_FILES}: it is two rooms.`);
}
