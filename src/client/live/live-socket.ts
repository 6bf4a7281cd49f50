import { writeQuery, writeUrl } from "../call.ts";
import type { Socket, Taskyard } from "../taskyard.ts";
import type { LiveTarget } from "./live-target.ts";

/** Milliseconds for a handshake. */
const HANDSHAKE_MS = 15_000;
/** Milliseconds between pings, and those without any message after which a connection counts as broken. */
const PING_MS = 25_000;
const SILENCE_MS = 60_000;

/** What the close code of a connection is that ended without one. */
const BROKEN = 1006;

/** The end of a connection. */
export interface Closed {
  code: number;
  reason: string;
}

/** A WebSocket whose messages are read one after the other, and that notices when the other side is gone. */
export class LiveSocket {
  readonly #socket: Socket;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: (string | Uint8Array<ArrayBuffer>)[] = [];
  readonly #pinging: ReturnType<typeof setInterval>;
  #closed: Closed | undefined;
  #wake: () => void = () => undefined;
  #heardAt = Date.now();

  private constructor(socket: Socket, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#signal = signal;
    this.#pinging = setInterval(() => this.#ping(), PING_MS);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code, reason }) => this.#end({ code, reason }));
    socket.addEventListener("error", () => this.#end({ code: BROKEN, reason: "" }));
    signal?.addEventListener("abort", this.#abort);
  }

  /**
   * Connects; undefined where that fails, for which browsers give no reason. `secrets` go as subprotocols, the only place
   * that all platforms have for them.
   */
  static async connect(
    client: Taskyard,
    { path, values, query }: LiveTarget,
    { protocol, secrets = [] }: { protocol: string; secrets?: string[] },
    signal?: AbortSignal,
  ): Promise<LiveSocket | undefined> {
    if (client.openSocket === null) return undefined;
    const url = (await writeUrl(client, path, values)).replace(/^http/, "ws") + writeQuery(query);
    const key = await client.apiKey();
    signal?.throwIfAborted();
    const socket = client.openSocket(url, [protocol, ...(key === undefined ? [] : [keyProtocol(key)]), ...secrets]);
    const live = new LiveSocket(socket, signal);
    const isOpen = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), HANDSHAKE_MS);
      live.#wake = () => {
        if (!live.#closed && !signal?.aborted && live.#waiting.length === 0) return;
        clearTimeout(timer);
        resolve(live.#closed === undefined);
      };
      socket.addEventListener("open", () => {
        clearTimeout(timer);
        resolve(live.#closed === undefined);
      });
    });
    signal?.throwIfAborted();
    if (isOpen) return live;
    live.close();
    return undefined;
  }

  /** The next message, or how the connection has ended. Throws the signal's reason when it is aborted. */
  async next(): Promise<string | Uint8Array<ArrayBuffer> | Closed> {
    for (;;) {
      this.#signal?.throwIfAborted();
      const message = this.#waiting.shift() ?? this.#closed;
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends a message; none where the connection has ended. */
  send(message: string | Uint8Array<ArrayBuffer>): void {
    if (!this.#closed) this.#socket.send(message);
  }

  close(): void {
    if (!this.#closed) this.#socket.close(1000, "");
    this.#end({ code: 1000, reason: "" });
  }

  #take(data: unknown): void {
    this.#heardAt = Date.now();
    if (data === "pong") return;
    if (typeof data === "string") this.#waiting.push(data);
    else if (data instanceof ArrayBuffer) this.#waiting.push(new Uint8Array(data));
    this.#wake();
  }

  #ping(): void {
    if (Date.now() - this.#heardAt < SILENCE_MS) this.send("ping");
    else {
      this.#socket.close();
      this.#end({ code: BROKEN, reason: "nothing was heard of the server" });
    }
  }

  readonly #abort = () => {
    this.close();
  };

  #end(closed: Closed): void {
    this.#closed ??= closed;
    clearInterval(this.#pinging);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#wake();
  }
}

/** How a credential is offered: a token of a run's stream has three parts, a key has none. */
function keyProtocol(key: string): string {
  return key.includes(".") ? `bearer.${key}` : `taskyard.key.${key}`;
}
