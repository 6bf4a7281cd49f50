import type { SandboxInteraction, TerminalSize } from "../port.ts";
import { INPUT_WINDOW_BYTES } from "../runner-protocol.ts";
import type { MachineSocket } from "./machine-socket.ts";
import type { InputPiece, RunnerStore } from "./runner-store.ts";

/**
 * Commands of a runner whose input stays open. Input is stored until the machine has taken it; a machine that is connected
 * has been sent all of it that begins within a window behind what it has taken.
 */
export class RunnerInteraction implements SandboxInteraction {
  readonly #store: RunnerStore;
  readonly #machine: MachineSocket;

  constructor(store: RunnerStore, machine: MachineSocket) {
    this.#store = store;
    this.#machine = machine;
  }

  get terminalFault(): string | undefined {
    if (this.#store.link.terminals === true) return undefined;
    return "The runner that keeps this environment gives commands no terminal: that takes a new one on Linux with perl.";
  }

  input(commandId: string, bytes: Uint8Array, isLast: boolean): void {
    const at = this.#store.addInput(commandId, bytes, isLast);
    if (at === undefined || at >= this.#taken(commandId) + INPUT_WINDOW_BYTES) return;
    this.#send(commandId, { at, bytes, isLast });
  }

  backlog(commandId: string): number {
    const input = this.#store.inputOf(commandId);
    return input ? input.total - input.taken : 0;
  }

  resize(commandId: string, { rows, cols }: TerminalSize): void {
    this.#store.changeMessage(commandId, { tty: { rows, cols } });
    this.#machine.send({ type: "resize", id: commandId, rows, cols });
  }

  takeOutput(commandId: string, bytes: number): void {
    this.#machine.send({ type: "stored", id: commandId, stream: "stdout", bytes });
  }

  /** The machine has taken so many bytes of a command's input. False where that is no news. */
  inputTaken(commandId: string, bytes: number): boolean {
    const taken = this.#taken(commandId);
    if (bytes <= taken) return false;
    this.#store.takeInput(commandId, bytes);
    this.#sendPieces(commandId, taken + INPUT_WINDOW_BYTES, bytes + INPUT_WINDOW_BYTES);
    return true;
  }

  /** Sends a machine that has just connected what it may not have: it reads no byte twice. */
  resume(commandId: string): void {
    const tty = this.#store.message(commandId)?.tty;
    if (tty) this.#machine.send({ type: "resize", id: commandId, ...tty });
    this.#sendPieces(commandId, 0, this.#taken(commandId) + INPUT_WINDOW_BYTES);
  }

  #taken(commandId: string): number {
    return this.#store.inputOf(commandId)?.taken ?? 0;
  }

  #sendPieces(commandId: string, from: number, to: number): void {
    for (const piece of this.#store.pieces(commandId, from, to)) this.#send(commandId, piece);
  }

  #send(id: string, { at, bytes, isLast }: InputPiece): void {
    this.#machine.send({ type: "input", id, offset: at, data: bytes.toBase64(), end: isLast });
  }
}
