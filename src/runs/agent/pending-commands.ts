import { type CommandOutcome, NO_ANSWER, TIMEOUT } from "../protocol/command-outcome.ts";

/** A command that somebody waits for. */
interface Pending {
  /** The connection it went out on. */
  socket: WebSocket;
  timer: ReturnType<typeof setTimeout>;
  resolve: (outcome: CommandOutcome) => void;
}

/**
 * The commands that an agent has and has not answered, by the id they were delivered with. They are in memory only: as
 * long as somebody waits for one, the object does not sleep.
 */
export class PendingCommands {
  readonly #pending = new Map<string, Pending>();

  get size(): number {
    return this.#pending.size;
  }

  /** What becomes of the command that went out as `id`; a timeout after so many seconds. */
  wait(id: string, socket: WebSocket, seconds: number): Promise<CommandOutcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(id, TIMEOUT), seconds * 1000);
      this.#pending.set(id, { socket, timer, resolve });
    });
  }

  /** Tells who waits for `id` what became of it; nobody may, when it took too long. */
  settle(id: string, outcome: CommandOutcome): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.resolve(outcome);
  }

  /** A connection is gone, and with it the answers that were to come on it. */
  lose(socket: WebSocket): void {
    for (const [id, pending] of this.#pending) {
      if (pending.socket === socket) this.settle(id, NO_ANSWER);
    }
  }
}
