import { z } from "zod";
import type { CommandStatus } from "../commands/command-log.ts";

/** What a terminal and those who are connected to it say to each other over WebSocket (docs/terminals.md). */

/** The subprotocol of browsers, which have to offer one beside what lets them in. */
export const TERMINAL_PROTOCOL = "taskyard.terminal.v1";

/** Why the server closes a connection. */
export const TERMINAL_CLOSE_CODES = {
  /** The terminal's program has ended: `exit` has said how. */
  over: 1000,
  /** A frame is larger than it may be. */
  tooBig: 1009,
  /** The server failed: connect again. */
  failed: 1011,
  /** The client sent what is no message of this protocol. */
  malformed: 4001,
  /** The client has not acknowledged anything for too long: connect again at the last offset. */
  unacknowledged: 4002,
  /** A newer connection of the same client took the place of this one. */
  replaced: 4003,
  /** The key that opened the connection is good no more. */
  accessEnded: 4004,
  /** More input came than may wait until the program reads it: connect again, and send on from `input_offset`. */
  overrun: 4005,
} as const;

/** Rows and columns of a terminal at most. */
export const MAX_CHARACTERS = 1_000;
/** Bytes of a frame of input at most, and characters of a control message. */
export const FRAME_MAX_BYTES = 64 * 1024;
const MESSAGE_MAX_LENGTH = 1_024;
/** Bytes that a client gets without having acknowledged any, and that it may send without an acknowledgement. */
export const WINDOW_BYTES = 256 * 1024;

const characters = z.int().min(1).max(MAX_CHARACTERS);

/** What a client says beside its input. */
const clientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("resize"), rows: characters, cols: characters }),
  /** All output before `offset` has come. */
  z.object({ type: z.literal("ack"), offset: z.int().min(0) }),
  /** Ends the terminal with all that runs in it. */
  z.object({ type: z.literal("close") }),
]);

export type ClientMessage = z.output<typeof clientMessage>;

export type ServerMessage =
  | {
      type: "ready";
      terminal_id: string;
      client_id: string;
      /** Where the output begins that follows, and how many bytes before it were asked for and are gone. */
      offset: number;
      lost: number;
      /** Bytes of this client's input that have come: its next frame goes on from there. */
      input_offset: number;
      rows: number;
      cols: number;
      /** `WINDOW_BYTES`, in both directions. */
      window: number;
    }
  /** Output up to `offset` is gone before it could be sent: what follows begins there. */
  | { type: "lost"; offset: number; bytes: number }
  /** So many bytes of this client's input have come and are not lost any more. */
  | { type: "input"; offset: number }
  | { type: "resized"; rows: number; cols: number }
  /** A control message that was not carried out. */
  | { type: "error"; detail: string }
  | { type: "exit"; status: CommandStatus; exit_code: number | null; reason: string | null; offset: number };

/** A control message; `refused` says why one is not carried out, `malformed` is for what is none. */
export type ReadMessage =
  | { kind: "message"; message: ClientMessage }
  | { kind: "refused"; detail: string }
  | { kind: "malformed" };

const TYPES = new Set<unknown>(clientMessage.options.map(({ shape }) => shape.type.value));

export function readClientMessage(text: string): ReadMessage {
  if (text.length > MESSAGE_MAX_LENGTH) return { kind: "malformed" };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed" };
  }
  const parsed = clientMessage.safeParse(json);
  if (parsed.success) return { kind: "message", message: parsed.data };
  if (typeof json !== "object" || json === null || !TYPES.has(Reflect.get(json, "type"))) return { kind: "malformed" };
  const detail = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  return { kind: "refused", detail };
}
