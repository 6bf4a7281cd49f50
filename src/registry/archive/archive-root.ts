import type { CheckedDirectory } from "../../zip/check/checked-directory.ts";
import { walkHeaders } from "../../zip/read/directory.ts";
import { findEntryInDirectory } from "../../zip/read/entry.ts";
import { matchesBytes } from "../../zip/read/entry-name.ts";
import type { DirectoryPlace } from "../../zip/read/locate.ts";
import { CENTRAL_AT, CENTRAL_SIZE } from "../../zip/read/records.ts";
import type { ArchiveColumns } from "../read/published-store.ts";

/**
 * Where paths in an archive begin. An archive packed as one folder (`zip -r task.zip task/`) keeps its bytes; the version
 * remembers the folder as `archiveRoot`, and whoever reads the archive by `placeOf` sees what lies in it.
 */

/** What macOS puts beside the folder that it packs. */
const LEFTOVERS = ["__MACOSX/", ".DS_Store"].map((name) => new TextEncoder().encode(name));

const SLASH = 0x2f;

/** The files that describe a task, of either format. */
const TASK_FILES = ["task.yaml", "task.toml"];

/** Where the directory lies, and the folder that is taken away, as publishing has found them: all readers go by it. */
export function placeOf(
  version: Pick<ArchiveColumns, "directoryOffset" | "directorySize" | "entryCount" | "archiveRoot">,
): DirectoryPlace {
  const { directoryOffset: offset, directorySize: size, entryCount: entries, archiveRoot: root } = version;
  return { offset, size, entries, root };
}

/** The folder, `name/`, that every entry lies in but what macOS puts beside it; undefined when there is none. */
export function findOnlyFolder({ bytes, view }: CheckedDirectory): string | undefined {
  let folder: Uint8Array | undefined;
  let isOnly = true;
  walkHeaders(bytes, view, 0, bytes.byteLength, (_bytes, _view, at) => {
    const nameAt = at + CENTRAL_SIZE;
    const nameEnd = nameAt + view.getUint16(at + CENTRAL_AT.nameLength, true);
    if (LEFTOVERS.some((name) => name.byteLength <= nameEnd - nameAt && matchesBytes(bytes, nameAt, name))) return true;
    if (folder === undefined) {
      const slash = bytes.subarray(nameAt, nameEnd).indexOf(SLASH);
      folder = slash === -1 ? undefined : bytes.subarray(nameAt, nameAt + slash + 1);
      isOnly = folder !== undefined;
    } else isOnly = folder.byteLength <= nameEnd - nameAt && matchesBytes(bytes, nameAt, folder);
    return isOnly;
  });
  return isOnly && folder !== undefined ? new TextDecoder().decode(folder) : undefined;
}

/**
 * The directory without the only folder at its root, when that holds the file that describes the task; else as it is. A folder that holds
 * none says nothing of where its publisher wants paths to begin.
 */
export function withoutOnlyFolder(directory: CheckedDirectory): CheckedDirectory {
  const root = findOnlyFolder(directory);
  if (root === undefined) return directory;
  if (!TASK_FILES.some((name) => findEntryInDirectory(directory.bytes, name, root))) return directory;
  return { ...directory, place: { ...directory.place, root }, files: countFiles(directory, root) };
}

function countFiles({ bytes, view }: CheckedDirectory, root: string): number {
  const prefix = new TextEncoder().encode(root);
  let files = 0;
  walkHeaders(bytes, view, 0, bytes.byteLength, (_bytes, _view, at) => {
    const nameAt = at + CENTRAL_SIZE;
    const nameEnd = nameAt + view.getUint16(at + CENTRAL_AT.nameLength, true);
    if (nameEnd - nameAt > prefix.byteLength && bytes[nameEnd - 1] !== SLASH && matchesBytes(bytes, nameAt, prefix)) {
      files += 1;
    }
    return true;
  });
  return files;
}
