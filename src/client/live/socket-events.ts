import { isRecord, TaskyardError } from "../errors.ts";
import type { Taskyard } from "../taskyard.ts";
import { LiveSocket } from "./live-socket.ts";
import { type LiveEvent, type LiveTarget, type Start, startQuery } from "./live-target.ts";

const PROTOCOL = "taskyard.v1";

/** The server understood nothing of what came: to connect again would not help. */
const NOT_UNDERSTOOD = 4001;

/** Reads a stream by WebSocket until the connection ends (docs/live-streams.md, "WebSocket"). */
export async function* socketEvents(
  client: Taskyard,
  target: LiveTarget,
  start: Start,
  signal?: AbortSignal,
): AsyncGenerator<LiveEvent, void, undefined> {
  const at = { ...target, query: { ...target.query, ...startQuery(start) } };
  const socket = await LiveSocket.connect(client, at, { protocol: PROTOCOL }, signal);
  if (!socket) return;
  try {
    yield { type: "open" };
    for (;;) {
      const message = await socket.next();
      if (typeof message === "string") yield readMessage(message, socket);
      else if (!(message instanceof Uint8Array)) {
        if (message.code !== NOT_UNDERSTOOD) return;
        throw new TaskyardError(`The server ended the stream: ${message.reason}`, { code: "protocol_error" });
      }
    }
  } finally {
    socket.close();
  }
}

function readMessage(text: string, socket: LiveSocket): LiveEvent {
  const message: unknown = JSON.parse(text);
  if (isRecord(message)) {
    const { type, offset, entries } = message;
    if (type === "entries" && typeof offset === "string" && Array.isArray(entries)) {
      return { type, entries, offset, accept: () => socket.send(JSON.stringify({ type: "ack", offset })) };
    }
    if (type === "stream-end") return { type: "end" };
    if (type === "resync" && typeof offset === "string") return { type, offset };
  }
  throw new TaskyardError("The server sent a message that this client does not know.", { code: "protocol_error" });
}
