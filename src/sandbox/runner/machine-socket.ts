import { PING, PONG } from "../../pool/pool-protocol.ts";
import {
  type EnvironmentMessage,
  type MachineMessage,
  machineMessage,
  SANDBOX_CLOSE_CODES,
} from "../runner-protocol.ts";

/** The tag of the machine's connection among those of the object. */
const MACHINE = "machine";

/** The hibernatable connection of an environment's machine, which has one: the newest. */
export class MachineSocket {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Answers a machine's handshake; the connection takes the place of those before it. */
  accept(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#closeAll(SANDBOX_CLOSE_CODES.replaced, "A newer connection took its place");
    this.#ctx.acceptWebSocket(server, [MACHINE]);
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** The message in a text; undefined from a connection that was replaced, and for none, which closes the connection. */
  read(socket: WebSocket, text: string | ArrayBuffer): MachineMessage | undefined {
    if (socket !== this.#newest) return undefined;
    const parsed = typeof text === "string" ? machineMessage.safeParse(parseJson(text)) : undefined;
    if (parsed?.success) return parsed.data;
    socket.close(SANDBOX_CLOSE_CODES.malformed, "This is none of the protocol's messages (docs/runner.md)");
    return undefined;
  }

  get isOpen(): boolean {
    return this.#newest !== undefined;
  }

  /** False where there is no connection, and then nothing is sent. */
  send(message: EnvironmentMessage): boolean {
    const socket = this.#newest;
    socket?.send(JSON.stringify(message));
    return socket !== undefined;
  }

  /** Tells the machine to clear everything away. */
  end(): void {
    this.#closeAll(SANDBOX_CLOSE_CODES.over, "The environment is torn down");
  }

  #closeAll(code: number, reason: string): void {
    for (const socket of this.#open) socket.close(code, reason);
  }

  get #open(): WebSocket[] {
    return this.#ctx.getWebSockets(MACHINE).filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  get #newest(): WebSocket | undefined {
    return this.#open.at(-1);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
