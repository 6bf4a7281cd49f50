import { z } from "zod";
import { type Frame, Frames } from "./frames.ts";
import { RoleSockets, type SocketHost, trySend } from "./role-sockets.ts";
import {
  CLOSE_CODES,
  encodeMessage,
  placeMessage,
  readAck,
  resyncMessage,
  STREAM_END_MESSAGE,
} from "./socket-messages.ts";
import { type HasEnded, type StreamPass, streamPass } from "../../objects/pass.ts";
import { type StreamView, type Tail, tailOfPart } from "../journal/journal-view.ts";

/** Bytes of a message, unless one entry alone is larger. */
const MESSAGE_TARGET_BYTES = 64_000;

/** Bytes sent and not acknowledged at which a client gets no more: the runtime does not tell what it has buffered. */
const WINDOW_BYTES = 256_000;

/** Messages told apart until they are acknowledged; from there on the last ones count as one. */
const MAX_PENDING = 32;

/** Bytes of small messages that are acknowledged as one: what is told apart is stored with the connection each time. */
const JOINED_BYTES = WINDOW_BYTES / MAX_PENDING;

/** Milliseconds for which a client may hold up what is for it. */
const ACK_DEADLINE_MS = 120_000;

/** What survives hibernation: all that the object knows of a connection. */
const attachment = z.object({
  /** The next entry to send. */
  cursor: z.int(),
  /** What is sent and not acknowledged: the cursor after it, and its bytes. */
  pending: z.array(z.tuple([z.int(), z.int()])),
  /** Since when the client has had to acknowledge before it gets more, in milliseconds since 1970. */
  stalledAt: z.number().optional(),
  /** What let it in. */
  pass: streamPass,
  /** The only part of the stream that it is for. */
  part: z.int().optional(),
});

type SocketState = z.output<typeof attachment>;

/**
 * The clients of a stream that read it over WebSocket. Each has its cursor in its attachment, so the object may sleep, or
 * be put together anew, and goes on where it was. Nothing waits here: whoever calls says how far the journal is durable.
 */
export class SocketReaders {
  readonly #sockets: RoleSockets<SocketState>;
  readonly #view: StreamView;
  readonly #frames: Frames<string>;
  /** Connections whose next frame is being fetched, and how far the journal is durable: until it is there they get nothing. */
  readonly #fetching = new Map<WebSocket, Tail>();
  readonly #onFailure: (error: unknown) => void;

  /** `onFailure` is told why a frame could not be fetched; that connection ends. */
  constructor(host: SocketHost, view: StreamView, onFailure: (error: unknown) => void) {
    this.#sockets = new RoleSockets(host, "viewer", attachment);
    this.#view = view;
    this.#onFailure = onFailure;
    this.#frames = new Frames(view, encodeMessage, MESSAGE_TARGET_BYTES);
  }

  get size(): number {
    return this.#sockets.all.length;
  }

  /**
   * Opens a connection that reads from `cursor` on, and tells the client its offset where it `asksPlace`; without a cursor
   * the client is told to begin anew.
   */
  accept(
    cursor: number | undefined,
    { asksPlace, pass, part }: { asksPlace: boolean; pass: StreamPass; part?: number | undefined },
  ): Response {
    const { client, server } = this.#sockets.accept();
    if (cursor === undefined) this.#resync(server);
    else if (!asksPlace || trySend(server, placeMessage(cursor)))
      this.#sockets.save(server, { cursor, pending: [], pass, ...(part !== undefined && { part }) });
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Sends every client what is new for it, as far as its window allows. */
  push(tail: Tail): void {
    const sockets = this.#sockets.all;
    if (sockets.length === 0) this.#frames.clear();
    for (const socket of sockets) this.#pushTo(socket, tail);
  }

  /** Takes a client's acknowledgement. */
  receive(socket: WebSocket, message: string | ArrayBuffer, tail: Tail): void {
    const state = this.#load(socket);
    const acked = readAck(message);
    if (!state) return;
    if (acked === undefined || acked >= state.cursor) {
      socket.close(CLOSE_CODES.malformed, "no acknowledgement");
      return;
    }
    this.#sockets.save(socket, {
      ...state,
      pending: state.pending.filter(([next]) => next > acked + 1),
      stalledAt: undefined,
    });
    this.#pushTo(socket, tail);
  }

  /** What the connections were let in by. */
  get passes(): StreamPass[] {
    return this.#sockets.all.flatMap((socket) => this.#load(socket)?.pass ?? []);
  }

  /** Ends the connections whose pass is good no more. */
  refuse(hasEnded: HasEnded): void {
    for (const socket of this.#sockets.all) {
      const state = this.#load(socket);
      if (state && hasEnded(state.pass)) socket.close(CLOSE_CODES.accessEnded, "access ended");
    }
  }

  /** Ends all connections, because the server failed. */
  fail(): void {
    for (const socket of this.#sockets.all) {
      if (socket.readyState === WebSocket.OPEN) socket.close(CLOSE_CODES.failed, "failed");
    }
  }

  #pushTo(socket: WebSocket, tail: Tail): void {
    if (this.#fetching.has(socket)) {
      this.#fetching.set(socket, tail);
      return;
    }
    let state = this.#load(socket);
    const { seq, ended } = tailOfPart(this.#view, tail, state?.part);
    while (state && state.cursor <= seq) {
      const frame = this.#frames.at(state.cursor, seq);
      if (frame instanceof Promise) {
        void this.#fetch(socket, tail, frame);
        return;
      }
      if (!frame) return this.#resync(socket);
      if (!hasRoom(state, frame.size)) return this.#stall(socket, state);
      if (frame.body !== undefined && !trySend(socket, frame.body)) return;
      state = this.#sockets.save(socket, afterSending(state, frame));
    }
    if (!state || !ended || !trySend(socket, STREAM_END_MESSAGE)) return;
    socket.close(CLOSE_CODES.complete, "complete");
  }

  /** Waits for a frame that others may wait for too; then it is kept, and the push goes on with it. */
  async #fetch(socket: WebSocket, tail: Tail, frame: Promise<Frame<string> | undefined>): Promise<void> {
    this.#fetching.set(socket, tail);
    try {
      await frame;
    } catch (error) {
      this.#fetching.delete(socket);
      this.#onFailure(error);
      if (socket.readyState === WebSocket.OPEN) socket.close(CLOSE_CODES.failed, "failed");
      return;
    }
    const latest = this.#fetching.get(socket) ?? tail;
    this.#fetching.delete(socket);
    this.#pushTo(socket, latest);
  }

  #stall(socket: WebSocket, state: SocketState): void {
    const now = Date.now();
    if (state.stalledAt === undefined) this.#sockets.save(socket, { ...state, stalledAt: now });
    else if (now - state.stalledAt > ACK_DEADLINE_MS) socket.close(CLOSE_CODES.unacknowledged, "unacknowledged");
  }

  #resync(socket: WebSocket): void {
    if (trySend(socket, resyncMessage(this.#view.head()))) socket.close(CLOSE_CODES.resync, "resync");
  }

  #load(socket: WebSocket): SocketState | undefined {
    return this.#sockets.load(socket, CLOSE_CODES.failed);
  }
}

/** Whether a client may have so many bytes more. One large entry goes alone, so that it holds little more than that. */
function hasRoom({ pending }: SocketState, size: number): boolean {
  const unacknowledged = pending.reduce((sum, [, bytes]) => sum + bytes, 0);
  return unacknowledged === 0 || (unacknowledged < WINDOW_BYTES && size <= 2 * MESSAGE_TARGET_BYTES);
}

function afterSending(state: SocketState, { size, next }: { size: number; next: number }): SocketState {
  if (size === 0) return { ...state, cursor: next };
  const pending = [...state.pending];
  const last = pending.at(-1);
  const joinsLast = last && (pending.length === MAX_PENDING || last[1] + size <= JOINED_BYTES);
  if (joinsLast) pending[pending.length - 1] = [next, last[1] + size];
  else pending.push([next, size]);
  return { ...state, cursor: next, pending };
}
