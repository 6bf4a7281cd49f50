import { open, type FileHandle } from "node:fs/promises";
import type { ZipSource } from "../../src/zip/read/source.ts";

/** Bytes of a file in one chunk of a streamed read; stores hand out chunks of about this size. */
const CHUNK_SIZE = 65_536;

/** An archive on disk that counts the ranges asked of it: each would be one request to an object store. */
export class CountingFile implements ZipSource {
  reads = 0;
  bytes = 0;
  /** Reads up to the moment when the entry to extract was known. */
  readsToFind = 0;
  readonly length: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.length = length;
  }

  static async open(path: string): Promise<CountingFile> {
    const file = await open(path, "r");
    return new CountingFile(file, (await file.stat()).size);
  }

  reset(): void {
    this.reads = 0;
    this.bytes = 0;
    this.readsToFind = 0;
  }

  markFound(): void {
    this.readsToFind = this.reads;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** A range in one array, as the peers want it. */
  async readRange(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.reads += 1;
    const bytes = new Uint8Array(length);
    await this.#fill(bytes, offset);
    return bytes;
  }

  /** A range as a stream that is read as its consumer asks. */
  read(offset: number, length: number): Promise<ReadableStream<Uint8Array>> {
    this.reads += 1;
    let at = offset;
    const end = offset + length;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const chunk = new Uint8Array(Math.min(CHUNK_SIZE, end - at));
          if (chunk.byteLength > 0) await this.#fill(chunk, at);
          at += chunk.byteLength;
          if (chunk.byteLength > 0) controller.enqueue(chunk);
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return Promise.resolve(stream);
  }

  async #fill(bytes: Uint8Array, offset: number): Promise<void> {
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.byteLength, offset);
    if (bytesRead !== bytes.byteLength) throw new Error(`read ${bytesRead} of ${bytes.byteLength} bytes`);
    this.bytes += bytesRead;
  }
}
