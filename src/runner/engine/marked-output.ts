import { Transform, type TransformCallback } from "node:stream";
import { EXIT_CODE } from "./exec-script.ts";

/** Bytes after the word that tell the exit code, at most. */
const CODE_BYTES = 4;

/**
 * An output of a command up to the word that stands after its last byte (exec-script.ts), which ends it; what comes after
 * that was written by what the command has left running, and is dropped.
 */
export class MarkedOutput extends Transform {
  /** The exit code that stands after the word; undefined when the output ended without. Never rejects. */
  readonly exitCode: Promise<number | undefined>;
  readonly #word: Buffer;
  readonly #told = Promise.withResolvers<number | undefined>();
  #held: Buffer = Buffer.alloc(0);
  #isOver = false;

  constructor(word: string) {
    super();
    this.#word = Buffer.from(word);
    this.exitCode = this.#told.promise;
    this.on("close", () => this.#told.resolve(undefined));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.#isOver) this.#take(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]));
    done();
  }

  override _flush(done: TransformCallback): void {
    if (!this.#isOver) this.push(this.#held);
    done();
  }

  #take(bytes: Buffer): void {
    const at = bytes.indexOf(this.#word);
    if (at < 0) return this.#passOn(bytes, bytes.length - this.#begunWord(bytes));
    const [, code] = EXIT_CODE.exec(bytes.toString("latin1", at + this.#word.length)) ?? [];
    const isWhole = code !== undefined || bytes.length > at + this.#word.length + CODE_BYTES;
    if (!isWhole) return this.#passOn(bytes, at);
    this.#isOver = true;
    this.push(bytes.subarray(0, at));
    this.push(null);
    this.#told.resolve(code === undefined ? undefined : Number(code));
  }

  /** Passes the first `length` bytes on and holds the rest. */
  #passOn(bytes: Buffer, length: number): void {
    this.#held = bytes.subarray(length);
    if (length > 0) this.push(bytes.subarray(0, length));
  }

  /** How many of the last bytes may be the beginning of the word. */
  #begunWord(bytes: Buffer): number {
    for (let length = Math.min(this.#word.length - 1, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(-length).equals(this.#word.subarray(0, length))) return length;
    }
    return 0;
  }
}
