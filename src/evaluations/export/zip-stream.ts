import { ZipWriter } from "../../zip/write/zip-writer.ts";

/** A file of an archive: a text, or bytes of which it is known how many they are. */
export interface ZipFile {
  path: string;
  content: string | { size: number; body: ReadableStream<Uint8Array> };
}

/** Permission bits of every file. */
const MODE = 0o644;

/** Bytes of small pieces that go out as one. */
const PIECE_BYTES = 64 * 1024;

/** Writes what it is given on in pieces of some size. */
class Pieces {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #waiting: Uint8Array[] = [];
  #length = 0;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#writer = writer;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    if (this.#length >= PIECE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const piece = new Uint8Array(this.#length);
    let offset = 0;
    for (const bytes of this.#waiting) {
      piece.set(bytes, offset);
      offset += bytes.length;
    }
    [this.#waiting, this.#length] = [[], 0];
    if (piece.length > 0) await this.#writer.write(piece);
  }
}

/**
 * A zip of files, made as its reader takes it: memory holds some pieces and the directory. `modified` is the time of all of
 * them, in seconds since 1970. A reader that leaves ends the making of files.
 */
export function zipOf(files: AsyncIterable<ZipFile>, modified: number): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // What went wrong is told to the reader; one that has left wants to know nothing.
  void write(files, modified, writer).catch((error: unknown) => writer.abort(error).catch(() => undefined));
  return readable;
}

async function write(
  files: AsyncIterable<ZipFile>,
  modified: number,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const pieces = new Pieces(writer);
  const zip = new ZipWriter((bytes) => pieces.add(bytes));
  const encoder = new TextEncoder();
  for await (const { path, content } of files) {
    const entry = { name: encoder.encode(path), mode: MODE, modified };
    if (typeof content === "string") {
      const bytes = encoder.encode(content);
      await zip.addFile(entry, bytes.length, new Blob([bytes]).stream());
    } else await zip.addFile(entry, content.size, content.body);
  }
  await zip.finish();
  await pieces.flush();
  await writer.close();
}
