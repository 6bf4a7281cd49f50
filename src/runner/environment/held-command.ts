import type { CommandEnding, OutputStream } from "../../sandbox/port.ts";
import {
  type EnvironmentMessage,
  INPUT_WINDOW_BYTES,
  type MachineMessage,
  OUTPUT_WINDOW_BYTES,
  PIECE_BYTES,
} from "../../sandbox/runner-protocol.ts";
import type { SecretMask } from "../../sandbox/secret-mask.ts";
import { runCommand, type Startable } from "../process/command.ts";

type Start = Extract<EnvironmentMessage, { type: "start" }>;

interface Piece {
  offset: number;
  bytes: Uint8Array;
}

/** Output that is not yet stored, in its order; no more than a window of it. */
class Outgoing {
  readonly #pieces: Piece[] = [];
  #stored = 0;
  #end = 0;
  #room = Promise.withResolvers<void>();

  /** Settles when there is room for more. */
  async add(piece: Piece): Promise<void> {
    this.#pieces.push(piece);
    this.#end = piece.offset + piece.bytes.byteLength;
    while (this.#end - this.#stored > OUTPUT_WINDOW_BYTES) {
      this.#room = Promise.withResolvers();
      await this.#room.promise;
    }
  }

  store(bytes: number): void {
    this.#stored = Math.max(this.#stored, bytes);
    while (this.#pieces[0] && this.#pieces[0].offset + this.#pieces[0].bytes.byteLength <= this.#stored) {
      this.#pieces.shift();
    }
    this.#room.resolve();
  }

  /** Nobody wants it any more. */
  abandon(): void {
    this.store(Infinity);
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }
}

/** A command's input as it arrives, and what is told of it as it is read. */
class Incoming {
  readonly #pieces: Uint8Array[];
  readonly #taken: (bytes: number) => void;
  #isOpen: boolean;
  #read = 0;
  #held = 0;
  #news = Promise.withResolvers<void>();

  constructor(first: Uint8Array, isOpen: boolean, taken: (bytes: number) => void) {
    this.#pieces = [first];
    this.#isOpen = isOpen;
    this.#taken = taken;
  }

  add(bytes: Uint8Array, isLast: boolean): void {
    this.#held += bytes.byteLength;
    if (this.#held > 2 * INPUT_WINDOW_BYTES) throw new Error("The server sends more input than is asked for");
    this.#pieces.push(bytes);
    if (isLast) this.#isOpen = false;
    this.#news.resolve();
  }

  end(): void {
    this.#isOpen = false;
    this.#news.resolve();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) {
        if (piece.byteLength > 0) yield piece;
        this.#read += piece.byteLength;
        this.#held = Math.max(0, this.#held - piece.byteLength);
        if (this.#isOpen) this.#taken(this.#read);
        continue;
      }
      if (!this.#isOpen) return;
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }
}

/** A command that an environment has started on this machine, from its start until its end is noted there. */
export class HeldCommand {
  readonly id: string;
  /** Settles when it has ended on this machine. Never rejects. */
  readonly finished: Promise<void>;
  readonly #send: (message: MachineMessage) => void;
  readonly #outgoing = { stdout: new Outgoing(), stderr: new Outgoing() };
  readonly #incoming: Incoming;
  readonly #killer = new AbortController();
  #ending: CommandEnding | undefined;

  /** `mask` hides the secrets in its output before it is counted or sent. */
  constructor(start: Start, program: Startable, mask: SecretMask, send: (message: MachineMessage) => void) {
    const { id, stdin, input, seconds, output_bytes: outputBytes } = start;
    this.id = id;
    this.#send = send;
    const first = new Uint8Array(Buffer.from(stdin, "base64"));
    this.#incoming = new Incoming(first, input, (bytes) => send({ type: "input_taken", id, bytes }));
    this.finished = this.#run(program, mask, { seconds, outputBytes });
  }

  kill(): void {
    for (const outgoing of Object.values(this.#outgoing)) outgoing.abandon();
    this.#incoming.end();
    this.#killer.abort();
  }

  /** The environment no longer knows it: ends it, and says so again. */
  drop(): void {
    this.kill();
    this.#sendEnding();
  }

  input(data: string, isLast: boolean): void {
    this.#incoming.add(new Uint8Array(Buffer.from(data, "base64")), isLast);
  }

  stored(stream: OutputStream, bytes: number): void {
    this.#outgoing[stream].store(bytes);
  }

  /** Sends again what the environment has not stored. */
  resume(stored: Record<OutputStream, number>): void {
    for (const stream of ["stdout", "stderr"] as const) {
      this.#outgoing[stream].store(stored[stream]);
      for (const piece of this.#outgoing[stream].pieces) this.#sendPiece(stream, piece);
    }
    this.#sendEnding();
  }

  async #run(program: Startable, mask: SecretMask, limits: { seconds: number; outputBytes: number }): Promise<void> {
    try {
      this.#ending = await runCommand({
        program,
        limits,
        mask,
        stdin: this.#incoming.read(),
        output: (stream, offset, bytes) => this.#output(stream, offset, bytes),
        signal: this.#killer.signal,
      });
    } catch (error) {
      const reason = `The runner failed: ${error instanceof Error ? error.message : String(error)}`;
      this.#ending = { status: "lost", reason };
    }
    this.#incoming.end();
    this.#sendEnding();
  }

  async #output(stream: OutputStream, offset: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
      const piece = { offset: offset + at, bytes: bytes.slice(at, at + PIECE_BYTES) };
      this.#sendPiece(stream, piece);
      await this.#outgoing[stream].add(piece);
    }
  }

  #sendPiece(stream: OutputStream, { offset, bytes }: Piece): void {
    this.#send({ type: "output", id: this.id, stream, offset, data: Buffer.from(bytes).toString("base64") });
  }

  #sendEnding(): void {
    if (!this.#ending) return;
    const ending =
      this.#ending.status === "exited"
        ? { status: "exited" as const, exit_code: this.#ending.exitCode, produced: this.#ending.produced }
        : this.#ending;
    this.#send({ type: "ended", id: this.id, ending });
  }
}
