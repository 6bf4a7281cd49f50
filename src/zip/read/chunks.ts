import { ZipError } from "./zip-error.ts";

/** Bytes asked for at once; a byte stream in workerd gives 4 KiB a read to those who do not ask. */
const READ_SIZE = 65_536;

/** Reads a stream's chunks, as large as the stream can give them. */
export class ChunkReader {
  readonly #byob: ReadableStreamBYOBReader | undefined;
  readonly #plain: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#byob = byobReader(stream);
    this.#plain = this.#byob === undefined ? stream.getReader() : undefined;
  }

  /** The next chunk, which is the caller's to keep; undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    const result = await (this.#byob?.read(new Uint8Array(READ_SIZE)) ?? this.#plain?.read());
    return result?.done === true ? undefined : result?.value;
  }

  async cancel(): Promise<void> {
    await (this.#byob ?? this.#plain)?.cancel();
  }
}

/** Takes a stream apart at chosen places. */
export class ByteCursor {
  readonly #reader: ChunkReader;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = new ChunkReader(stream);
  }

  /** The next bytes, at least one and at most `limit`; undefined at the end. */
  async next(limit: number): Promise<Uint8Array | undefined> {
    while (this.#chunk.byteLength === 0) {
      const chunk = await this.#reader.read();
      if (chunk === undefined) return undefined;
      this.#chunk = chunk;
    }
    const taken = this.#chunk.subarray(0, limit);
    this.#chunk = this.#chunk.subarray(taken.byteLength);
    return taken;
  }

  /** Exactly `length` bytes in one array. The caller bounds `length`. */
  async take(length: number): Promise<Uint8Array> {
    const first = (await this.next(length)) ?? new Uint8Array(0);
    if (first.byteLength === length) return first;
    const bytes = new Uint8Array(length);
    bytes.set(first);
    for (let filled = first.byteLength; filled < length;) {
      const part = await this.next(length - filled);
      if (part === undefined) throw new ZipError("truncated", "the archive is shorter than its length");
      bytes.set(part, filled);
      filled += part.byteLength;
    }
    return bytes;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** A stream of what a generator yields, one chunk for each pull; cancelling it ends the generator. */
export function streamOf(chunks: AsyncGenerator<Uint8Array, unknown, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

/** Undefined for streams that are not byte streams: only asking tells. */
function byobReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}
