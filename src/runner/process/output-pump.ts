import type { Readable } from "node:stream";
import { ProgramOutput } from "./program-output.ts";

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

  constructor(source: Readable, limit: number, take: TakeBytes) {
    this.#source = new ProgramOutput(source);
    this.#limit = limit;
    this.#take = take;
  }

  /** Settles at the end of the output, or when it is given up. Rejects with what `take` fails with. */
  async run(): Promise<void> {
    for (let chunk = await this.#source.next(); chunk; chunk = await this.#source.next()) {
      const offset = this.produced;
      this.produced += chunk.byteLength;
      if (offset < this.#limit) await this.#take(offset, chunk.subarray(0, this.#limit - offset));
    }
  }

  /** Call it when the program has ended: gives up the output once nothing comes any more. */
  giveUpWhenIdle(): void {
    this.#source.giveUpWhenIdle();
  }
}
