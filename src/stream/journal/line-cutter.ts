const NEWLINE = 0x0a;

/** A line longer than the cutter takes. */
export class LineTooLongError extends RangeError {}

/** Cuts chunks of bytes, as they arrive, into lines; holds one unfinished line of at most `maxBytes`. */
export class LineCutter {
  readonly #maxBytes: number;
  /** The unfinished line is the first `#length` bytes. */
  #rest = new Uint8Array(4096);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in `chunk`, without their line ends; good until the next one is asked for. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#check(end - start);
      if (this.#length === 0) {
        yield chunk.subarray(start, end);
      } else {
        this.#hold(chunk.subarray(start, end));
        yield this.end();
      }
      start = end + 1;
    }
    this.#check(chunk.length - start);
    this.#hold(chunk.subarray(start));
  }

  /** What came after the last line end. */
  end(): Uint8Array {
    const line = this.#rest.subarray(0, this.#length);
    this.#length = 0;
    return line;
  }

  #check(more: number): void {
    if (this.#length + more > this.#maxBytes) {
      throw new LineTooLongError(`A line is larger than ${this.#maxBytes} bytes.`);
    }
  }

  /** Doubles the room for an unfinished line, so that one that comes byte by byte is copied a few times only. */
  #hold(part: Uint8Array): void {
    if (this.#length + part.length > this.#rest.length) {
      const room = new Uint8Array(Math.max(2 * this.#rest.length, this.#length + part.length));
      room.set(this.#rest.subarray(0, this.#length));
      this.#rest = room;
    }
    this.#rest.set(part, this.#length);
    this.#length += part.length;
  }
}
