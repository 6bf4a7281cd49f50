import { type Address, Connection, type TakeSpan } from "./connection.ts";
import { EntryScanner } from "./entry-scanner.ts";
import { SocketFrames, textFrame } from "./socket-frames.ts";

/** Bytes of messages after which a WebSocket's reader acknowledges; the server holds back at four times as much. */
const ACK_BYTES = 64_000;

/** How a stream is read: as server-sent events, over WebSocket, or to the end of its log. */
export type Transport = "events" | "socket";

/** One subscriber of a stream. It counts and checks entries as they come. */
export class Reader {
  readonly scanner: EntryScanner;
  readonly connection: Connection;
  readonly #waiting: { number: number; done: PromiseWithResolvers<void> }[] = [];

  /** `request` opens the stream where the entry `first` comes next; `onEntry` gets the time that each entry carries. */
  constructor(
    address: Address,
    request: string,
    { transport = "events", first = 1, onEntry = () => undefined, connection }: ReaderOptions = {},
  ) {
    this.scanner = new EntryScanner(first, onEntry);
    this.connection = connection ?? new Connection(address);
    const take: TakeSpan = (bytes, start, end) => {
      this.scanner.scan(bytes, start, end);
      this.#tell();
    };
    const span = transport === "events" ? take : this.#overSocket(take);
    const onHead = (status: number, head: string): void => {
      if (status !== 200 && status !== 101) this.fail(`the stream answered ${head.split("\r\n", 1)[0] ?? ""}`);
    };
    this.connection.request(request, span, onHead).then(
      () => this.fail("the stream ended"),
      (error: unknown) => this.fail(String(error)),
    );
  }

  /** The number of the last entry that came. */
  get last(): number {
    return this.scanner.next - 1;
  }

  /** Resolves once entry `number` has come; rejects with what is wrong with the stream. */
  reach(number: number): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ number, done });
    this.#tell();
    return done.promise;
  }

  fail(reason: string): void {
    this.scanner.problem ??= reason;
    this.#tell();
  }

  close(): void {
    this.#waiting.length = 0;
    this.connection.destroy();
  }

  #tell(): void {
    const { problem } = this.scanner;
    for (let index = this.#waiting.length - 1; index >= 0; index -= 1) {
      const waiter = this.#waiting[index];
      if (waiter === undefined || (problem === undefined && waiter.number > this.last)) continue;
      this.#waiting.splice(index, 1);
      if (problem === undefined) waiter.done.resolve();
      else waiter.done.reject(new Error(problem));
    }
  }

  #overSocket(take: TakeSpan): TakeSpan {
    const frames = new SocketFrames(take);
    let acknowledged = 0;
    return (bytes, start, end) => {
      frames.push(bytes, start, end);
      if (frames.taken - acknowledged < ACK_BYTES || frames.offset === "") return;
      acknowledged = frames.taken;
      this.connection.socket.write(textFrame(`{"type":"ack","offset":"${frames.offset}"}`));
    };
  }
}

export interface ReaderOptions {
  transport?: Transport;
  first?: number;
  onEntry?: (time: number) => void;
  connection?: Connection;
}
