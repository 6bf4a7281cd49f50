import { placeOf } from "../../registry/archive/archive-root.ts";
import { isWithheld } from "../../registry/archive/withheld-paths.ts";
import { readEntries, type FileEntry } from "../../zip/read/entries.ts";
import { describeUnusable } from "../../zip/check/names.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import { type SandboxTask, TASK_ROOT } from "../port.ts";
import { packEntry } from "./file-content.ts";
import type { FileTree } from "./file-tree.ts";
import { joinPath, resolvePath } from "./paths.ts";

const FILE_MODE = 0o755;

/** Folders that every sandbox has beside the task's. */
const FOLDERS = ["/tmp", "/root", "/home", "/etc", "/var/tmp", "/dev/shm"];

/** Thrown for an archive that an embedded sandbox does not take; `message` is for users. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
}

/**
 * Puts the archive's files below TASK_ROOT, without those that are withheld, and answers how many there are. No content
 * is read: each file remembers where its bytes are. Names are checked again, as they were when the archive was published:
 * what is withheld goes by them. All or nothing, and nothing when it was done before. Throws ImportRefused, or ZipError.
 */
export async function importArchive(
  storage: DurableObjectStorage,
  tree: FileTree,
  source: ZipSource,
  task: SandboxTask,
  maxFiles: number,
): Promise<number> {
  if (tree.find(TASK_ROOT, "open")) return 0;
  if (task.entryCount > maxFiles) {
    throw new ImportRefused(
      `The archive has ${task.entryCount} entries; the embedded sandbox holds ${maxFiles} files.`,
    );
  }
  const entries: FileEntry[] = [];
  for await (const some of readEntries(source, placeOf(task))) {
    entries.push(...some.filter(({ name }) => !isWithheld(task.withheldPaths, name)));
  }
  for (const { nameBytes } of entries) {
    const fault = describeUnusable(nameBytes);
    if (fault !== undefined) throw new ImportRefused(`The archive cannot be imported: ${fault}`);
  }
  storage.transactionSync(() => {
    if (tree.find(TASK_ROOT, "open")) return;
    for (const folder of [TASK_ROOT, ...FOLDERS]) tree.makeFolders(folder, "mkdir");
    for (const entry of entries) addEntry(tree, entry);
  });
  return entries.length;
}

function addEntry(tree: FileTree, entry: FileEntry): void {
  const path = joinPath(TASK_ROOT, resolvePath("/", entry.name).slice(1));
  if (entry.name.endsWith("/")) return tree.makeFolders(path, "mkdir");
  const made = { type: "file" as const, mode: entry.mode ?? FILE_MODE, size: entry.size, entry: packEntry(entry) };
  tree.create(path, "open", made, { parents: true });
}
