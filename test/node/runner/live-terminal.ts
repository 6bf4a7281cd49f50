import { FRAME_MAX_BYTES, type ServerMessage } from "../../../src/environments/terminals/terminal-messages.ts";
import { until } from "./live.ts";
import type { LiveWorld, startEnvironment } from "./live-world.ts";

type Place = Pick<Awaited<ReturnType<typeof startEnvironment>>, "place" | "token">;

/** Node's WebSocket takes headers, which the type of browsers does not know. */
type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;

/**
 * A client as the console and the command line are one: it connects again whenever its connection breaks, at the byte where
 * it was, sends again what of its input was not acknowledged, and acknowledges what it has got.
 */
export class LiveTerminal {
  id: string | undefined;
  exit: Extract<ServerMessage, { type: "exit" }> | undefined;
  connections = 0;
  readonly #world: LiveWorld;
  readonly #place: Place;
  readonly #query: Record<string, string>;
  readonly #clientId = crypto.randomUUID();
  #bytes = Buffer.alloc(0);
  /** Where the output begins that is sent next, and what of the input is not acknowledged, from where. */
  #offset = 0;
  #unsent = Buffer.alloc(0);
  #inputFrom = 0;
  #socket: WebSocket | undefined;
  #isReady = false;

  constructor(world: LiveWorld, place: Place, query: Record<string, string> = {}) {
    this.#world = world;
    this.#place = place;
    this.#query = { ...query, client_id: this.#clientId };
    this.#connect();
  }

  get text(): string {
    return this.#bytes.toString("utf8");
  }

  type(text: string): void {
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(text)]);
    if (this.#isReady) this.#send(Buffer.from(text));
  }

  say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Ends the connection without a word to the server that would mean anything. */
  cut(): void {
    this.#isReady = false;
    this.#socket?.close();
  }

  async shows(wanted: string | RegExp): Promise<string> {
    return until(
      async () => this.text,
      (text) => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)),
    );
  }

  async ends(): Promise<Extract<ServerMessage, { type: "exit" }>> {
    const state = () => ({
      exit: this.exit,
      bytes: this.#bytes.byteLength,
      inputFrom: this.#inputFrom,
      end: this.text.slice(-200),
    });
    const { exit } = await until(
      async () => state(),
      (found) => found.exit !== undefined,
    );
    if (!exit) throw new Error("It did not end");
    return exit;
  }

  #connect(): void {
    const { server } = this.#world;
    const known = this.id === undefined ? {} : { terminal_id: this.id, after: String(this.#offset) };
    const query = new URLSearchParams({ ...this.#query, ...known });
    const url = `${server.proxyUrl.replace(/^http/, "ws")}${this.#place.place}/terminal?${query.toString()}`;
    const headers = { Authorization: `Bearer ${server.connection.api_key}`, ...this.#place.token };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see WithHeaders
    const socket = new (WebSocket as unknown as WithHeaders)(url, { headers });
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(socket, data));
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", () => {
      if (socket !== this.#socket || this.exit) return;
      this.#isReady = false;
      setTimeout(() => this.#connect(), 50);
    });
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (data instanceof ArrayBuffer) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.from(data)]);
      this.#offset += data.byteLength;
      return socket.send(JSON.stringify({ type: "ack", offset: this.#offset }));
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared by each test
    const message = JSON.parse(String(data)) as ServerMessage;
    if (message.type === "exit") this.exit = message;
    if (message.type === "lost") this.#offset = message.offset;
    if (message.type === "input") this.#acknowledge(message.offset);
    if (message.type !== "ready") return;
    this.id = message.terminal_id;
    this.#offset = message.offset;
    this.connections += 1;
    this.#acknowledge(message.input_offset);
    this.#isReady = true;
    this.#send(this.#unsent);
  }

  #send(bytes: Buffer): void {
    for (let at = 0; at < bytes.byteLength; at += FRAME_MAX_BYTES) {
      this.#socket?.send(bytes.subarray(at, at + FRAME_MAX_BYTES));
    }
  }

  #acknowledge(offset: number): void {
    this.#unsent = this.#unsent.subarray(Math.max(0, offset - this.#inputFrom));
    this.#inputFrom = offset;
  }
}
