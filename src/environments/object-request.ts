import { z } from "zod";
import { streamPass } from "../objects/pass.ts";

const access = z.object({
  organizationId: z.string(),
  workspace: z.string(),
  projectId: z.string().nullable(),
  tokenHash: z.string(),
});

/** What a terminal is started with that is not there yet. */
const terminalStart = z.object({
  command: z.string(),
  cwd: z.string(),
  term: z.string(),
  rows: z.int(),
  cols: z.int(),
  /** How long it may be without anybody who is connected. */
  idleSeconds: z.int(),
});

export type TerminalStart = z.output<typeof terminalStart>;

/** What the Worker asks of an environment's object that answers with a stream or a socket. Only the Worker reaches the object. */
const objectRequest = z.discriminatedUnion("kind", [
  /** The bytes of a file. */
  z.object({
    kind: z.literal("file"),
    access,
    path: z.string(),
    range: z.object({ offset: z.int(), length: z.int() }),
  }),
  /** A runner's machine: its WebSocket, or the task's archive. `workToken` came with the work. */
  z.object({
    kind: z.literal("machine"),
    wants: z.literal(["socket", "archive"]),
    organizationId: z.string(),
    workToken: z.string(),
  }),
  /** A client's WebSocket to a terminal, which is started under this id where `start` says with what. */
  z.object({
    kind: z.literal("terminal"),
    access,
    terminalId: z.string(),
    start: terminalStart.optional(),
    /** What the client shows of it. */
    size: z.object({ rows: z.int(), cols: z.int() }).optional(),
    joining: z.object({ clientId: z.string().optional(), after: z.int().optional(), pass: streamPass }),
  }),
]);

export type ObjectRequest = z.output<typeof objectRequest>;

export type TerminalRequest = Extract<ObjectRequest, { kind: "terminal" }>;

export type FileRequest = Extract<ObjectRequest, { kind: "file" }>;

const HEADER = "X-Object-Request";

/** The request to the object. Streams go by fetch and not by RPC: a response in progress keeps the object in memory. */
export function toObjectRequest(asked: ObjectRequest): Request {
  const isSocket = asked.kind === "terminal" || (asked.kind === "machine" && asked.wants === "socket");
  const upgrade = isSocket ? { Upgrade: "websocket" } : {};
  const headers = { [HEADER]: encodeURIComponent(JSON.stringify(asked)), ...upgrade };
  return new Request("https://environment/", { headers });
}

/** What a request of `toObjectRequest` asks. */
export function readObjectRequest(request: Request): ObjectRequest {
  return objectRequest.parse(JSON.parse(decodeURIComponent(request.headers.get(HEADER) ?? "")));
}
