import type { z } from "zod";
import { PING, PONG } from "./socket-messages.ts";

/** What this needs of a Durable Object's state. */
export type SocketHost = Pick<DurableObjectState, "acceptWebSocket" | "getWebSockets" | "setWebSocketAutoResponse">;

/**
 * The connections of one role among all WebSockets of a Durable Object. What is known of each is its attachment, which
 * outlives the object's sleep; it is read from memory while there is some.
 */
export class RoleSockets<State> {
  readonly #host: SocketHost;
  readonly #role: string;
  readonly #attachment: z.ZodType<State>;
  readonly #states = new WeakMap<WebSocket, State>();

  constructor(host: SocketHost, role: string, attachment: z.ZodType<State>) {
    this.#host = host;
    this.#role = role;
    this.#attachment = attachment;
  }

  get all(): WebSocket[] {
    return this.#host.getWebSockets(this.#role);
  }

  /** Whether a connection is in this role. The runtime's own getTags throws for one that is closed, whose messages still come. */
  has(socket: WebSocket): boolean {
    return this.all.includes(socket);
  }

  /** Opens a connection whose pings are answered without the object. */
  accept(): { client: WebSocket; server: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#host.acceptWebSocket(server, [this.#role]);
    this.#host.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    return { client, server };
  }

  /**
   * What is known of a connection; undefined for one that is closing. One whose attachment another release wrote and
   * this one cannot read is closed with `unreadable`.
   */
  load(socket: WebSocket, unreadable: number): State | undefined {
    if (socket.readyState !== WebSocket.OPEN) return undefined;
    const known = this.#states.get(socket);
    if (known) return known;
    const { data } = this.#attachment.safeParse(socket.deserializeAttachment());
    if (!data) socket.close(unreadable, "failed");
    return data;
  }

  save(socket: WebSocket, state: State): State {
    this.#states.set(socket, state);
    socket.serializeAttachment(state);
    return state;
  }
}

/** False for a connection of which the runtime has not told yet that it is gone: it says so by throwing. */
export function trySend(socket: WebSocket, message: string | Uint8Array): boolean {
  try {
    socket.send(message);
    return true;
  } catch {
    return false;
  }
}
