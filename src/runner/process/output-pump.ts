import type { Readable } from "node:stream";
import { ProgramOutput } from "./program-output.ts";

/** Milliseconds between two looks, at two of which in a row nothing has come, until an output is let go. */
const LOOK_MS = 50;

/** Takes bytes that begin at `offset` of their stream; no more are read until it has settled. */
export type TakeBytes = (offset: number, bytes: Uint8Array) => Promise<void>;

/**
 * Reads an output to its end, passes its first `limit` bytes on and counts the rest, so that a program neither waits for
 * ever on a full pipe nor fills the memory: what is held is one chunk of the pipe.
 */
export class OutputPump {
  /** Bytes that came out, passed on or not. */
  produced = 0;
  readonly #source: ProgramOutput;
  readonly #limit: number;
  readonly #take: TakeBytes;
  readonly #letGo = Promise.withResolvers<void>();
  #isLetGo = false;

  constructor(source: Readable, limit: number, take: TakeBytes) {
    this.#source = new ProgramOutput(source);
    this.#limit = limit;
    this.#take = take;
  }

  /** Settles at the end of the output, or when it is let go. Rejects with what `take` fails with. */
  run(): Promise<void> {
    return Promise.race([this.#readAll(), this.#letGo.promise]);
  }

  async #readAll(): Promise<void> {
    for (let chunk = await this.#source.next(); chunk; chunk = await this.#source.next()) {
      if (this.#isLetGo) continue;
      const offset = this.produced;
      this.produced += chunk.byteLength;
      if (offset < this.#limit) await this.#take(offset, chunk.subarray(0, this.#limit - offset));
    }
  }

  /**
   * Call it when the program has ended: lets go of the output once nothing comes any more, though what it has left running
   * holds it open. What those still write is read and dropped: they would end by it if nobody read.
   */
  letGoWhenIdle(): void {
    let wasIdle = false;
    const timer = setInterval(() => {
      const isIdle = this.#source.idleMs >= LOOK_MS;
      if (this.#source.isOver || (wasIdle && isIdle)) {
        clearInterval(timer);
        this.#isLetGo = true;
        this.#letGo.resolve();
      }
      wasIdle = isIdle;
    }, LOOK_MS);
  }
}
