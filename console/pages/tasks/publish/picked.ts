/** A file of a folder, by its path within it. */
export interface PickedFile {
  path: string;
  file: File;
}

/** What is to be published: an archive as it is, or a folder that has to be packed. */
export type Picked =
  | { kind: "zip"; name: string; file: File }
  | { kind: "folder"; name: string; files: PickedFile[]; leftOut: number };

/** What was dropped; throws where it is neither one folder nor one zip archive. */
export async function pickDropped(items: DataTransferItemList): Promise<Picked> {
  // The list is gone once the event is over, so nothing is waited for before it is read.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const [entry] = entries;
  if (!entry || entries.length > 1) throw new Error("Drop one folder or one zip archive.");
  if (isFolder(entry)) return makeFolder(entry.name, await readFolder(entry, ""));
  return pickZip(await fileOf(entry));
}

export function pickZip(file: File): Picked {
  if (!file.name.toLowerCase().endsWith(".zip"))
    throw new Error(`${file.name} is no zip archive. A task that is a folder is dropped as the folder.`);
  return { kind: "zip", name: file.name, file };
}

/** The files of a folder that was chosen in the browser's dialog. */
export function pickFolder(files: FileList): Picked {
  const [first] = files;
  if (!first) throw new Error("The folder has no files.");
  const [name = "folder"] = first.webkitRelativePath.split("/");
  return makeFolder(
    name,
    [...files].map((file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/"), file })),
  );
}

function makeFolder(name: string, all: readonly PickedFile[]): Picked {
  const files = all.filter(({ path }) => !isLeftOut(path)).sort((one, other) => (one.path < other.path ? -1 : 1));
  if (files.length === 0) throw new Error(`The folder ${name} has no files.`);
  return { kind: "folder", name, files, leftOut: all.length - files.length };
}

/** What belongs to tools and not to the task: version control, and what macOS puts into folders. */
function isLeftOut(path: string): boolean {
  return path.split("/").some((name) => name === ".git" || name === ".DS_Store" || name === "__MACOSX");
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

async function fileOf(entry: FileSystemEntry): Promise<File> {
  if (!isFile(entry)) throw new Error(`${entry.name} is neither a file nor a folder.`);
  return await new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function readFolder(folder: FileSystemDirectoryEntry, at: string): Promise<PickedFile[]> {
  const reader = folder.createReader();
  const files: PickedFile[] = [];
  for (;;) {
    // Some browsers hand out a hundred at a time, until there are none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      const path = at + entry.name;
      if (isFolder(entry)) for (const file of await readFolder(entry, `${path}/`)) files.push(file);
      else files.push({ path, file: await fileOf(entry) });
    }
  }
}
