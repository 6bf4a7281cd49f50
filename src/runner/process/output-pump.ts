import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { MaskedStream, SecretMask } from "../../sandbox/secret-mask.ts";
import { ProgramOutput } from "./program-output.ts";

/** Milliseconds between chunks of an output that is dropped: who writes without end shall not keep the runner busy. */
const DROP_PAUSE_MS = 100;
/** Milliseconds between looks whether an output has been read that may be let go. */
const LOOK_MS = 50;

/** Takes bytes that begin at `offset` of their stream; no more are read until it has settled. */
export type TakeBytes = (offset: number, bytes: Uint8Array) => Promise<void>;

/**
 * Reads an output to its end, passes its first `limit` bytes on and counts the rest, so that a program neither waits for
 * ever on a full pipe nor fills the memory: what is held is one chunk of the pipe.
 */
export class OutputPump {
  /** Bytes that came out, masked, passed on or not. */
  produced = 0;
  readonly #source: ProgramOutput;
  readonly #limit: number;
  readonly #masked: MaskedStream;
  readonly #take: TakeBytes;
  readonly #letGo = Promise.withResolvers<void>();
  #isLetGo = false;

  constructor(source: Readable, limit: number, mask: SecretMask, take: TakeBytes) {
    this.#source = new ProgramOutput(source);
    this.#limit = limit;
    this.#masked = mask.stream();
    this.#take = take;
  }

  /** Settles at the end of the output, or when it is let go. Rejects with what `take` fails with. */
  async run(): Promise<void> {
    await Promise.race([this.#readAll(), this.#letGo.promise]);
    await this.#pass(this.#masked.end());
  }

  async #readAll(): Promise<void> {
    for (let chunk = await this.#source.next(); chunk; chunk = await this.#source.next()) {
      if (this.#isLetGo) {
        await wait(DROP_PAUSE_MS, undefined, { ref: false });
        continue;
      }
      await this.#pass(this.#masked.push(chunk));
    }
  }

  async #pass(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    const offset = this.produced;
    this.produced += bytes.byteLength;
    if (offset < this.#limit) await this.#take(offset, bytes.subarray(0, this.#limit - offset));
  }

  /**
   * Call it when the program has ended: lets go of the output once all that it has written has been read, though what it has
   * left running holds the output open and goes on to write. What those write is read and dropped: they would end by it if
   * nobody read. The program's own is in the pipe by now, so that it has been read when there was nothing to read, and once
   * more after the events that a busy process had yet to see.
   */
  letGoWhenRead(): void {
    let looks = 0;
    const timer = setInterval(() => {
      // One that is at its end is read to the last byte, however long it takes until that is taken.
      if (this.#source.isOver) return clearInterval(timer);
      if (this.#source.isWaiting) looks += 1;
      if (looks < 2) return;
      clearInterval(timer);
      this.#isLetGo = true;
      this.#letGo.resolve();
    }, LOOK_MS);
  }
}
