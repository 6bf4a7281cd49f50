import { eventually } from "../eventually.ts";
import type { ServerMessage } from "../../src/environments/terminals/terminal-messages.ts";
import { inTime } from "../stream/event-client.ts";
import type { EnvironmentClient } from "./client.ts";

type Ready = Extract<ServerMessage, { type: "ready" }>;

/** Somebody who is connected to a terminal. */
export class TerminalClient {
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
  /** All output that has come. */
  output = new Uint8Array(0);
  readonly #messages: ServerMessage[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.accept();
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared by each test
        this.#messages.push(JSON.parse(data) as ServerMessage);
      } else if (data instanceof ArrayBuffer) {
        this.output = new Uint8Array([...this.output, ...new Uint8Array(data)]);
      }
      this.#arrived.resolve();
    });
    this.closed = new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  }

  get text(): string {
    return new TextDecoder().decode(this.output);
  }

  /** The next control message, which has to be of this type. */
  async take<Type extends ServerMessage["type"]>(type: Type): Promise<Extract<ServerMessage, { type: Type }>> {
    while (this.#messages.length === 0) {
      this.#arrived = Promise.withResolvers();
      await inTime(this.#arrived.promise, `${type} of the terminal`);
    }
    const message = this.#messages.shift();
    if (message?.type !== type) throw new Error(`Expected ${type}: ${JSON.stringify(message)}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared above
    return message as Extract<ServerMessage, { type: Type }>;
  }

  /** Waits until so many bytes of output have come. */
  async read(bytes: number): Promise<string> {
    await eventually(() => {
      if (this.output.byteLength < bytes) throw new Error(`${this.output.byteLength} bytes have come: ${this.text}`);
    });
    return this.text;
  }

  type(text: string): void {
    this.socket.send(new TextEncoder().encode(text));
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  leave(): void {
    this.socket.close(1000, "done");
  }
}

/** Asks for a terminal; the answer as it comes. */
export function askTerminal(
  { onEnvironment }: Pick<EnvironmentClient, "onEnvironment">,
  query: Record<string, string | number> = {},
  init: Parameters<EnvironmentClient["onEnvironment"]>[1] = {},
): Promise<Response> {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const headers = new Headers(init.headers);
  headers.set("Upgrade", "websocket");
  return onEnvironment(`/terminal?${search.toString()}`, { ...init, headers });
}

/** Connects to a terminal, which says that it is ready. */
export async function openTerminal(
  client: Pick<EnvironmentClient, "onEnvironment">,
  query: Record<string, string | number> = {},
): Promise<TerminalClient & { ready: Ready }> {
  const { status, webSocket } = await askTerminal(client, query);
  if (!webSocket) throw new Error(`No WebSocket: ${status}`);
  const terminal = new TerminalClient(webSocket);
  return Object.assign(terminal, { ready: await terminal.take("ready") });
}
