import type { OutputStream } from "../port.ts";
import { type EnvironmentMessage, INPUT_WINDOW_BYTES, PIECE_BYTES } from "../runner-protocol.ts";

/** Characters of standard error that are looked at. */
const MAX_ERRORS = 4_000;

/** One operation on files that runs on a machine: bytes in and out, neither faster than the other side takes them. */
export class FileExchange {
  /** Settles with the first byte or the end; rejects when the operation is refused. */
  readonly begun: Promise<void>;
  /** What it reads. */
  readonly output: ReadableStream<Uint8Array>;
  readonly #id: string;
  readonly #send: (message: EnvironmentMessage) => void;
  readonly #begun = Promise.withResolvers<void>();
  readonly #pieces: Uint8Array[] = [];
  #received = 0;
  #consumed = 0;
  #errors = "";
  #failure: Error | undefined;
  #isOver = false;
  #wakeReader = Promise.withResolvers<void>();
  #sent = 0;
  #taken = 0;
  #wakeWriter = Promise.withResolvers<void>();

  constructor(id: string, send: (message: EnvironmentMessage) => void) {
    this.#id = id;
    this.#send = send;
    this.begun = this.#begun.promise;
    this.begun.catch(() => undefined);
    this.output = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#send({ type: "kill", id: this.#id }),
      },
      { highWaterMark: 0 },
    );
  }

  receive(stream: OutputStream, offset: number, bytes: Uint8Array): void {
    if (stream === "stderr") {
      if (this.#errors.length < MAX_ERRORS) this.#errors += new TextDecoder().decode(bytes);
      return this.#send({ type: "stored", id: this.#id, stream, bytes: offset + bytes.byteLength });
    }
    const fresh = bytes.subarray(Math.max(0, this.#received - offset));
    if (fresh.byteLength === 0) return;
    this.#received += fresh.byteLength;
    this.#pieces.push(fresh);
    this.#begun.resolve();
    this.#wakeReader.resolve();
  }

  inputTaken(bytes: number): void {
    this.#taken = Math.max(this.#taken, bytes);
    this.#wakeWriter.resolve();
  }

  /** `judge` says from standard error whether the operation failed. */
  end(judge: (errors: string) => Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = judge(this.#errors);
    if (this.#failure) this.#begun.reject(this.#failure);
    else this.#begun.resolve();
    this.#wakeReader.resolve();
    this.#wakeWriter.resolve();
  }

  /** All that it reads, as text of at most `limit` bytes. */
  async text(limit: number): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const piece of this.output) {
      text += decoder.decode(piece, { stream: true });
      if (text.length > limit) throw new Error("A listing of the sandbox's files is too long");
    }
    return text;
  }

  /** Sends a body as the operation's input; stops when the operation has ended, and ends it when the body breaks off. */
  async feed(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      await this.#feedAll(body);
    } catch (error) {
      this.#send({ type: "kill", id: this.#id });
      throw error;
    }
  }

  async #feedAll(body: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
        while (this.#sent - this.#taken >= INPUT_WINDOW_BYTES && !this.#isOver) {
          this.#wakeWriter = Promise.withResolvers();
          await this.#wakeWriter.promise;
        }
        if (this.#isOver) return;
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        this.#sent += piece.byteLength;
        this.#send({ type: "input", id: this.#id, data: piece.toBase64(), end: false });
      }
    }
    this.#send({ type: "input", id: this.#id, data: "", end: true });
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#pieces.length === 0 && !this.#isOver) {
      this.#wakeReader = Promise.withResolvers();
      await this.#wakeReader.promise;
    }
    const piece = this.#pieces.shift();
    if (piece) {
      this.#consumed += piece.byteLength;
      this.#send({ type: "stored", id: this.#id, stream: "stdout", bytes: this.#consumed });
      return controller.enqueue(piece);
    }
    if (this.#failure) controller.error(this.#failure);
    else controller.close();
  }
}
