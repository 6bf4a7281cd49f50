import { nowMicros } from "../entries.ts";
import type { Target } from "../target.ts";
import { Connection } from "./connection.ts";
import { ask, type Protocol } from "./protocols.ts";

/** One writer of a stream: an append at a time, on one connection. */
export class Writer {
  readonly stream: string;
  /** The number of the last entry that was acknowledged. */
  last = 0;
  /** The offset after it. */
  offset = "";
  readonly #target: Target;
  readonly #protocol: Protocol;
  #connection: Connection;

  constructor(target: Target, protocol: Protocol, stream: string) {
    this.stream = stream;
    this.#target = target;
    this.#protocol = protocol;
    this.#connection = new Connection(target);
  }

  /** Appends the next `count` entries and resolves when they are acknowledged. */
  async append(count: number, time = nowMicros()): Promise<void> {
    // Servers close connections that were idle for a while.
    if (this.#connection.isClosed) this.#connection = new Connection(this.#target);
    const text = this.#protocol.append(this.stream, this.last + 1, count, time);
    const last = this.last + count;
    const status = await this.#connection.request(
      Buffer.from(text, "latin1"),
      () => undefined,
      (_, head) => (this.offset = this.#protocol.offsetAfter(last, head)),
    );
    if (status !== 200 && status !== 204) throw new Error(`an append was answered with ${status}`);
    this.last = last;
  }

  /** Appends `total` entries in appends of `count`. */
  async fill(total: number, count: number): Promise<void> {
    while (this.last < total) await this.append(Math.min(count, total - this.last));
  }

  close(): void {
    this.#connection.destroy();
  }
}

/** Makes a stream with a writer of its own, lets `work` use it, and lets go of both. */
export async function withStream<T>(
  target: Target,
  protocol: Protocol,
  work: (writer: Writer) => Promise<T>,
): Promise<T> {
  const stream = await protocol.create();
  const writer = new Writer(target, protocol, stream);
  try {
    return await work(writer);
  } finally {
    writer.close();
    const removal = protocol.remove(stream);
    if (removal !== undefined) await ask(target, removal);
  }
}
