import { setTimeout as sleep } from "node:timers/promises";

/** The wait before the second attempt to connect, in milliseconds; it doubles up to the longest. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A handshake that takes longer than this is given up, in milliseconds. */
const HANDSHAKE_MS = 20_000;

/** How a connection ends that this side has no more use for. */
const STOPPED = 1000;
/** How a connection ends here whose messages are not understood. */
const NOT_UNDERSTOOD = 4001;

export const PING = "ping";
export const PONG = "pong";

export interface LinkOptions {
  /** `ws:` or `wss:`. */
  url: string;
  /** Sent as Bearer; never printed. */
  token: string;
  headers?: Record<string, string>;
  /** Milliseconds between pings; three without an answer mean that the connection is dead. */
  pingMs: number;
  /** Called each time the connection has been made. */
  onOpen: () => void;
  /** Called each time a connection that had been made has ended. */
  onDown?: () => void;
  /** Called with each text but the answers to pings. */
  onText: (text: string) => void;
  /** Whether a connection that was closed with this code is not to be made again. */
  isFinal: (code: number) => boolean;
}

/** Node's WebSocket takes headers, which the type of browsers and Workers does not know. */
type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;

/**
 * A WebSocket that is made again whenever it breaks, after waits that grow. What is sent while there is none is dropped:
 * whoever uses it says anew in `onOpen` what has to be said.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #stopped = new AbortController();
  #socket: WebSocket | undefined;
  #pingMs: number;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pingMs = options.pingMs;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  set pingMs(value: number) {
    this.#pingMs = value;
  }

  send(message: object): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    if (this.isOpen) this.#socket?.send(text);
  }

  /** Keeps the connection up until `stop` is called or the server ends it for good; answers its last code. */
  async run(): Promise<number> {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const { code, opened } = await this.#connect();
      if (opened) this.#options.onDown?.();
      if (this.#stopped.signal.aborted || this.#options.isFinal(code)) return code;
      wait = opened ? FIRST_WAIT_MS : Math.min(2 * wait, LONGEST_WAIT_MS);
      // Spread, so that runners do not come back all at once.
      const pause = wait * (0.5 + Math.random() / 2);
      await sleep(pause, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      if (this.#stopped.signal.aborted) return code;
    }
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#stopped.abort();
    this.#socket?.close(STOPPED);
  }

  /** One connection, until it is closed. */
  async #connect(): Promise<{ code: number; opened: boolean }> {
    const { url, token, headers, onOpen, onText } = this.#options;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see WithHeaders
    const socket = new (WebSocket as unknown as WithHeaders)(url, {
      headers: { ...headers, Authorization: `Bearer ${token}` },
    });
    this.#socket = socket;
    const closed = Promise.withResolvers<number>();
    let opened = false;
    let unanswered = 0;
    let pinging: NodeJS.Timeout | undefined;
    const handshake = setTimeout(() => closed.resolve(1006), HANDSHAKE_MS);
    const ping = () => {
      if (unanswered >= 3) return closed.resolve(1006);
      unanswered += 1;
      if (socket.readyState === WebSocket.OPEN) socket.send(PING);
      pinging = setTimeout(ping, this.#pingMs);
    };
    socket.addEventListener("open", () => {
      clearTimeout(handshake);
      opened = true;
      pinging = setTimeout(ping, this.#pingMs);
      onOpen();
    });
    socket.addEventListener("message", ({ data }) => {
      unanswered = 0;
      if (typeof data !== "string" || data === PONG) return;
      try {
        onText(data);
      } catch {
        // It speaks another protocol than this runner: connecting again would bring the same.
        closed.resolve(NOT_UNDERSTOOD);
      }
    });
    // An error is followed by the end of the connection.
    socket.addEventListener("error", () => closed.resolve(1006));
    socket.addEventListener("close", ({ code }) => closed.resolve(code));
    this.#stopped.signal.addEventListener("abort", () => closed.resolve(STOPPED));
    const code = await closed.promise;
    clearTimeout(handshake);
    clearTimeout(pinging);
    if (socket.readyState <= WebSocket.OPEN) socket.close();
    return { code, opened };
  }
}
