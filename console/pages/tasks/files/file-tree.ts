import type { TaskFileEntry } from "../../../../src/client/generated/types.gen.ts";

/** A line of the tree, as far as folders are open. */
export interface TreeRow {
  kind: "folder" | "file";
  /** Of a folder without the slash at its end. */
  path: string;
  name: string;
  /** 1 at the root. */
  level: number;
  /** Bytes of a file; files that are known within a folder. */
  size: number;
}

interface Folder {
  folders: Map<string, Folder>;
  /** Bytes by name. */
  files: Map<string, number>;
  /** Files that are known, in it and below. */
  count: number;
  /** Its names in order, until something is added. */
  order: { folders: string[]; files: string[] } | undefined;
}

/** Compares as people read: `part-2` before `part-10`. One collator, as they are dear. */
const NAMES = new Intl.Collator("en", { numeric: true });

/** The files of an archive as folders. They may come in any order, page by page, and again. */
export class FileTree {
  readonly #root: Folder = newFolder();

  get count(): number {
    return this.#root.count;
  }

  add(files: readonly TaskFileEntry[]): void {
    for (const { filename, file_size: size } of files) {
      const folders = filename.split("/");
      const name = folders.pop() ?? "";
      const way = [this.#root];
      for (const folder of folders) way.push(enter(way.at(-1) ?? this.#root, folder));
      const last = way.at(-1) ?? this.#root;
      if (last.files.has(name)) continue;
      last.files.set(name, size);
      for (const folder of way) {
        folder.count += 1;
        folder.order = undefined;
      }
    }
  }

  /** Bytes of a file; 0 while it is not known. */
  sizeOf(path: string): number {
    const folders = path.split("/");
    const name = folders.pop() ?? "";
    let folder: Folder | undefined = this.#root;
    for (const each of folders) folder = folder?.folders.get(each);
    return folder?.files.get(name) ?? 0;
  }

  /** The lines that are seen while these folders are open. */
  rows(open: ReadonlySet<string>): TreeRow[] {
    const rows: TreeRow[] = [];
    collect(this.#root, "", 1, open, rows);
    return rows;
  }

  /** Files whose path has this text in it, in any letter case; `most` of them. */
  find(text: string, most: number): TreeRow[] {
    const found: TreeRow[] = [];
    search(this.#root, "", text.toLowerCase(), most, found);
    return found;
  }
}

function newFolder(): Folder {
  return { folders: new Map(), files: new Map(), count: 0, order: undefined };
}

function enter(folder: Folder, name: string): Folder {
  const known = folder.folders.get(name);
  if (known) return known;
  const made = newFolder();
  folder.folders.set(name, made);
  return made;
}

function orderOf(folder: Folder): { folders: string[]; files: string[] } {
  folder.order ??= {
    folders: [...folder.folders.keys()].sort(NAMES.compare),
    files: [...folder.files.keys()].sort(NAMES.compare),
  };
  return folder.order;
}

function collect(folder: Folder, at: string, level: number, open: ReadonlySet<string>, rows: TreeRow[]): void {
  const order = orderOf(folder);
  for (const name of order.folders) {
    const path = at + name;
    const inner = folder.folders.get(name);
    if (!inner) continue;
    rows.push({ kind: "folder", path, name, level, size: inner.count });
    if (open.has(path)) collect(inner, `${path}/`, level + 1, open, rows);
  }
  for (const name of order.files)
    rows.push({ kind: "file", path: at + name, name, level, size: folder.files.get(name) ?? 0 });
}

function search(folder: Folder, at: string, text: string, most: number, found: TreeRow[]): void {
  const order = orderOf(folder);
  for (const name of order.files) {
    if (found.length >= most) return;
    const path = at + name;
    if (path.toLowerCase().includes(text))
      found.push({ kind: "file", path, name: path, level: 1, size: folder.files.get(name) ?? 0 });
  }
  for (const name of order.folders) {
    const inner = folder.folders.get(name);
    if (inner && found.length < most) search(inner, `${at}${name}/`, text, most, found);
  }
}
