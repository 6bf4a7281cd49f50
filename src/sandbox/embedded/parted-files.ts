import { createHash } from "node:crypto";
import { FileError, type FileStatus, type PartedFile, type PartedFiles } from "../port.ts";
import { toStatus, translate } from "./file-answers.ts";
import type { FileContent } from "./file-content.ts";
import type { FileTree } from "./file-tree.ts";
import { isSystem } from "./paths.ts";
import { SystemError } from "./system-error.ts";
import type { Node } from "./tree-schema.ts";

const FILE_MODE = 0o644;

/** Files that come in parts, in the rows that they stay in: parts begin where rows do. */
export class EmbeddedParts implements PartedFiles {
  readonly #tree: FileTree;
  readonly #content: FileContent;

  constructor(tree: FileTree, content: FileContent) {
    this.#tree = tree;
    this.#content = content;
  }

  begin({ path, staging, size }: PartedFile): Promise<void> {
    return translate(async () => {
      if (isSystem(path)) throw new SystemError("EPERM", "open", path);
      this.#refuseFolder(path);
      this.#content.expectRoom(size, path);
      this.#tree.create(staging, "open", { type: "file", mode: FILE_MODE, size }, { parents: true });
    });
  }

  write({ staging }: PartedFile, offset: number, body: ReadableStream<Uint8Array>, size: number): Promise<void> {
    return translate(async () => this.#content.receivePart(this.#tree.get(staging, "open"), offset, body, size));
  }

  complete({ path, staging, size, sha256 }: PartedFile): Promise<FileStatus> {
    return translate(async () => {
      this.#refuseFolder(path);
      const made = this.#tree.find(staging, "open");
      const node = made ?? this.#tree.get(path, "open");
      if (node.size !== size) throw new SystemError("ENOENT", "open", staging);
      if (sha256 !== null && (await this.#digest(node)) !== sha256) {
        throw new FileError("wrong_content", "The bytes are not those that were announced.");
      }
      if (made) {
        const before = this.#tree.find(path, "open");
        this.#tree.update(made, { modified: Date.now(), ...(before && { mode: before.mode }) });
        this.#tree.move(staging, path);
      }
      return toStatus(path, this.#tree.get(path, "open"));
    });
  }

  abort({ staging }: PartedFile): Promise<void> {
    return translate(async () => {
      if (this.#tree.find(staging, "open")) this.#tree.remove(staging, "rm", false);
    });
  }

  async #digest(node: Node): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of await this.#content.open(node)) hash.update(chunk);
    return hash.digest("hex");
  }

  #refuseFolder(path: string): void {
    if (this.#tree.find(path, "open")?.type === "directory") throw new SystemError("EISDIR", "open", path);
  }
}
