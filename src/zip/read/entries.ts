import { openDirectory } from "./directory.ts";
import { nameBelow } from "./entry-name.ts";
import { parseEntry, type ZipEntry } from "./entry.ts";
import type { KnownDirectory } from "./locate.ts";
import { parseCentralHeader } from "./records.ts";
import type { ZipSource } from "./source.ts";

/** The system that wrote an entry, in the high byte of "version made by" (APPNOTE 4.4.2): the one whose modes are known. */
const MADE_BY_UNIX = 3;

/** An entry with what a file system wants to know of it. */
export interface FileEntry extends ZipEntry {
  /** Permission bits, where the archive was made on Unix. */
  readonly mode: number | undefined;
}

/** All entries below the place's root in the directory's order, those of one window at a time. */
export async function* readEntries(
  source: ZipSource,
  known: KnownDirectory | undefined,
): AsyncGenerator<FileEntry[], void, void> {
  const root = known?.root ?? "";
  const directory = await openDirectory(source, known);
  try {
    while (await directory.fill()) {
      const entries: FileEntry[] = [];
      directory.walk((bytes, view, at) => {
        const entry = parseEntry(bytes, view, at);
        const name = nameBelow(root, entry.name);
        if (name !== undefined) entries.push({ ...entry, name, mode: modeOf(view, at) });
        return true;
      });
      yield entries;
    }
  } finally {
    await directory.close();
  }
}

function modeOf(view: DataView, at: number): number | undefined {
  const { versionMadeBy, externalAttributes } = parseCentralHeader(view, at);
  const mode = (externalAttributes >>> 16) & 0o777;
  return versionMadeBy >>> 8 === MADE_BY_UNIX && mode !== 0 ? mode : undefined;
}
