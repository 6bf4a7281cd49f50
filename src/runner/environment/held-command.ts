import type { CommandEnding, OutputStream, TerminalSize } from "../../sandbox/port.ts";
import {
  type EnvironmentMessage,
  INPUT_WINDOW_BYTES,
  type MachineMessage,
  OUTPUT_WINDOW_BYTES,
  PIECE_BYTES,
} from "../../sandbox/runner-protocol.ts";
import type { SecretMask } from "../../sandbox/secret-mask.ts";
import { runCommand, type Startable } from "../process/command.ts";
import { inputFrames, resizeFrame } from "../process/pty-bridge.ts";

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

/** Bytes for the program, and how many of the command's input they are. */
interface InputPiece {
  bytes: Uint8Array;
  counts: number;
}

/** A command's input as it arrives, and what is told of it as it is read. */
class Incoming {
  readonly #pieces: InputPiece[] = [];
  readonly #taken: (bytes: number) => void;
  /** What the program gets for bytes of input. */
  readonly #encode: (bytes: Uint8Array) => Uint8Array;
  #isOpen = true;
  #received = 0;
  #read = 0;
  #news = Promise.withResolvers<void>();

  constructor(taken: (bytes: number) => void, encode: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes) {
    this.#taken = taken;
    this.#encode = encode;
  }

  /** `offset`: where it begins in all of the input; what has come before is left out. */
  add(bytes: Uint8Array, isLast: boolean, offset = this.#received): void {
    const fresh = bytes.subarray(Math.max(0, this.#received - offset));
    if (fresh.byteLength < bytes.byteLength) this.#taken(this.#read);
    if (!this.#isOpen) return;
    if (offset > this.#received) throw new Error("The server has left out some of a command's input");
    this.#received += fresh.byteLength;
    if (fresh.byteLength > 0) this.#pieces.push({ bytes: this.#encode(fresh), counts: fresh.byteLength });
    if (isLast) this.#isOpen = false;
    this.#news.resolve();
  }

  /** Bytes that have come and were not read. */
  get held(): number {
    return this.#received - this.#read;
  }

  /** What the program gets beside its input, in the order of all; the last one counts. */
  addControl(bytes: Uint8Array): void {
    if (this.#pieces.at(-1)?.counts === 0) this.#pieces.pop();
    this.#pieces.push({ bytes, counts: 0 });
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
        yield piece.bytes;
        this.#read += piece.counts;
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
    const { id, stdin, input, seconds, output_bytes: outputBytes, tty } = start;
    this.id = id;
    this.#send = send;
    const taken = (bytes: number) => send({ type: "input_taken", id, bytes });
    this.#incoming = new Incoming(taken, tty && inputFrames);
    this.#incoming.add(new Uint8Array(Buffer.from(stdin, "base64")), !input);
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

  /** `offset`: where it begins in all of the input; left out where nothing is sent twice. */
  input(data: string, isLast: boolean, offset?: number): void {
    this.#incoming.add(new Uint8Array(Buffer.from(data, "base64")), isLast, offset);
    if (this.#incoming.held > 2 * INPUT_WINDOW_BYTES) throw new Error("The server sends more input than is asked for");
  }

  resize(size: TerminalSize): void {
    this.#incoming.addControl(resizeFrame(size));
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
