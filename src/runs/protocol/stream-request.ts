import { z } from "zod";
import { streamPass } from "../../objects/pass.ts";
import { type DurableRead, durableRead } from "../../stream/durable/read-request.ts";

/** What the Worker asks of a run's object for a reader, or for the run's agent, whom it has let in. Only the Worker reaches the object. */
const streamRequest = z.object({
  scope: z.object({ organizationId: z.string(), projectNumber: z.int(), taskId: z.string() }),
  start: z.discriminatedUnion("at", [
    z.object({ at: z.literal(["start", "latest", "unknown"]) }),
    z.object({ at: z.literal("after"), seq: z.int() }),
  ]),
  /** The only attempt that is to be shown. */
  attempt: z.int().optional(),
  transport: z.literal(["events", "socket", "poll", "agent"]),
  /** What let the reader in: the connection ends with it. */
  pass: streamPass,
  keepaliveSeconds: z.int(),
  rotateSeconds: z.int(),
  /** Readers that the run may have at the same time. */
  maxReaders: z.int(),
  /** How large the object may be with what an agent sends. */
  journalMaxBytes: z.int(),
});

export type StreamRequest = z.output<typeof streamRequest>;

const HEADER = "X-Stream-Request";
const DURABLE_HEADER = "X-Durable-Read";

/** A read by the Durable Streams protocol, whose paths do not name the run's task. */
const durableRunRead = z.object({
  scope: z.object({ organizationId: z.string(), projectNumber: z.int() }),
  read: durableRead,
});

type DurableRunRead = z.output<typeof durableRunRead>;

/** The request to the object for a reader that speaks the protocol. */
export function toDurableRequest(scope: DurableRunRead["scope"], read: DurableRead): Request {
  return new Request("https://run/durable", { headers: { [DURABLE_HEADER]: JSON.stringify({ scope, read }) } });
}

/** What a request of `toDurableRequest` asks; undefined for any other. */
export function readDurableRequest(request: Request): DurableRunRead | undefined {
  const asked = request.headers.get(DURABLE_HEADER);
  return asked === null ? undefined : durableRunRead.parse(JSON.parse(asked));
}

/** The request to the object. Streams go by fetch and not by RPC: a response in progress keeps the object in memory. */
export function toObjectRequest(asked: StreamRequest): Request {
  const upgrade = asked.transport === "socket" || asked.transport === "agent" ? { Upgrade: "websocket" } : {};
  return new Request("https://run/stream", { headers: { [HEADER]: JSON.stringify(asked), ...upgrade } });
}

/** What a request of `toObjectRequest` asks. */
export function readObjectRequest(request: Request): StreamRequest {
  return streamRequest.parse(JSON.parse(request.headers.get(HEADER) ?? ""));
}
