import { connect, type Socket } from "node:net";

export type Argument = string | Buffer;
/** A bulk or simple string, an integer, an array, or nothing. */
export type Reply = Buffer | number | null | Reply[];

interface Pending {
  readonly replies: Reply[];
  readonly expected: number;
  readonly done: PromiseWithResolvers<Reply[]>;
}

const [CARRIAGE_RETURN, PLUS, MINUS, COLON, DOLLAR, STAR] = [0x0d, 0x2b, 0x2d, 0x3a, 0x24, 0x2a];

/** A connection to Redis (RESP2). What is asked within one turn of the event loop goes out together. */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  #outgoing: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Arrays that are not complete yet, the innermost last. */
  readonly #open: { items: Reply[]; size: number }[] = [];

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("close", () => this.#fail(new Error("Redis closed the connection")));
    this.#socket.on("error", (error) => this.#fail(error));
  }

  async send(args: readonly Argument[]): Promise<Reply> {
    const [reply = null] = await this.sendAll([args]);
    return reply;
  }

  /** Sends commands as one pipeline; rejects when one of them fails. */
  sendAll(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    if (commands.length === 0) return Promise.resolve([]);
    const done = Promise.withResolvers<Reply[]>();
    this.#pending.push({ replies: [], expected: commands.length, done });
    if (this.#outgoing.length === 0) setImmediate(() => this.#flush());
    for (const args of commands) this.#encode(args);
    return done.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #encode(args: readonly Argument[]): void {
    let text = `*${args.length}\r\n`;
    for (const arg of args) {
      text += `$${arg.length}\r\n`;
      if (typeof arg === "string") {
        text += `${arg}\r\n`;
      } else {
        this.#outgoing.push(Buffer.from(text, "latin1"), arg);
        text = "\r\n";
      }
    }
    this.#outgoing.push(Buffer.from(text, "latin1"));
  }

  #flush(): void {
    this.#socket.write(Buffer.concat(this.#outgoing));
    this.#outgoing = [];
  }

  #receive(chunk: Buffer): void {
    this.#rest = this.#at === this.#rest.length ? chunk : Buffer.concat([this.#rest.subarray(this.#at), chunk]);
    this.#at = 0;
    while (this.#readValue());
  }

  /** Reads the next value or an array's beginning; false when it has not all come. */
  #readValue(): boolean {
    const line = this.#rest.indexOf(CARRIAGE_RETURN, this.#at);
    if (line === -1 || line + 2 > this.#rest.length) return false;
    const kind = this.#rest[this.#at];
    const text = this.#rest.toString("latin1", this.#at + 1, line);
    const size = Number(text);
    if (kind === DOLLAR && size >= 0) {
      const end = line + 2 + size;
      if (end + 2 > this.#rest.length) return false;
      this.#add(this.#rest.subarray(line + 2, end));
      this.#at = end + 2;
      return true;
    }
    this.#at = line + 2;
    if (kind === STAR && size > 0) this.#open.push({ items: [], size });
    else if (kind === MINUS) this.#fail(new Error(text));
    else if (kind === COLON) this.#add(size);
    else this.#add(kind === PLUS ? Buffer.from(text) : kind === STAR && size === 0 ? [] : null);
    return true;
  }

  #add(value: Reply): void {
    for (let added = value; ;) {
      const array = this.#open.at(-1);
      if (array === undefined) return this.#answer(added);
      array.items.push(added);
      if (array.items.length < array.size) return;
      this.#open.pop();
      added = array.items;
    }
  }

  #answer(reply: Reply): void {
    const [pending] = this.#pending;
    if (pending === undefined) return;
    pending.replies.push(reply);
    if (pending.replies.length < pending.expected) return;
    this.#pending.shift();
    pending.done.resolve(pending.replies);
  }

  /** What Redis refuses here is a defect of this server: everyone who waits is told. */
  #fail(error: Error): void {
    for (const { done } of this.#pending.splice(0)) done.reject(error);
    this.#socket.destroy();
  }
}
