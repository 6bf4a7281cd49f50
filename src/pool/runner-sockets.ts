import { z } from "zod";
import {
  POOL_CLOSE_CODES,
  POOL_MESSAGE_MAX_LENGTH,
  type PoolMessage,
  runnerMessage,
  type RunnerMessage,
} from "./pool-protocol.ts";

/** What survives hibernation: whose connection it is, from its hello on. */
const attachment = z.object({ runnerId: z.string() });

/** What this needs of a Durable Object's state. */
type SocketHost = Pick<
  DurableObjectState,
  "acceptWebSocket" | "getWebSockets" | "getWebSocketAutoResponseTimestamp" | "getTags"
>;

/** The hibernatable connections of a pool's runners; a runner has one. */
export class RunnerSockets {
  readonly #host: SocketHost;
  readonly #known = new Map<string, WebSocket>();

  constructor(host: SocketHost) {
    this.#host = host;
    for (const socket of host.getWebSockets()) {
      const id = this.idOf(socket);
      if (id !== undefined) this.#known.set(id, socket);
    }
  }

  get size(): number {
    return this.#host.getWebSockets().length;
  }

  /** Opens a connection that was let in by the key of this id. */
  accept(keyId: string): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#host.acceptWebSocket(server, [keyId]);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** The ids of the keys that the open connections were let in by. */
  get keyIds(): string[] {
    return [...new Set(this.#open.flatMap((socket) => this.#host.getTags(socket)))];
  }

  /** Ends the connections of keys that are good no more, and returns the runners whose they were. */
  refuse(ended: ReadonlySet<string>): string[] {
    const refused = this.#open.filter((socket) => this.#host.getTags(socket).some((keyId) => ended.has(keyId)));
    for (const socket of refused) {
      socket.close(POOL_CLOSE_CODES.accessEnded, "The key of this connection is good no more");
    }
    return refused.flatMap((socket) => this.idOf(socket) ?? []);
  }

  get #open(): WebSocket[] {
    return this.#host.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN);
  }

  /** The message in a text; undefined for none, and then the connection is closed. */
  read(socket: WebSocket, text: string | ArrayBuffer): RunnerMessage | undefined {
    const parsed = runnerMessage.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    socket.close(POOL_CLOSE_CODES.malformed, "This is none of the protocol's messages (docs/runner.md)");
    return undefined;
  }

  /** Knows a connection as this runner's from now on, and no other. */
  adopt(socket: WebSocket, runnerId: string): void {
    const older = this.find(runnerId);
    socket.serializeAttachment({ runnerId });
    this.#known.set(runnerId, socket);
    if (older && older !== socket) {
      older.serializeAttachment(null);
      older.close(POOL_CLOSE_CODES.replaced, "A newer connection took the place of this one");
    }
  }

  idOf(socket: WebSocket): string | undefined {
    const known = attachment.safeParse(socket.deserializeAttachment());
    return known.success ? known.data.runnerId : undefined;
  }

  /** The open connection of a runner. */
  find(runnerId: string): WebSocket | undefined {
    const socket = this.#known.get(runnerId);
    if (socket?.readyState === WebSocket.OPEN) return socket;
    this.#known.delete(runnerId);
    return undefined;
  }

  /** When the runner's last ping was answered, in milliseconds since 1970. */
  pingedAt(runnerId: string): number | undefined {
    const socket = this.find(runnerId);
    return socket && this.#host.getWebSocketAutoResponseTimestamp(socket)?.getTime();
  }

  /** Sends where there is a connection; what does not arrive is made good by the runner's next hello. */
  send(runnerId: string, message: PoolMessage): void {
    this.find(runnerId)?.send(JSON.stringify(message));
  }
}

function parseJson(text: string | ArrayBuffer): unknown {
  if (typeof text !== "string" || text.length > POOL_MESSAGE_MAX_LENGTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
