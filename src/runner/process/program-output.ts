import type { Readable } from "node:stream";

/** Milliseconds without a byte after which an output is given up that something still holds open after the program's end. */
const IDLE_MS = 1_000;

/** An output of a program, chunk by chunk; one that its program has left is not waited for without end. */
export class ProgramOutput {
  readonly #source: Readable;
  readonly #chunks: AsyncIterator<Buffer, undefined>;
  #waitingSince = Infinity;

  constructor(source: Readable) {
    this.#source = source;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a pipe without an encoding has buffers
    this.#chunks = source.iterator() as AsyncIterator<Buffer, undefined>;
  }

  /** The next bytes; undefined at the end, or when the output was given up. */
  async next(): Promise<Buffer | undefined> {
    this.#waitingSince = performance.now();
    try {
      return (await this.#chunks.next()).value;
    } catch {
      // A pipe that was destroyed has nothing more to say.
      return undefined;
    } finally {
      this.#waitingSince = Infinity;
    }
  }

  /** Whether the reader waits for the next byte: it has taken all that has come. */
  get isWaiting(): boolean {
    return this.#waitingSince !== Infinity;
  }

  get isOver(): boolean {
    return this.#source.closed;
  }

  /** Call it when the program has ended: gives up the output once nothing comes any more. */
  giveUpWhenIdle(): void {
    if (this.#source.closed) return;
    const timer = setInterval(() => {
      if (performance.now() - this.#waitingSince >= IDLE_MS) this.#source.destroy();
    }, IDLE_MS / 2);
    this.#source.once("close", () => clearInterval(timer));
  }
}
