import type { Readable } from "node:stream";

/** Milliseconds without a byte after which an output is given up that something still holds open after the program's end. */
const IDLE_MS = 1_000;

/** Takes bytes that begin at `offset` of their stream; no more are read until it has settled. */
export type TakeBytes = (offset: number, bytes: Uint8Array) => Promise<void>;

/**
 * Reads an output to its end, passes its first `limit` bytes on and counts the rest, so that a program neither waits for
 * ever on a full pipe nor fills the memory: what is held is one chunk of the pipe.
 */
export class OutputPump {
  /** Bytes that came out, passed on or not. */
  produced = 0;
  readonly #source: Readable;
  readonly #limit: number;
  readonly #take: TakeBytes;
  #waitingSince = Infinity;

  constructor(source: Readable, limit: number, take: TakeBytes) {
    this.#source = source;
    this.#limit = limit;
    this.#take = take;
  }

  /** Settles at the end of the output, or when it is given up. Rejects with what `take` fails with. */
  async run(): Promise<void> {
    const chunks = this.#source.iterator() as AsyncIterator<Uint8Array, undefined>;
    for (;;) {
      this.#waitingSince = performance.now();
      const chunk = await chunks.next().catch(endOfBroken);
      this.#waitingSince = Infinity;
      if (chunk.done === true) return;
      const offset = this.produced;
      this.produced += chunk.value.byteLength;
      if (offset < this.#limit) await this.#take(offset, chunk.value.subarray(0, this.#limit - offset));
    }
  }

  /** Call it when the program has ended: gives up the output once nothing comes any more. */
  giveUpWhenIdle(): void {
    const timer = setInterval(() => {
      if (performance.now() - this.#waitingSince < IDLE_MS) return;
      this.#source.destroy();
    }, IDLE_MS / 2);
    this.#source.once("close", () => clearInterval(timer));
  }
}

/** A pipe that was destroyed has nothing more to say. */
function endOfBroken(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
