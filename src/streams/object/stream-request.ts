import { type DurableRead, durableRead } from "../../stream/durable/read-request.ts";

const HEADER = "X-Durable-Read";

/** A read as the object gets it. Reads go by fetch and not by RPC: a response in progress keeps the object in memory. */
export function toStreamRequest(asked: DurableRead): Request {
  return new Request("https://stream/", { headers: { [HEADER]: JSON.stringify(asked) } });
}

/** What a request of `toStreamRequest` asks. */
export function readStreamRequest(request: Request): DurableRead {
  return durableRead.parse(JSON.parse(request.headers.get(HEADER) ?? ""));
}
