import type { FileStatus, PartedFiles, SandboxFiles } from "../port.ts";
import { toStatus, translate } from "./file-answers.ts";
import { EmbeddedParts } from "./parted-files.ts";
import type { FileContent } from "./file-content.ts";
import type { FileTree } from "./file-tree.ts";
import type { Node } from "./tree-schema.ts";
import { isSystem, joinPath } from "./paths.ts";
import { SystemError } from "./system-error.ts";

const FILE_MODE = 0o644;

/** The stored files as the API reads and writes them. */
export class EmbeddedFiles implements SandboxFiles {
  readonly #tree: FileTree;
  readonly #content: FileContent;
  readonly parted: PartedFiles;

  constructor(tree: FileTree, content: FileContent) {
    this.#tree = tree;
    this.#content = content;
    this.parted = new EmbeddedParts(tree, content);
  }

  stat(path: string): Promise<FileStatus | undefined> {
    return translate(async () => {
      const node = this.#tree.find(path, "stat");
      return node && toStatus(path, node);
    });
  }

  list(path: string, depth: number, limit: number): Promise<{ entries: FileStatus[]; more: boolean }> {
    return translate(async () => {
      const folder = this.#tree.get(path, "scandir");
      if (folder.type !== "directory") throw new SystemError("ENOTDIR", "scandir", path);
      const entries: FileStatus[] = [];
      for (const entry of this.#below(folder, path, depth)) {
        if (entries.length === limit) return { entries, more: true };
        entries.push(entry);
      }
      return { entries, more: false };
    });
  }

  read(path: string, range?: { offset: number; length: number }): Promise<ReadableStream<Uint8Array>> {
    return translate(async () => {
      const node = this.#tree.get(path, "open");
      if (node.type === "directory") throw new SystemError("EISDIR", "open", path);
      return this.#content.open(node, range?.offset, range?.length);
    });
  }

  write(path: string, body: ReadableStream<Uint8Array>, size: number): Promise<FileStatus> {
    return translate(async () => {
      if (isSystem(path)) throw new SystemError("EPERM", "open", path);
      if (this.#tree.find(path, "open")?.type === "directory") throw new SystemError("EISDIR", "open", path);
      return toStatus(path, await this.#content.receive(path, FILE_MODE, body, size));
    });
  }

  remove(path: string): Promise<void> {
    return translate(async () => this.#tree.remove(path, "rm", true));
  }

  *#below(folder: Node, path: string, depth: number): Generator<FileStatus, void, void> {
    for (const { name, node } of this.#tree.children(folder)) {
      const inner = joinPath(path, name);
      yield toStatus(inner, node);
      if (node.type === "directory" && depth > 1) yield* this.#below(node, inner, depth - 1);
    }
  }
}
