import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readNumber } from "../entries.ts";
import type { Target } from "../target.ts";
import { Connection, type TakeSpan } from "./connection.ts";
import type { Protocol } from "./protocols.ts";
import type { Transport } from "./readers.ts";
import { SocketFrames, textFrame } from "./socket-frames.ts";

const socketMessage = z.object({ offset: z.string(), entries: z.array(z.looseObject({})) });

const RECONNECT_MS = 30;

/**
 * A reader as a client would be written: it takes whole frames, keeps the last offset, and comes back with it whenever its
 * connection ends. It keeps the numbers of its entries in the order in which they came.
 */
export class FaultReader {
  readonly numbers: number[] = [];
  connections = 0;
  readonly #target: Target;
  readonly #protocol: Protocol;
  readonly #stream: string;
  readonly #transport: Transport;
  #offset: string | undefined;
  #text = "";

  constructor(target: Target, protocol: Protocol, stream: string, transport: Transport) {
    this.#target = target;
    this.#protocol = protocol;
    this.#stream = stream;
    this.#transport = transport;
  }

  /** Reads until it has `total` entries, or `deadline` (milliseconds of performance.now) has passed. */
  async run(total: number, deadline: number): Promise<void> {
    while (this.numbers.length < total && performance.now() < deadline) {
      await this.#connect(total, deadline);
      await sleep(RECONNECT_MS);
    }
  }

  async #connect(total: number, deadline: number): Promise<void> {
    this.connections += 1;
    this.#text = "";
    const connection = new Connection(this.#target);
    const watch = setInterval(() => {
      if (this.numbers.length >= total || performance.now() > deadline) connection.destroy();
    }, RECONNECT_MS);
    const start = this.#offset === undefined ? "first" : { after: this.#offset };
    const take = this.#transport === "events" ? this.#takeEvents() : this.#takeMessages(connection);
    await connection.request(this.#protocol.open(this.#stream, start, this.#transport), take).catch(() => undefined);
    clearInterval(watch);
    connection.destroy();
  }

  #takeEvents(): TakeSpan {
    return (bytes, start, end) => {
      this.#text += Buffer.from(bytes.subarray(start, end)).toString("latin1");
      const frames = this.#text.split("\n\n");
      this.#text = frames.pop() ?? "";
      for (const frame of frames) {
        const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(frame) ?? [];
        if (id === undefined || data === undefined) continue;
        this.#offset = id;
        this.#take(data);
      }
    };
  }

  #takeMessages(connection: Connection): TakeSpan {
    const take: TakeSpan = (bytes, start, end) => {
      this.#text += Buffer.from(bytes.subarray(start, end)).toString("latin1");
    };
    const frames = new SocketFrames(take, () => {
      const text = this.#text;
      this.#text = "";
      if (!text.startsWith('{"type":"entries"')) return;
      const message = socketMessage.parse(JSON.parse(text));
      for (const entry of message.entries) this.#take(JSON.stringify(entry));
      this.#offset = message.offset;
      connection.socket.write(textFrame(`{"type":"ack","offset":"${message.offset}"}`));
    });
    return (bytes, start, end) => frames.push(bytes, start, end);
  }

  #take(entry: string): void {
    if (entry.startsWith('{"n":')) this.numbers.push(readNumber(Buffer.from(entry, "latin1"), 0));
  }
}
