import { v7 as uuid } from "uuid";
import { z } from "zod";
import { type HasEnded, type StreamPass, streamPass } from "../../objects/pass.ts";
import { RoleSockets, type SocketHost, trySend } from "../../stream/transport/role-sockets.ts";
import type { CommandInput } from "../commands/command-input.ts";
import { type CommandLog, type CommandRow, hasTerminal } from "../commands/command-log.ts";
import { exitCodeOf } from "../commands/command-view.ts";
import {
  FRAME_MAX_BYTES,
  type ClientMessage,
  readClientMessage,
  type ServerMessage,
  TERMINAL_CLOSE_CODES,
  WINDOW_BYTES,
} from "./terminal-messages.ts";

/** Milliseconds for which a client that acknowledges nothing holds up the program, and for which it stays connected. */
const HOLD_MS = 10_000;
const ACK_DEADLINE_MS = 120_000;
/** Bytes that a program may be ahead of who is connected: with what is on its way, less than is kept. */
const AHEAD_BYTES = 256 * 1024;
/** Bytes of waiting input from which on input is acknowledged only when the program has read of it. */
const INPUT_ROOM_BYTES = WINDOW_BYTES;

/** What survives hibernation: all that the object knows of a connection. */
const attachment = z.object({
  terminalId: z.string(),
  clientId: z.string(),
  /** Where the output begins that is sent next, and up to where the client has said that it has it. */
  cursor: z.int(),
  acked: z.int(),
  /** Since when the client has had to acknowledge before it gets more, in milliseconds since 1970. */
  stalledAt: z.number().optional(),
  /** Up to where the client's input is acknowledged. */
  inputAcked: z.int(),
  /** What let it in. */
  pass: streamPass,
});

type Viewer = z.output<typeof attachment>;

/** How a client connects. */
export interface Joining {
  clientId?: string | undefined;
  /** Bytes of output that it has; all that is kept is sent where it does not say. */
  after?: number | undefined;
  pass: StreamPass;
}

/** What a client asks of its terminal beside reading and typing. */
export interface TerminalControl {
  resize: (row: CommandRow, size: { rows: number; cols: number }) => void;
  close: (row: CommandRow) => Promise<void>;
  /** A client has taken output, or does not hold it up any more. */
  released: (terminalId: string) => void;
}

/**
 * Everyone who is connected to a terminal of the environment. Each has its place in the output in its attachment, so that
 * the object may sleep, or be put together anew. Output is sent once it is stored: the runtime holds it back until then.
 */
export class TerminalViewers {
  readonly #sockets: RoleSockets<Viewer>;
  readonly #commands: CommandLog;
  readonly #input: CommandInput;
  readonly #backlog: (terminalId: string) => number;
  readonly #control: TerminalControl;

  constructor(
    host: SocketHost,
    commands: CommandLog,
    input: CommandInput,
    backlog: (terminalId: string) => number,
    control: TerminalControl,
  ) {
    this.#sockets = new RoleSockets(host, "terminal", attachment);
    this.#commands = commands;
    this.#input = input;
    this.#backlog = backlog;
    this.#control = control;
  }

  /** Whether a connection of the object is one of these, also when it is closed: then the runtime lists it no more. */
  has(socket: WebSocket): boolean {
    return attachment.safeParse(socket.deserializeAttachment()).success;
  }

  /** How many are connected to a terminal, but for connections of this client. */
  count(terminalId: string, except?: string): number {
    return this.#of(terminalId).filter(([, { clientId }]) => clientId !== except).length;
  }

  /** Connects a client, in place of the connection that it may have had. */
  accept(row: CommandRow, { clientId = uuid(), after, pass }: Joining): Response {
    for (const [older, viewer] of this.#of(row.id)) if (viewer.clientId === clientId) this.#close(older, "replaced");
    const { client, server } = this.#sockets.accept();
    const wanted = Math.min(after ?? row.dropped, row.stdout_kept);
    const offset = Math.max(wanted, row.dropped);
    const inputAcked = this.#input.accepted(row, `socket:${clientId}`);
    this.#sockets.save(server, { terminalId: row.id, clientId, cursor: offset, acked: offset, inputAcked, pass });
    this.#send(server, {
      type: "ready",
      terminal_id: row.id,
      client_id: clientId,
      offset,
      lost: offset - wanted,
      input_offset: inputAcked,
      rows: row.rows ?? 0,
      cols: row.cols ?? 0,
      window: WINDOW_BYTES,
    });
    this.#pushTo(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Takes what a client sent. */
  async receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const viewer = this.#load(socket);
    const row = viewer && this.#commands.find(viewer.terminalId);
    if (!row) return;
    if (typeof message !== "string") return this.#type(socket, viewer, row, new Uint8Array(message));
    const read = readClientMessage(message);
    if (read.kind === "malformed") return this.#close(socket, "malformed");
    if (read.kind === "refused") return void this.#send(socket, { type: "error", detail: read.detail });
    return this.#carryOut(socket, viewer, row, read.message);
  }

  /** Sends everyone who is connected to a terminal what is new for them, as far as their windows allow. */
  push(terminalId: string): void {
    for (const [socket] of this.#of(terminalId)) this.#pushTo(socket);
  }

  /** The same for all terminals. */
  pushAll(): void {
    for (const socket of this.#sockets.all) this.#pushTo(socket);
  }

  tell(terminalId: string, message: ServerMessage): void {
    for (const [socket] of this.#of(terminalId)) this.#send(socket, message);
  }

  /** Acknowledges what had to wait until the program had read of its input. */
  acknowledgeInput(row: CommandRow): void {
    for (const [socket, viewer] of this.#of(row.id)) this.#acknowledgeTo(socket, viewer, row);
  }

  /** Up to where a terminal's output may go on while those who are connected take it. */
  limitOf(terminalId: string, now: number): number {
    const holding = this.#of(terminalId).filter(([, { stalledAt = now }]) => now - stalledAt < HOLD_MS);
    return Math.min(...holding.map(([, { acked }]) => acked + AHEAD_BYTES));
  }

  /** The terminals that somebody is connected to. */
  get watched(): Set<string> {
    return new Set(this.#all.map(([, { terminalId }]) => terminalId));
  }

  get passes(): StreamPass[] {
    return this.#all.map(([, { pass }]) => pass);
  }

  /** Ends the connections whose key is good no more, and those that have taken nothing for too long. */
  check(hasEnded: HasEnded, now: number): void {
    for (const [socket, { pass, stalledAt = now }] of this.#all) {
      if (hasEnded(pass)) this.#close(socket, "accessEnded");
      else if (now - stalledAt > ACK_DEADLINE_MS) this.#close(socket, "unacknowledged");
    }
  }

  get #all(): [WebSocket, Viewer][] {
    return this.#sockets.all.flatMap((socket) => {
      const viewer = this.#load(socket);
      return viewer ? [[socket, viewer] satisfies [WebSocket, Viewer]] : [];
    });
  }

  #of(terminalId: string): [WebSocket, Viewer][] {
    return this.#all.filter(([, viewer]) => viewer.terminalId === terminalId);
  }

  #type(socket: WebSocket, viewer: Viewer, row: CommandRow, bytes: Uint8Array): void {
    if (bytes.byteLength > FRAME_MAX_BYTES) return this.#close(socket, "tooBig");
    const written = this.#input.write(row, { writer: `socket:${viewer.clientId}`, bytes });
    if (written.ok) return this.#acknowledgeTo(socket, viewer, row);
    // What is typed to a program that has ended is of no use to anybody; `exit` tells of it.
    if (written.reason === "conflict" && written.mayRetry) this.#close(socket, "overrun");
  }

  async #carryOut(socket: WebSocket, viewer: Viewer, row: CommandRow, message: ClientMessage): Promise<void> {
    switch (message.type) {
      case "resize":
        if (row.ended === null) this.#control.resize(row, message);
        return;
      case "ack":
        return this.#acknowledged(socket, viewer, message.offset);
      case "close":
        return this.#control.close(row);
    }
  }

  #acknowledged(socket: WebSocket, viewer: Viewer, offset: number): void {
    if (offset > viewer.cursor) return this.#close(socket, "malformed");
    if (offset <= viewer.acked) return;
    this.#sockets.save(socket, { ...viewer, acked: offset, stalledAt: undefined });
    this.#pushTo(socket);
    this.#control.released(viewer.terminalId);
  }

  #acknowledgeTo(socket: WebSocket, viewer: Viewer, row: CommandRow): void {
    const offset = this.#input.accepted(row, `socket:${viewer.clientId}`);
    if (offset <= viewer.inputAcked || this.#backlog(row.id) > INPUT_ROOM_BYTES) return;
    this.#sockets.save(socket, { ...viewer, inputAcked: offset });
    this.#send(socket, { type: "input", offset });
  }

  #pushTo(socket: WebSocket): void {
    let viewer = this.#load(socket);
    const row = viewer && this.#commands.find(viewer.terminalId);
    if (!row || !hasTerminal(row)) return;
    while (viewer && viewer.cursor < row.stdout_kept) {
      if (viewer.cursor - viewer.acked >= WINDOW_BYTES) {
        if (viewer.stalledAt === undefined) this.#sockets.save(socket, { ...viewer, stalledAt: Date.now() });
        return;
      }
      viewer = this.#sendOutput(socket, viewer, row);
    }
    if (!viewer || row.ended === null) return;
    const { status, reason, stdout_kept: offset } = row;
    this.#send(socket, { type: "exit", status, exit_code: exitCodeOf(row), reason, offset });
    this.#close(socket, "over");
  }

  /** Sends a part of the output; undefined where the client is gone. */
  #sendOutput(socket: WebSocket, viewer: Viewer, row: CommandRow): Viewer | undefined {
    const { pieces, from } = this.#commands.read(row, viewer.cursor, 1);
    const bytes = from - viewer.cursor;
    if (bytes > 0 && !this.#send(socket, { type: "lost", offset: from, bytes })) return undefined;
    const acked = bytes > 0 ? from : viewer.acked;
    const frame = pieces[0]?.bytes.subarray(0, acked + WINDOW_BYTES - from);
    if (!frame || !trySend(socket, frame)) return undefined;
    return this.#sockets.save(socket, { ...viewer, acked, cursor: from + frame.byteLength });
  }

  #load(socket: WebSocket): Viewer | undefined {
    return this.#sockets.load(socket, TERMINAL_CLOSE_CODES.failed);
  }

  #send(socket: WebSocket, message: ServerMessage): boolean {
    return trySend(socket, JSON.stringify(message));
  }

  #close(socket: WebSocket, reason: keyof typeof TERMINAL_CLOSE_CODES): void {
    if (socket.readyState === WebSocket.OPEN) socket.close(TERMINAL_CLOSE_CODES[reason], reason);
  }
}
