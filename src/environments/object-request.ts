import { z } from "zod";

/** What the Worker asks of an environment's object that answers with a stream or a socket. Only the Worker reaches the object. */
const objectRequest = z.discriminatedUnion("kind", [
  /** The bytes of a file. */
  z.object({
    kind: z.literal("file"),
    access: z.object({
      organizationId: z.string(),
      workspace: z.string(),
      projectId: z.string().nullable(),
      tokenHash: z.string(),
    }),
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
]);

export type ObjectRequest = z.output<typeof objectRequest>;

export type FileRequest = Extract<ObjectRequest, { kind: "file" }>;

const HEADER = "X-Object-Request";

/** The request to the object. Streams go by fetch and not by RPC: a response in progress keeps the object in memory. */
export function toObjectRequest(asked: ObjectRequest): Request {
  const upgrade = asked.kind === "machine" && asked.wants === "socket" ? { Upgrade: "websocket" } : {};
  const headers = { [HEADER]: encodeURIComponent(JSON.stringify(asked)), ...upgrade };
  return new Request("https://environment/", { headers });
}

/** What a request of `toObjectRequest` asks. */
export function readObjectRequest(request: Request): ObjectRequest {
  return objectRequest.parse(JSON.parse(decodeURIComponent(request.headers.get(HEADER) ?? "")));
}
