import { inTime } from "../stream/event-client.ts";

interface Message {
  type: string;
  offset?: string;
  entries?: Record<string, unknown>[];
}

/** A client of the stream over WebSocket. */
export class SocketClient {
  readonly #socket: WebSocket;
  readonly #messages: string[] = [];
  #arrived = Promise.withResolvers<void>();
  /** The code that the server closed with. */
  readonly closed: Promise<number>;
  lastOffset: string | undefined;

  constructor(response: Response) {
    if (!response.webSocket) throw new Error(`No WebSocket: ${response.status}`);
    this.#socket = response.webSocket;
    this.#socket.accept();
    this.#socket.addEventListener("message", ({ data }) => {
      this.#messages.push(String(data));
      this.#arrived.resolve();
    });
    this.closed = new Promise((resolve) => this.#socket.addEventListener("close", ({ code }) => resolve(code)));
  }

  /** Messages that came and were not taken. */
  get waiting(): number {
    return this.#messages.length;
  }

  async text(): Promise<string> {
    while (this.#messages.length === 0) {
      this.#arrived = Promise.withResolvers();
      await inTime(this.#arrived.promise, `a message after ${this.lastOffset}`);
    }
    return this.#messages.shift() ?? "";
  }

  async next(): Promise<Message> {
    const message: Message = JSON.parse(await this.text());
    this.lastOffset = message.offset ?? this.lastOffset;
    return message;
  }

  /** So many entries, each message acknowledged where `isAcking`. */
  async take(count: number, isAcking = true): Promise<Record<string, unknown>[]> {
    const entries: Record<string, unknown>[] = [];
    while (entries.length < count) {
      entries.push(...((await this.next()).entries ?? []));
      if (isAcking) this.acknowledge();
    }
    return entries;
  }

  acknowledge(offset = this.lastOffset): void {
    this.send(JSON.stringify({ type: "ack", offset }));
  }

  send(message: string): void {
    this.#socket.send(message);
  }

  leave(): void {
    this.#socket.close(1000, "done");
  }
}
