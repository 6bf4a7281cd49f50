import { setTimeout as sleep } from "node:timers/promises";
import { nowMicros, writeEntries } from "../entries.ts";
import type { Target } from "../target.ts";
import { Connection } from "./connection.ts";

/** Entries of one batch. */
export const BATCH_ENTRIES = 10;
/** A producer's entries are numbered from its own number times this. */
export const NUMBERS_OF_A_PRODUCER = 10_000_000;

/** How often a batch is hit by each fault. */
const [LOST_ANSWER, OUT_OF_ORDER, TWICE_AT_ONCE, AGAIN] = [0.1, 0.05, 0.05, 0.1];
/** Milliseconds after which a request whose answer is to be lost is cut off, and until the next try after a failure. */
const CUT_OFF_MS = 3;
const RETRY_MS = 30;

export interface FaultCounts {
  lost: number;
  duplicates: number;
  refused: number;
}

/** Writes batches with a producer's numbers and treats its connection badly. */
export class FaultProducer {
  readonly #target: Target;
  readonly #stream: string;
  readonly #index: number;
  readonly #counts: FaultCounts;

  constructor(target: Target, stream: string, index: number, counts: FaultCounts) {
    this.#target = target;
    this.#stream = stream;
    this.#index = index;
    this.#counts = counts;
  }

  /** Writes so many batches; `onBatch` is called after each. */
  async run(batches: number, onBatch: () => void): Promise<void> {
    for (let seq = 0; seq < batches; seq += 1) {
      if (Math.random() < LOST_ANSWER) await this.#sendAndCut(seq);
      if (Math.random() < OUT_OF_ORDER && seq + 1 < batches) await this.#sendOnce(seq + 1);
      await (Math.random() < TWICE_AT_ONCE ? Promise.all([this.#store(seq), this.#store(seq)]) : this.#store(seq));
      if (Math.random() < AGAIN) await this.#store(seq);
      onBatch();
    }
  }

  /** Sends a batch until it is acknowledged. */
  async #store(seq: number): Promise<void> {
    for (;;) {
      const status = await this.#sendOnce(seq);
      if (status === 200) return;
      if (status !== undefined && status < 500) throw new Error(`batch ${seq} was answered with ${status}`);
      await sleep(RETRY_MS);
    }
  }

  /** The answer's status; undefined when there was none. */
  async #sendOnce(seq: number): Promise<number | undefined> {
    const connection = new Connection(this.#target);
    try {
      const status = await connection.request(this.#batch(seq), undefined, (_, head) => {
        if (/\r\nproducer-duplicate: true\r\n/i.test(head)) this.#counts.duplicates += 1;
      });
      if (status === 409) this.#counts.refused += 1;
      return status;
    } catch {
      this.#counts.lost += 1;
      return undefined;
    } finally {
      connection.destroy();
    }
  }

  /** Sends a batch and does not wait for the answer. */
  async #sendAndCut(seq: number): Promise<void> {
    const connection = new Connection(this.#target);
    connection.request(this.#batch(seq)).catch(() => (this.#counts.lost += 1));
    await sleep(Math.random() * CUT_OFF_MS);
    connection.destroy();
  }

  #batch(seq: number): string {
    const first = this.#index * NUMBERS_OF_A_PRODUCER + seq * BATCH_ENTRIES + 1;
    const body = `{"entries":[${writeEntries(first, BATCH_ENTRIES, nowMicros(), ",")}]}`;
    return [
      `POST ${this.#stream}/append_log/ HTTP/1.1`,
      "Host: 127.0.0.1",
      `Authorization: Bearer ${this.#target.key}`,
      "Content-Type: application/json",
      `Producer-Id: producer-${this.#index}`,
      "Producer-Epoch: 0",
      `Producer-Seq: ${seq}`,
      `Content-Length: ${body.length}`,
      "",
      body,
    ].join("\r\n");
  }
}
