import { ByteCursor, streamOf } from "../../zip/read/chunks.ts";
import type { ZipEntry } from "../../zip/read/entry.ts";
import { openEntry } from "../../zip/read/entry-stream.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import type { FileTree } from "./file-tree.ts";
import type { Node } from "./tree-schema.ts";
import { SystemError } from "./system-error.ts";

/** Bytes in one row: few rows for large files, and little that is written anew by an append. Rows hold 2 MB at most. */
const CHUNK_BYTES = 128 * 1024;

/** What is stored of an archive's entry: where its bytes are, and what makes sure that it is these. */
type StoredEntry = Omit<ZipEntry, "nameBytes"> & { nameHex: string };

/** The JSON by which a file remembers its entry. */
export function packEntry(entry: ZipEntry): string {
  const { nameBytes, name, method, flags, crc, compressedSize, size, localOffset } = entry;
  const stored: StoredEntry = {
    name,
    method,
    flags,
    crc,
    compressedSize,
    size,
    localOffset,
    nameHex: nameBytes.toHex(),
  };
  return JSON.stringify(stored);
}

function unpackEntry(text: string): ZipEntry {
  const { nameHex, ...entry }: StoredEntry = JSON.parse(text);
  return { ...entry, nameBytes: Uint8Array.fromHex(nameHex) };
}

/** The bytes of files: rows of SQLite, or an entry of the archive that nobody has written to. */
export class FileContent {
  readonly #sql: SqlStorage;
  readonly #tree: FileTree;
  readonly #openArchive: () => ZipSource;
  readonly #maxBytes: number;
  readonly #onUnreadable: (name: string, error: unknown) => void;

  /**
   * `maxBytes`: what all files that were written may have together. `onUnreadable` hears of a file that the archive no
   * longer gives, since its version was deleted.
   */
  constructor(
    sql: SqlStorage,
    tree: FileTree,
    openArchive: () => ZipSource,
    maxBytes: number,
    onUnreadable: (name: string, error: unknown) => void,
  ) {
    this.#sql = sql;
    this.#tree = tree;
    this.#openArchive = openArchive;
    this.#maxBytes = maxBytes;
    this.#onUnreadable = onUnreadable;
  }

  /** A part of the file as a stream, or all of it. */
  async open(node: Node, offset = 0, length = node.size - offset): Promise<ReadableStream<Uint8Array>> {
    if (node.entry !== null) return this.#openEntry(unpackEntry(node.entry), offset, length);
    return streamOf(this.#read(node.id, offset, length));
  }

  /** All of the file in one array. Files above `limit` bytes are refused: commands hold what they read in memory. */
  async read(node: Node, path: string, limit: number): Promise<Uint8Array> {
    if (node.size > limit) throw new SystemError("EFBIG", "read", path);
    const cursor = new ByteCursor(await this.open(node));
    try {
      return await cursor.take(node.size);
    } finally {
      await cursor.cancel();
    }
  }

  /** Replaces what the file holds. */
  write(node: Node, bytes: Uint8Array, path: string): void {
    this.expectRoom(bytes.byteLength, path);
    this.#sql.exec("DELETE FROM embedded_chunks WHERE inode = ?", node.id);
    this.#store(node.id, 0, bytes);
    this.#tree.update(node, { size: bytes.byteLength, modified: Date.now(), entry: null });
  }

  /** Adds to the end of a file; `limit` as in `read`, for one that is still in the archive. */
  async append(node: Node, bytes: Uint8Array, path: string, limit: number): Promise<void> {
    if (node.entry !== null) {
      const before = await this.read(node, path, limit);
      const now = this.#tree.reload(node);
      if (!now) throw new SystemError("ENOENT", "open", path);
      // Another command may have written meanwhile: then what the archive had is of no use any more.
      if (now.entry !== null) this.write(now, before, path);
    }
    const now = this.#tree.reload(node);
    if (!now) throw new SystemError("ENOENT", "open", path);
    this.expectRoom(bytes.byteLength, path);
    this.#append(now, bytes);
  }

  /**
   * Puts a stream at a path, chunk by chunk, in place of a file that is there. What is there stays as it is until the end
   * has come: a stream that breaks off leaves nothing.
   */
  async receive(path: string, mode: number, body: ReadableStream<Uint8Array>, size: number): Promise<Node> {
    this.expectRoom(size, path);
    const made = this.#tree.createUnnamed({ type: "file", mode }, path, "open");
    try {
      const cursor = new ByteCursor(body);
      for (let at = 0; at < size;) {
        const bytes = await cursor.take(Math.min(CHUNK_BYTES, size - at));
        this.expectRoom(bytes.byteLength, path);
        this.#store(made.id, at / CHUNK_BYTES, bytes);
        at += bytes.byteLength;
        this.#tree.update(made, { size: at });
      }
      return this.#tree.place(path, "open", made);
    } catch (error) {
      this.#tree.discard(made);
      throw error;
    }
  }

  /** Puts a part of a file that is in the making at its place in it; `offset` is where a row begins. */
  async receivePart(node: Node, offset: number, body: ReadableStream<Uint8Array>, size: number): Promise<void> {
    const cursor = new ByteCursor(body);
    for (let at = 0; at < size;) {
      const bytes = await cursor.take(Math.min(CHUNK_BYTES, size - at));
      this.#store(node.id, (offset + at) / CHUNK_BYTES, bytes);
      at += bytes.byteLength;
    }
  }

  async #openEntry(entry: ZipEntry, offset: number, length: number): Promise<ReadableStream<Uint8Array>> {
    try {
      return await openEntry(this.#openArchive(), entry, { offset, length });
    } catch (error) {
      this.#onUnreadable(entry.name, error);
      throw new SystemError("EIO", "read", entry.name);
    }
  }

  /** Throws where so many bytes more do not fit. */
  expectRoom(bytes: number, path: string): void {
    if (this.#tree.usage().bytes + bytes > this.#maxBytes) throw new SystemError("ENOSPC", "write", path);
  }

  #append(node: Node, bytes: Uint8Array): void {
    const seq = Math.floor(node.size / CHUNK_BYTES);
    const [last] = this.#sql
      .exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM embedded_chunks WHERE inode = ? AND seq = ?", node.id, seq)
      .toArray();
    const before = new Uint8Array(last?.bytes ?? new ArrayBuffer(0));
    const joined = new Uint8Array(before.byteLength + bytes.byteLength);
    joined.set(before);
    joined.set(bytes, before.byteLength);
    this.#store(node.id, seq, joined);
    this.#tree.update(node, { size: node.size + bytes.byteLength, modified: Date.now() });
  }

  #store(inode: number, firstSeq: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
      this.#sql.exec(
        "INSERT OR REPLACE INTO embedded_chunks (inode, seq, bytes) VALUES (?, ?, ?)",
        inode,
        firstSeq + at / CHUNK_BYTES,
        bytes.slice(at, at + CHUNK_BYTES),
      );
    }
  }

  async *#read(inode: number, offset: number, length: number): AsyncGenerator<Uint8Array, void, void> {
    for (let at = offset; at < offset + length;) {
      const [row] = this.#sql
        .exec<{ bytes: ArrayBuffer }>(
          "SELECT bytes FROM embedded_chunks WHERE inode = ? AND seq = ?",
          inode,
          Math.floor(at / CHUNK_BYTES),
        )
        .toArray();
      if (!row) throw new Error("The file was changed while it was read");
      const from = at % CHUNK_BYTES;
      const part = new Uint8Array(row.bytes).subarray(from, from + offset + length - at);
      if (part.byteLength === 0) throw new Error("The file was changed while it was read");
      yield part;
      at += part.byteLength;
    }
  }
}
