import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { EXIT, Failure } from "../base/failure.ts";
import { ZipWriter } from "../../zip/write/zip-writer.ts";
import { portableDeflater } from "./deflate.ts";
import type { PackedFile } from "./walk.ts";

/** Bytes read at a time: the same on each machine, since what deflate makes depends on how its input is cut. */
const CHUNK_BYTES = 256 * 1024;
/** Bytes written at a time. */
const WRITE_BYTES = 1024 * 1024;

/** A zip archive in a folder of its own for temporary files. */
export interface PackedArchive {
  file: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
  /** Removes it. */
  dispose: () => Promise<void>;
}

interface PackOptions {
  signal: AbortSignal;
  /** Called with the bytes that have been read. */
  onRead?: (bytes: number) => void;
}

/** Packs files: the same files make the same bytes on each machine. In memory is one small file, or a piece of a large one. */
export async function packFiles(files: readonly PackedFile[], { signal, onRead }: PackOptions): Promise<PackedArchive> {
  const folder = await mkdtemp(path.join(tmpdir(), "taskyard-pack-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const file = path.join(folder, "task.zip");
    const handle = await open(file, "wx", 0o600);
    try {
      const sink = new FileSink(handle);
      const writer = new ZipWriter((bytes) => sink.write(bytes), portableDeflater);
      let read = 0;
      for (const entry of files) {
        signal.throwIfAborted();
        const name = new TextEncoder().encode(entry.path);
        const data = readFile(entry, signal, (bytes) => onRead?.((read += bytes)));
        await writer.addFile({ name, mode: entry.mode, modified: 0 }, entry.size, data);
      }
      await writer.finish();
      await sink.flush();
      return { file, size: sink.size, sha256: sink.digest(), dispose };
    } finally {
      await handle.close();
    }
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The bytes of a file, in pieces of one size; fails where it has changed since it was listed. */
async function* readFile(
  { place, path: name, size, content }: PackedFile,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  if (content) {
    onRead(size);
    return yield content;
  }
  let read = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  // A stream may give less than was asked for.
  for await (const chunk of createReadStream(place, { highWaterMark: CHUNK_BYTES, signal }) as AsyncIterable<Buffer>) {
    read += chunk.byteLength;
    if (read > size) break;
    onRead(chunk.byteLength);
    held.push(chunk);
    heldBytes += chunk.byteLength;
    while (heldBytes >= CHUNK_BYTES) {
      const whole = Buffer.concat(held);
      yield whole.subarray(0, CHUNK_BYTES);
      held = [whole.subarray(CHUNK_BYTES)];
      heldBytes -= CHUNK_BYTES;
    }
  }
  if (read !== size) throw new Failure(EXIT.failure, `${name} changed while it was packed.`, "Run the command again.");
  if (heldBytes > 0) yield Buffer.concat(held);
}

/** Writes to a file in large pieces, and hashes what it writes. */
class FileSink {
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  size = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#held.push(bytes);
    this.#heldBytes += bytes.byteLength;
    if (this.#heldBytes >= WRITE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#hash.update(bytes);
    this.size += bytes.byteLength;
    await this.#handle.writeFile(bytes);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
