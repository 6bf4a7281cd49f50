import { z } from "zod";
import { streamPass } from "../../objects/pass.ts";

/** What the Worker asks of an evaluation's object for a reader of its events. Only the Worker reaches the object. */
const eventsRequest = z.object({
  scope: z.object({ organizationId: z.string(), workspace: z.string(), projectId: z.string().nullable() }),
  start: z.discriminatedUnion("at", [
    z.object({ at: z.literal(["start", "latest", "unknown"]) }),
    z.object({ at: z.literal("after"), seq: z.int() }),
  ]),
  transport: z.literal(["events", "socket", "poll"]),
  /** What let the reader in: the connection ends with it. */
  pass: streamPass,
  keepaliveSeconds: z.int(),
  rotateSeconds: z.int(),
  maxReaders: z.int(),
});

export type EventsRequest = z.output<typeof eventsRequest>;

const HEADER = "X-Events-Request";

/** The request to the object. Streams go by fetch and not by RPC: a response in progress keeps the object in memory. */
export function toObjectRequest(asked: EventsRequest): Request {
  const upgrade = asked.transport === "socket" ? { Upgrade: "websocket" } : {};
  return new Request("https://evaluation/events", { headers: { [HEADER]: JSON.stringify(asked), ...upgrade } });
}

/** What a request of `toObjectRequest` asks. */
export function readObjectRequest(request: Request): EventsRequest {
  return eventsRequest.parse(JSON.parse(request.headers.get(HEADER) ?? ""));
}
