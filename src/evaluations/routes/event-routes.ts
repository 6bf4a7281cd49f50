import { type RouteConfig, z } from "@hono/zod-openapi";
import { type AppContext, callerOf, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { nameProtocol, STREAM_PROTOCOL } from "../../http/socket-protocols.ts";
import type { StreamStart } from "../../stream/journal/journal-view.ts";
import { parseOffset } from "../../stream/journal/offset.ts";
import { EVENT_STREAM_HEADERS } from "../../stream/transport/server-sent-events.ts";
import { type EventsRequest, toObjectRequest } from "../object/events-request.ts";
import { nameEvaluation, unwrap } from "./evaluation-access.ts";
import { EVALUATION_PATH, evaluationPath } from "./evaluation-schemas.ts";

const FRAME_EXAMPLE = `id: 0000000000000007
data: {"timestamp":"2026-11-01T09:30:00.000Z","type":"item","item":{"position":0,"item_status":"passed"},"counts":{"passed":1}}

event: stream-end
data: {"status":"complete"}

`;

const query = z.object({
  start: z.string().optional().openapi({ example: "latest", description: "`latest` leaves out what is there already" }),
  mode: z.string().optional().openapi({ example: "events", description: "`long-poll` answers with JSON" }),
  offset: z.string().optional().openapi({ example: "0000000000000007", description: "Go on after this id" }),
});

const headers = z.object({
  "last-event-id": z.string().optional().openapi({ example: "0000000000000007", description: "Go on after this id" }),
});

const stream: NonNullable<RouteConfig["responses"]>[string] = {
  description: "The events, open until the evaluation ends or the connection is to be opened anew",
  content: { "text/event-stream": { schema: z.string(), example: FRAME_EXAMPLE } },
};

const events = operation({
  method: "get",
  path: `${EVALUATION_PATH}/events`,
  operationId: "followEvaluation",
  tags: ["Evaluations"],
  summary: "Follow an evaluation live: server-sent events, WebSocket, or long poll",
  description:
    "One event for each change of an item, each once and in order, then `evaluation-end`; whoever connects again with the last id goes " +
    "on after it. The frames are those of a run's stream (docs/live-streams.md).",
  scope: "evaluation:read",
  errors: ["validation_failed", "not_found", "key_invalid", "unavailable"],
  request: { params: evaluationPath, query, headers },
  responses: { 101: { description: "The events, for a request with `Upgrade: websocket`" }, 200: stream },
});

function readTransport(c: AppContext, mode: string | undefined): EventsRequest["transport"] {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return "socket";
  return mode === "long-poll" ? "poll" : "events";
}

function readStart(id: string | undefined, start: string | undefined): StreamStart {
  if (id === undefined || id === "") return { at: start === "latest" ? "latest" : "start" };
  const seq = parseOffset(id);
  return seq === undefined ? { at: "unknown" } : { at: "after", seq };
}

/** The events of an evaluation (evaluations 2). */
export function eventRoutes(): Router {
  const routes = newRouter();

  routes.openapi(events, async (c) => {
    const { start, mode, offset } = c.req.valid("query");
    const { handle, scope } = nameEvaluation(c, c.req.valid("param"));
    if (c.req.method === "HEAD") {
      unwrap(await handle.read(scope));
      return new Response(null, { headers: EVENT_STREAM_HEADERS });
    }
    const config = configOf(c);
    const asked = toObjectRequest({
      scope,
      start: readStart(c.req.valid("header")["last-event-id"] ?? offset, start),
      transport: readTransport(c, mode),
      pass: { keyId: callerOf(c).keyId },
      keepaliveSeconds: config.RUN_STREAM_KEEPALIVE_SECONDS,
      rotateSeconds: config.RUN_STREAM_ROTATE_SECONDS,
      maxReaders: config.RUN_STREAM_MAX_READERS,
    });
    const answer = await handle.fetch(asked);
    if (answer.status === 404) throw new ApiError("not_found", "Evaluation not found.");
    if (answer.status === 401) throw new ApiError("key_invalid", "The key of this request is good no more.");
    if (answer.status === 503) {
      throw new ApiError("unavailable", "This evaluation has as many readers as it may have.", {
        headers: { "Retry-After": "15" },
      });
    }
    return nameProtocol(c, answer, STREAM_PROTOCOL);
  });
  return routes;
}
