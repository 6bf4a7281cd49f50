import {
  type BufferEncoding,
  type ExecResult,
  type FileContent as Content,
  type FsStat,
  type IFileSystem,
  InMemoryFs,
  type MkdirOptions,
  type RmOptions,
} from "just-bash";
import { decodeText, fromByteString, isAscii, toByteString } from "./bytes.ts";
import type { FileContent } from "../file-content.ts";
import type { FileTree } from "../file-tree.ts";
import type { Node } from "../tree-schema.ts";
import { isSystem, joinPath, resolvePath } from "../paths.ts";
import { SystemError } from "../system-error.ts";

/** Largest file that a command reads or adds to: it is in memory as a whole, more than once. */
export const COMMAND_FILE_MAX_BYTES = 8 * 1024 * 1024;

/** What a command may write into the shell's own folders, which are in memory; the shell's files are a small part. */
const SYSTEM_MAX_BYTES = 8 * 1024 * 1024;

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const LINK_MODE = 0o777;

/** Types of just-bash that it does not export by name. */
type ReadOptions = Parameters<IFileSystem["readFile"]>[1];
type WriteOptions = Parameters<IFileSystem["writeFile"]>[2];
type DirectoryEntry = Awaited<ReturnType<NonNullable<IFileSystem["readdirWithFileTypes"]>>>[number];

const encoder = new TextEncoder();

/** The file system that commands see: the stored tree, with the shell's own folders beside it. */
export class ShellFiles implements IFileSystem {
  readonly #tree: FileTree;
  readonly #content: FileContent;
  readonly #system = new InMemoryFs({}, { maxTotalBytes: SYSTEM_MAX_BYTES });

  readonly #refused = new Set<string>();
  /** Whether a file that the running command read as text is not UTF-8: then its text has one character a byte. */
  sawBinary = false;
  #wroteBinary = false;
  /** Bytes of files that the running command may still read. */
  #readable = Infinity;

  constructor(tree: FileTree, content: FileContent) {
    this.#tree = tree;
    this.#content = content;
  }

  /** The shell writes its own files with these two when it is created. */
  mkdirSync(path: string, options?: MkdirOptions): void {
    this.#system.mkdirSync(path, options);
  }

  writeFileSync(path: string, content: Content): void {
    this.#system.writeFileSync(path, content);
  }

  /** The output of all commands as bytes: the shell gives text, unless one of them wrote what is not UTF-8. */
  outputBytes(output: string): Uint8Array {
    return this.#wroteBinary ? fromByteString(output) : encoder.encode(output);
  }

  /** Remembers whether a command wrote what is not UTF-8. */
  noteOutput(result: ExecResult): ExecResult {
    if (!isAscii(result.stdout) && decodeText(fromByteString(result.stdout)).isBinary) this.#wroteBinary = true;
    return result;
  }

  /** Says how many bytes of files the command may read that runs now; any number when left out. Returns what it was before. */
  mayRead(bytes = Infinity): number {
    const before = this.#readable;
    this.#readable = bytes;
    return before;
  }

  /** Whether it has asked for more. */
  get isOverdrawn(): boolean {
    return this.#readable < 0;
  }

  /** What commands said, but of files that were too large to read, which they take for missing ones. */
  corrected(stderr: string): string {
    if (this.#refused.size === 0) return stderr;
    const names = new Set([...this.#refused].map((path) => path.slice(path.lastIndexOf("/") + 1)));
    return stderr.replaceAll(/^(.*): No such file or directory$/gm, (line, told: string) =>
      names.has(told.slice(Math.max(told.lastIndexOf("/"), told.lastIndexOf(" ")) + 1))
        ? `${told}: File too large`
        : line,
    );
  }

  /** What to tell of files that were too large to read. */
  refusals(): string {
    const limit = COMMAND_FILE_MAX_BYTES / (1024 * 1024);
    return [...this.#refused]
      .map((path) => `bash: ${path}: file above ${limit} MiB; a runner has no such limit\n`)
      .join("");
  }

  async readFile(path: string, options?: ReadOptions): Promise<string> {
    const encoding = (typeof options === "string" ? options : options?.encoding) ?? "utf8";
    const bytes = await this.readFileBuffer(path);
    if (encoding !== "utf8" && encoding !== "utf-8") return decode(bytes, encoding);
    const { text, isBinary } = decodeText(bytes);
    if (isBinary) this.sawBinary = true;
    return text;
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    if (isSystem(path)) return this.#system.readFileBuffer(path);
    const file = this.#file(path, "open");
    if (file.size > COMMAND_FILE_MAX_BYTES) this.#refused.add(path);
    this.#readable -= file.size;
    if (this.isOverdrawn) throw new SystemError("EFBIG", "read", path);
    return this.#content.read(file, path, COMMAND_FILE_MAX_BYTES);
  }

  async writeFile(path: string, content: Content, options?: WriteOptions): Promise<void> {
    if (isSystem(path)) return this.#system.writeFile(path, content, options);
    const bytes = typeof content === "string" && !options && this.sawBinary ? fromByteString(content) : undefined;
    this.#content.write(this.#fileToWrite(path), bytes ?? encode(content, options), path);
  }

  async appendFile(path: string, content: Content, options?: WriteOptions): Promise<void> {
    if (isSystem(path)) return this.#system.appendFile(path, content, options);
    await this.#content.append(this.#fileToWrite(path), encode(content, options), path, COMMAND_FILE_MAX_BYTES);
  }

  async exists(path: string): Promise<boolean> {
    if (isSystem(path)) return this.#system.exists(path);
    try {
      return this.#tree.find(path, "access") !== undefined;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  async stat(path: string): Promise<FsStat> {
    return isSystem(path) ? this.#system.stat(path) : toStat(this.#tree.get(path, "stat"));
  }

  async lstat(path: string): Promise<FsStat> {
    return isSystem(path) ? this.#system.lstat(path) : toStat(this.#tree.get(path, "lstat", false));
  }

  async mkdir(path: string, options?: MkdirOptions): Promise<void> {
    if (isSystem(path)) return this.#system.mkdir(path, options);
    if (options?.recursive) this.#tree.makeFolders(path, "mkdir");
    else this.#tree.create(path, "mkdir", { type: "directory", mode: DIRECTORY_MODE });
  }

  async readdir(path: string): Promise<string[]> {
    return (await this.readdirWithFileTypes(path)).map(({ name }) => name);
  }

  async readdirWithFileTypes(path: string): Promise<DirectoryEntry[]> {
    if (isSystem(path)) return this.#system.readdirWithFileTypes(path);
    const folder = this.#tree.get(path, "scandir");
    if (folder.type !== "directory") throw new SystemError("ENOTDIR", "scandir", path);
    const stored = this.#tree.children(folder).map(({ name, node }) => ({ name, ...kindOf(node) }));
    if (path !== "/") return stored;
    const own = await this.#system.readdirWithFileTypes("/");
    return [...stored.filter(({ name }) => !isSystem(`/${name}`)), ...own];
  }

  async rm(path: string, options?: RmOptions): Promise<void> {
    if (isSystem(path)) return this.#system.rm(path, options);
    if (options?.force && !this.#tree.find(path, "rm", false)) return;
    this.#tree.remove(path, "rm", options?.recursive ?? false);
  }

  async cp(from: string, to: string, options?: { recursive?: boolean }): Promise<void> {
    const { isDirectory, mode } = await this.stat(from);
    if (!isDirectory) {
      await this.writeFile(to, await this.readFileBuffer(from));
      return this.chmod(to, mode);
    }
    if (!options?.recursive) throw new SystemError("EISDIR", "cp", from);
    if (`${to}/`.startsWith(`${from}/`)) throw new SystemError("EINVAL", "cp", from);
    await this.mkdir(to, { recursive: true });
    for (const name of await this.readdir(from)) await this.cp(joinPath(from, name), joinPath(to, name), options);
  }

  async mv(from: string, to: string): Promise<void> {
    if (!isSystem(from) && !isSystem(to)) return this.#tree.move(from, to);
    if (isSystem(from) && isSystem(to)) return this.#system.mv(from, to);
    await this.cp(from, to, { recursive: true });
    await this.rm(from, { recursive: true });
  }

  resolvePath(base: string, path: string): string {
    return resolvePath(base, path);
  }

  getAllPaths(): string[] {
    return [...this.#tree.paths(), ...this.#system.getAllPaths()];
  }

  async chmod(path: string, mode: number): Promise<void> {
    if (isSystem(path)) return this.#system.chmod(path, mode);
    this.#tree.update(this.#tree.get(path, "chmod"), { mode: mode & 0o7777 });
  }

  async symlink(target: string, path: string): Promise<void> {
    if (isSystem(path)) return this.#system.symlink(target, path);
    this.#tree.create(path, "symlink", {
      type: "symlink",
      mode: LINK_MODE,
      target,
      size: encoder.encode(target).length,
    });
  }

  async link(existing: string, path: string): Promise<void> {
    if (isSystem(existing) || isSystem(path)) throw new SystemError("EPERM", "link", path);
    this.#tree.link(existing, path);
  }

  async readlink(path: string): Promise<string> {
    if (isSystem(path)) return this.#system.readlink(path);
    const { target } = this.#tree.get(path, "readlink", false);
    if (target === null) throw new SystemError("EINVAL", "readlink", path);
    return target;
  }

  async realpath(path: string): Promise<string> {
    if (isSystem(path)) return this.#system.realpath(path);
    this.#tree.get(path, "realpath");
    return this.#tree.canonical(path, "realpath");
  }

  async utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
    if (isSystem(path)) return this.#system.utimes(path, _accessed, modified);
    this.#tree.update(this.#tree.get(path, "utime"), { modified: modified.getTime() });
  }

  #file(path: string, call: string): Node {
    const node = this.#tree.get(path, call);
    if (node.type === "directory") throw new SystemError("EISDIR", call, path);
    return node;
  }

  /** The file at a path; made when nothing is there, with the folders above it, as the shell expects. */
  #fileToWrite(path: string): Node {
    const node = this.#tree.find(path, "open");
    if (node?.type === "directory") throw new SystemError("EISDIR", "open", path);
    const made = { type: "file" as const, mode: FILE_MODE };
    return node ?? this.#tree.create(path, "open", made, { follow: true, parents: true });
  }
}

function kindOf({ type }: Node) {
  return { isFile: type === "file", isDirectory: type === "directory", isSymbolicLink: type === "symlink" };
}

function toStat(node: Node): FsStat {
  const { id, mode, size, modified } = node;
  return { ...kindOf(node), mode, size, mtime: new Date(modified), dev: 1, ino: id, identity: `tree:${id}` };
}

/** Bytes as the shell's strings: in `latin1` one character for each byte. */
export function decode(bytes: Uint8Array, encoding: BufferEncoding): string {
  if (encoding === "base64") return bytes.toBase64();
  if (encoding === "hex") return bytes.toHex();
  return encoding === "utf8" || encoding === "utf-8" ? decodeText(bytes).text : toByteString(bytes);
}

function encode(content: Content, options?: WriteOptions): Uint8Array {
  if (typeof content !== "string") return content;
  const encoding = typeof options === "string" ? options : options?.encoding;
  if (encoding === "base64") return Uint8Array.fromBase64(content);
  if (encoding === "hex") return Uint8Array.fromHex(content);
  if (encoding === "latin1" || encoding === "binary" || encoding === "ascii") {
    return Uint8Array.from(content, (char) => char.charCodeAt(0));
  }
  return encoder.encode(content);
}
