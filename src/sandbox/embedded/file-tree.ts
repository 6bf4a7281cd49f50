import { joinPath, partsOf, resolvePath } from "./paths.ts";
import { SystemError } from "./system-error.ts";
import type { NewNode, Node } from "./tree-schema.ts";

/** Where a path leads: the folder it is in, its name there, and what is there now. Root has an empty name. */
interface Place {
  parent: Node;
  name: string;
  node: Node | undefined;
}

const ROOT = 1;
const DIRECTORY_MODE = 0o755;
/** Links that one path may lead through, as in Linux. */
const MAX_LINKS = 40;
const NAME_MAX_BYTES = 255;
const PATH_MAX_LENGTH = 4_096;

const encoder = new TextEncoder();

export class FileTree {
  readonly #sql: SqlStorage;
  readonly #maxNodes: number;

  /** `maxNodes`: files, folders and links at most. */
  constructor(sql: SqlStorage, maxNodes: number) {
    this.#sql = sql;
    this.#maxNodes = maxNodes;
  }

  /** Files, folders and links in all, and bytes of the files that were written. */
  usage(): { nodes: number; bytes: number } {
    return this.#sql.exec<{ nodes: number; bytes: number }>("SELECT nodes, bytes FROM embedded_usage").one();
  }

  /** What is at a path; undefined when nothing is. The last part is followed when it is a link, unless told otherwise. */
  find(path: string, call: string, follow = true): Node | undefined {
    return this.#place(path, call, follow)?.node;
  }

  /** The same, where it has to be there. */
  get(path: string, call: string, follow = true): Node {
    const node = this.find(path, call, follow);
    if (!node) throw new SystemError("ENOENT", call, path);
    return node;
  }

  /** The inode as it is now. */
  reload({ id }: Node): Node | undefined {
    return this.#sql.exec<Node>("SELECT * FROM embedded_inodes WHERE id = ?", id).toArray()[0];
  }

  /** What a folder holds, by name. */
  children(folder: Node): { name: string; node: Node }[] {
    return this.#sql
      .exec<Node & { name: string }>(
        "SELECT n.name, i.* FROM embedded_names n JOIN embedded_inodes i ON i.id = n.inode WHERE n.parent = ? ORDER BY n.name",
        folder.id,
      )
      .toArray()
      .map((row) => ({ name: row.name, node: row }));
  }

  /** The names of all paths. */
  paths(): string[] {
    return this.#sql
      .exec<{ path: string }>(
        `WITH RECURSIVE walk (inode, path) AS (
           SELECT ${ROOT}, ''
           UNION ALL
           SELECT n.inode, walk.path || '/' || n.name FROM embedded_names n JOIN walk ON n.parent = walk.inode
         )
         SELECT path FROM walk WHERE path <> ''`,
      )
      .toArray()
      .map(({ path }) => path);
  }

  /** The path without links. */
  canonical(path: string, call: string): string {
    const names: string[] = [];
    this.#walk(path, call, true, names);
    return `/${names.join("/")}`;
  }

  /** Puts something new at a path where nothing is, in a folder that is there. */
  create(path: string, call: string, made: NewNode, { follow = false, parents = false } = {}): Node {
    if (parents) this.makeFolders(resolvePath(path, ".."), call);
    const { parent, name, node } = this.#require(path, call, follow);
    if (node || name === "") throw new SystemError("EEXIST", call, path);
    return this.#insert(parent, name, made, path, call);
  }

  /** Makes a folder and those above it that are missing. */
  makeFolders(path: string, call: string): void {
    const node = this.#walk(path, call, true, [], true)?.node;
    if (node?.type !== "directory") throw new SystemError("ENOTDIR", call, path);
  }

  /** A new file that has no name yet: `place` gives it one, `discard` takes it away. */
  createUnnamed(made: NewNode, path: string, call: string): Node {
    return this.#make(made, 0, path, call);
  }

  /** Names a file that has no name, in place of one that is there and with its mode; makes the folders above it. */
  place(path: string, call: string, { id }: Node): Node {
    this.makeFolders(resolvePath(path, ".."), call);
    const { parent, name, node } = this.#require(path, call, true);
    if (node?.type === "directory") throw new SystemError("EISDIR", call, path);
    if (node) this.#unlink(parent, name, node, path, call, false);
    const placed = this.#sql
      .exec<Node>(
        "UPDATE embedded_inodes SET links = 1, modified = ?, mode = coalesce(?, mode) WHERE id = ? RETURNING *",
        Date.now(),
        node?.mode ?? null,
        id,
      )
      .one();
    this.#name(parent, name, placed);
    return placed;
  }

  /** Takes a file that has no name away. */
  discard({ id }: Node): void {
    this.#sql.exec("DELETE FROM embedded_chunks WHERE inode = ?", id);
    this.#sql.exec("DELETE FROM embedded_inodes WHERE id = ?", id);
  }

  /** Takes away files that were never named, because the object was lost before. */
  discardUnnamed(): void {
    const unnamed = "SELECT id FROM embedded_inodes WHERE links = 0";
    this.#sql.exec(`DELETE FROM embedded_chunks WHERE inode IN (${unnamed})`);
    this.#sql.exec("DELETE FROM embedded_inodes WHERE links = 0");
  }

  /** Takes everything away but the root. */
  clear(): void {
    this.#sql.exec("DELETE FROM embedded_names");
    this.#sql.exec("DELETE FROM embedded_chunks");
    this.#sql.exec("DELETE FROM embedded_inodes WHERE id <> ?", ROOT);
  }

  /** A second name for a file. */
  link(existing: string, path: string): void {
    const node = this.get(existing, "link", false);
    if (node.type === "directory") throw new SystemError("EPERM", "link", existing);
    const place = this.#require(path, "link", false);
    if (place.node) throw new SystemError("EEXIST", "link", path);
    this.#sql.exec("UPDATE embedded_inodes SET links = links + 1 WHERE id = ?", node.id);
    this.#name(place.parent, place.name, node);
  }

  /** Takes a name away, and with the last one of a file its content. A folder has to be empty unless `recursive`. */
  remove(path: string, call: string, recursive: boolean): void {
    const { parent, name, node } = this.#require(path, call, false);
    if (!node) throw new SystemError("ENOENT", call, path);
    if (name === "") throw new SystemError("EPERM", call, path);
    this.#unlink(parent, name, node, path, call, recursive);
  }

  /** Moves what is at `from` to `to`, in place of a file or an empty folder there. */
  move(from: string, to: string): void {
    const source = this.#require(from, "rename", false);
    if (!source.node) throw new SystemError("ENOENT", "rename", from);
    if (source.name === "" || `${to}/`.startsWith(`${from}/`)) {
      if (from === to) return;
      throw new SystemError("EINVAL", "rename", from);
    }
    const target = this.#require(to, "rename", false);
    if (target.node?.id === source.node.id) return;
    if (target.node) {
      if ((target.node.type === "directory") !== (source.node.type === "directory")) {
        throw new SystemError(target.node.type === "directory" ? "EISDIR" : "ENOTDIR", "rename", to);
      }
      this.#unlink(target.parent, target.name, target.node, to, "rename", false);
    }
    this.#sql.exec("DELETE FROM embedded_names WHERE parent = ? AND name = ?", source.parent.id, source.name);
    this.#name(target.parent, target.name, source.node);
  }

  /** Sets what of an inode is given. */
  update({ id }: Node, change: { mode?: number; modified?: number; size?: number; entry?: null }): void {
    const { mode = null, modified = null, size = null } = change;
    this.#sql.exec(
      `UPDATE embedded_inodes SET mode = coalesce(?, mode), modified = coalesce(?, modified), size = coalesce(?, size),
         entry = ${change.entry === null ? "NULL" : "entry"} WHERE id = ?`,
      mode,
      modified,
      size,
      id,
    );
  }

  #insert(parent: Node, name: string, made: NewNode, path: string, call: string): Node {
    const node = this.#make(made, 1, path, call);
    this.#name(parent, name, node);
    return node;
  }

  #make(made: NewNode, links: 0 | 1, path: string, call: string): Node {
    if (this.usage().nodes >= this.#maxNodes) throw new SystemError("ENOSPC", call, path);
    return this.#sql
      .exec<Node>(
        `INSERT INTO embedded_inodes (type, mode, modified, size, links, target, entry) VALUES (?, ?, ?, ?, ?, ?, ?)
         RETURNING *`,
        made.type,
        made.mode,
        made.modified ?? Date.now(),
        made.size ?? 0,
        links,
        made.target ?? null,
        made.entry ?? null,
      )
      .one();
  }

  #name(parent: Node, name: string, { id }: Node): void {
    this.#sql.exec("INSERT INTO embedded_names (parent, name, inode) VALUES (?, ?, ?)", parent.id, name, id);
  }

  #unlink(parent: Node, name: string, node: Node, path: string, call: string, recursive: boolean): void {
    if (node.type === "directory") {
      const children = this.children(node);
      if (children.length > 0 && !recursive) throw new SystemError("ENOTEMPTY", call, path);
      for (const child of children) this.#unlink(node, child.name, child.node, joinPath(path, child.name), call, true);
    }
    this.#sql.exec("DELETE FROM embedded_names WHERE parent = ? AND name = ?", parent.id, name);
    this.#sql.exec("UPDATE embedded_inodes SET links = links - 1 WHERE id = ?", node.id);
    if (this.reload(node)?.links !== 0) return;
    this.#sql.exec("DELETE FROM embedded_chunks WHERE inode = ?", node.id);
    this.#sql.exec("DELETE FROM embedded_inodes WHERE id = ?", node.id);
  }

  #require(path: string, call: string, follow: boolean): Place {
    const place = this.#place(path, call, follow);
    if (!place) throw new SystemError("ENOENT", call, path);
    return place;
  }

  #place(path: string, call: string, follow: boolean): Place | undefined {
    return this.#walk(path, call, follow, []);
  }

  /**
   * Undefined when a folder on the way is missing; with `makes` it is made, and so is the last. `names` takes the parts of
   * the path that was really gone.
   */
  #walk(path: string, call: string, follow: boolean, names: string[], makes = false): Place | undefined {
    if (path.length > PATH_MAX_LENGTH) throw new SystemError("ENAMETOOLONG", call, path.slice(0, 80));
    const root = this.#sql.exec<Node>("SELECT * FROM embedded_inodes WHERE id = ?", ROOT).one();
    const above: Node[] = [root];
    let left = partsOf(path);
    let links = 0;
    let place: Place = { parent: root, name: "", node: root };
    while (left.length > 0) {
      const [name = "", ...rest] = left;
      const parent = above.at(-1) ?? root;
      left = rest;
      if (name === "..") {
        names.pop();
        if (above.length > 1) above.pop();
        place = { parent: root, name: "", node: above.at(-1) };
        continue;
      }
      if (parent.type !== "directory") throw new SystemError("ENOTDIR", call, path);
      if (encoder.encode(name).length > NAME_MAX_BYTES) throw new SystemError("ENAMETOOLONG", call, path.slice(0, 80));
      const folder = { type: "directory" as const, mode: DIRECTORY_MODE };
      const node = this.#child(parent, name) ?? (makes ? this.#insert(parent, name, folder, path, call) : undefined);
      if (node?.type === "symlink" && (follow || left.length > 0)) {
        if ((links += 1) > MAX_LINKS) throw new SystemError("ELOOP", call, path);
        const target = node.target ?? "";
        if (target.startsWith("/")) {
          above.length = 1;
          names.length = 0;
        }
        left = [...partsOf(target).filter((part) => part !== "."), ...left];
        place = { parent: root, name: "", node: above.at(-1) };
        continue;
      }
      place = { parent, name, node };
      names.push(name);
      if (!node) return left.length === 0 ? place : undefined;
      above.push(node);
    }
    return place;
  }

  #child(parent: Node, name: string): Node | undefined {
    return this.#sql
      .exec<Node>(
        "SELECT i.* FROM embedded_names n JOIN embedded_inodes i ON i.id = n.inode WHERE n.parent = ? AND n.name = ?",
        parent.id,
        name,
      )
      .toArray()[0];
  }
}
