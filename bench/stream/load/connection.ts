import { connect, type Socket } from "node:net";

/** Bytes read at a time. All connections read into one buffer: what is in it is taken before the next read. */
const READ_BYTES = 256 * 1024;
const shared = new Uint8Array(READ_BYTES);

/** Takes a span of a body; it is good only until the call returns. */
export type TakeSpan = (bytes: Uint8Array, start: number, end: number) => void;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How an answer's body is cut: so many bytes, chunks, or everything until the connection closes. */
type Framing = { kind: "length"; left: number } | { kind: "chunks" } | { kind: "rest" };

interface Exchange {
  readonly take: TakeSpan;
  readonly onHead: ((status: number, head: string) => void) | undefined;
  readonly done: PromiseWithResolvers<number>;
  status: number;
  head: string;
  framing: Framing | undefined;
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

function isLineEnd(byte: number | undefined): boolean {
  return byte === CARRIAGE_RETURN || byte === LINE_FEED;
}

/**
 * One kept-alive connection of HTTP/1.1, written for little cost a byte: the load generator has to be faster than what
 * it measures. Requests are whole texts; one is in flight at a time.
 */
export class Connection {
  readonly socket: Socket;
  #exchange: Exchange | undefined;
  /** Of a chunked body: bytes of the chunk still to come, and the size line as far as it has come. */
  #chunkLeft = 0;
  #sizeLine = "";
  #closed = false;

  /** `buffer` is what it reads into, as many bytes at a time as it has; after each read `afterRead` says whether to go on. */
  constructor({ host, port }: Address, buffer: Uint8Array = shared, afterRead: () => boolean = () => true) {
    const onread = {
      buffer,
      callback: (count: number, bytes: Uint8Array) => {
        this.#receive(bytes, 0, count);
        return afterRead();
      },
    };
    this.socket = connect({ host, port, noDelay: true, onread });
    this.socket.on("error", () => this.#close()).on("close", () => this.#close());
  }

  /**
   * Sends a request and resolves with the status when its answer is through; rejects when the connection closes before.
   * `onHead` gets the answer's status and headers as soon as they are there.
   */
  request(
    text: string | Uint8Array,
    take: TakeSpan = () => undefined,
    onHead?: (status: number, head: string) => void,
  ): Promise<number> {
    const done = Promise.withResolvers<number>();
    if (this.#closed) done.reject(new Error("the connection is closed"));
    else this.#exchange = { take, onHead, done, status: 0, head: "", framing: undefined };
    this.socket.write(text);
    return done.promise;
  }

  /** Whether the other side, or this one, has closed it. */
  get isClosed(): boolean {
    return this.#closed;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #close(): void {
    this.#closed = true;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange?.framing?.kind === "rest") exchange.done.resolve(exchange.status);
    else exchange?.done.reject(new Error("the connection closed before the answer was through"));
  }

  #receive(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      const exchange = this.#exchange;
      if (exchange === undefined) return;
      if (exchange.framing === undefined) at = this.#receiveHead(exchange, bytes, at, end);
      else if (exchange.framing.kind === "chunks") at = this.#receiveChunk(exchange, bytes, at, end);
      else at = this.#receivePlain(exchange, exchange.framing, bytes, at, end);
    }
  }

  #receiveHead(exchange: Exchange, bytes: Uint8Array, from: number, end: number): number {
    let start = from;
    // What stands behind the last chunk of the answer before.
    while (exchange.head === "" && start < end && isLineEnd(bytes[start])) start += 1;
    const known = exchange.head.length;
    exchange.head += Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
    const close = exchange.head.indexOf("\r\n\r\n", Math.max(known - 3, 0));
    if (close === -1) return end;
    const head = exchange.head.slice(0, close + 2);
    exchange.status = Number(head.slice(9, 12));
    exchange.framing = framingOf(head, exchange.status);
    exchange.onHead?.(exchange.status, head);
    if (exchange.framing.kind === "length" && exchange.framing.left === 0) this.#finish(exchange);
    return start + close + 4 - known;
  }

  #receivePlain(exchange: Exchange, framing: Framing, bytes: Uint8Array, start: number, end: number): number {
    const to = framing.kind === "length" ? Math.min(start + framing.left, end) : end;
    exchange.take(bytes, start, to);
    if (framing.kind === "length") {
      framing.left -= to - start;
      if (framing.left === 0) this.#finish(exchange);
    }
    return to;
  }

  #receiveChunk(exchange: Exchange, bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#chunkLeft === 0) {
      for (; at < end; at += 1) {
        const byte = bytes[at];
        if (byte === LINE_FEED && this.#sizeLine !== "") break;
        if (!isLineEnd(byte)) this.#sizeLine += String.fromCharCode(byte ?? 0);
      }
      if (at === end) return end;
      this.#chunkLeft = Number.parseInt(this.#sizeLine, 16);
      this.#sizeLine = "";
      if (this.#chunkLeft === 0) this.#finish(exchange);
      return this.#exchange === undefined ? end : at + 1;
    }
    const to = Math.min(at + this.#chunkLeft, end);
    exchange.take(bytes, at, to);
    this.#chunkLeft -= to - at;
    return to;
  }

  #finish(exchange: Exchange): void {
    this.#exchange = undefined;
    exchange.done.resolve(exchange.status);
  }
}

function framingOf(head: string, status: number): Framing {
  if (status === 101) return { kind: "rest" };
  if (status === 204) return { kind: "length", left: 0 };
  const lower = head.toLowerCase();
  if (lower.includes("\r\ntransfer-encoding: chunked\r\n")) return { kind: "chunks" };
  const [, length] = /\r\ncontent-length: (\d+)\r\n/.exec(lower) ?? [];
  return length === undefined ? { kind: "rest" } : { kind: "length", left: Number(length) };
}
