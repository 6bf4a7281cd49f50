import { type RouteConfig, z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { requireScope } from "../../http/authenticate.ts";
import { type AppContext, callerOf, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { nameProtocol, STREAM_PROTOCOL } from "../../http/socket-protocols.ts";
import { EVENT_STREAM_HEADERS } from "../../stream/transport/server-sent-events.ts";
import { parseOffset } from "../../stream/journal/offset.ts";
import type { StreamStart } from "../../stream/journal/journal-view.ts";
import { notFound } from "../../tasks/project.ts";
import { attemptField, resolveRun, RUN_PATH, runPath, unwrap } from "../access/run-path.ts";
import { admitStreamToken, STREAM_TOKEN_QUERY } from "../access/stream-access.ts";
import { streamRole } from "../protocol/stream-role.ts";
import { type StreamRequest, toObjectRequest } from "../protocol/stream-request.ts";

const FRAME_EXAMPLE = `id: 0000000000000001
data: {"type":"task_run_state","run_id":"01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102","status":"in_progress"}

event: stream-end
data: {"status":"complete"}

`;

const streamQuery = z.object({
  role: streamRole,
  start: z.string().optional().openapi({
    example: "latest",
    description: "`latest` leaves out what is there already; everything else begins at the beginning",
  }),
  mode: z.string().optional().openapi({
    example: "events",
    description: "`long-poll` answers with JSON, as soon as there is something after `offset`; everything else streams",
  }),
  offset: z.string().optional().openapi({
    example: "0000000000000041",
    description: "Go on after this id, where the header Last-Event-ID says nothing",
  }),
  attempt: attemptField,
  [STREAM_TOKEN_QUERY]: z.string().optional().openapi({
    example: "eyJhbGciOiJSUzI1NiJ9.eyJydW5faWQiOiIwMWEwIn0.c2lnbmF0dXJl",
    description: "A token of `stream_token` instead of a key, for clients that cannot send headers",
  }),
});

const streamHeaders = z.object({
  "last-event-id": z.string().optional().openapi({ example: "0000000000000041", description: "Go on after this id" }),
});

const polledEntries = z
  .object({
    entries: z.array(z.record(z.string(), z.unknown())),
    next: z.string().openapi({ description: "The offset to go on at" }),
    upToDate: z.boolean().openapi({ description: "Whether this is everything there is now" }),
    closed: z.boolean().openapi({ description: "Whether nothing will follow" }),
    resync: z.literal(true).optional().openapi({ description: "The offset is unknown here: begin anew at `next`" }),
  })
  .openapi("AgentRunStreamPoll");

const POLL_EXAMPLE = {
  entries: [{ type: "notification", notification: { jsonrpc: "2.0", method: "_posthog/console" } }],
  next: "0000000000000042",
  upToDate: true,
  closed: false,
};

/** Bytes made by the object: this type lets the route answer with a plain Response. */
const eventStream: NonNullable<RouteConfig["responses"]>[string] = {
  description: "The stream, open until the run ends or the connection is to be opened anew",
  content: {
    "text/event-stream": { schema: z.string(), example: FRAME_EXAMPLE },
    "application/json": { schema: polledEntries, example: POLL_EXAMPLE },
  },
};

const stream = operation({
  method: "get",
  path: `${RUN_PATH}/stream`,
  operationId: "streamAgentRun",
  tags: ["Agent runs"],
  summary: "Follow a run live: server-sent events, WebSocket, or long poll",
  description:
    "What happened before, then what happens, each entry once and in order; whoever connects again with the last id goes " +
    "on after it. A key or a stream token of the run opens it. docs/live-streams.md describes the frames.",
  scope: "task:read",
  admits: admitStreamToken,
  errors: ["request_refused", "validation_failed", "not_found", "unavailable"],
  request: { params: runPath, query: streamQuery, headers: streamHeaders },
  responses: {
    101: { description: "The stream, or the agent's connection, for a request with `Upgrade: websocket`" },
    200: eventStream,
  },
});

/** Seconds after which a client comes again that found no room; spread, so that they do not all come at once (6.1). */
const RETRY_MIN_SECONDS = 15;
const RETRY_MAX_SECONDS = 45;

function retryAfter(): string {
  return String(RETRY_MIN_SECONDS + Math.floor(Math.random() * (RETRY_MAX_SECONDS - RETRY_MIN_SECONDS + 1)));
}

/** How a client wants the stream. Accept does not decide: clients send any, and none may be refused (6.1). */
function readTransport(c: AppContext, { role, mode }: z.output<typeof streamQuery>): StreamRequest["transport"] {
  const isSocket = c.req.header("upgrade")?.toLowerCase() === "websocket";
  if (role === "agent") {
    if (!c.get("tokenRun")) requireScope(c, "task:write");
    if (!isSocket) throw new ApiError("request_refused", "An agent connects by WebSocket: send Upgrade: websocket.");
    return "agent";
  }
  if (isSocket) return "socket";
  return mode === "long-poll" ? "poll" : "events";
}

/** Where a client asks to begin: after an id, else at what is new, else at the beginning (6.1 "Start position"). */
function readStart(id: string | undefined, start: string | undefined): StreamStart {
  if (id === undefined || id === "") return { at: start === "latest" ? "latest" : "start" };
  const seq = parseOffset(id);
  return seq === undefined ? { at: "unknown" } : { at: "after", seq };
}

/** What let the request in. */
function passOf(c: AppContext): StreamRequest["pass"] {
  return c.get("tokenRun") ? { expiresAt: c.get("tokenExpiresAt") } : { keyId: callerOf(c).keyId };
}

/** The live stream of a run (agent-tasks 6). */
export function streamRoutes(): Router {
  const routes = newRouter();

  routes.openapi(stream, async (c) => {
    const query = c.req.valid("query");
    const transport = readTransport(c, query);
    const { handle, scope } = await resolveRun(c, c.req.valid("param"));
    if (c.req.method === "HEAD") {
      // Nobody would read the stream: it would be held open until that shows.
      unwrap(await handle.read(scope));
      return new Response(null, { headers: EVENT_STREAM_HEADERS });
    }
    const config = configOf(c);
    const asked = toObjectRequest({
      transport,
      scope,
      start: readStart(c.req.valid("header")["last-event-id"] ?? query.offset, query.start),
      attempt: query.attempt,
      pass: passOf(c),
      keepaliveSeconds: config.RUN_STREAM_KEEPALIVE_SECONDS,
      rotateSeconds: config.RUN_STREAM_ROTATE_SECONDS,
      maxReaders: config.RUN_STREAM_MAX_READERS,
      journalMaxBytes: config.RUN_JOURNAL_MAX_BYTES,
    });
    const answer = await handle.fetch(asked);
    refuseUnopened(answer);
    return nameProtocol(c, answer, STREAM_PROTOCOL);
  });

  return routes;
}

/** Throws ApiError where the run's object has opened no stream. */
function refuseUnopened(answer: Response): void {
  if (answer.status === 404) throw notFound();
  if (answer.status === 401) throw new ApiError("key_invalid", "What opened this stream is good no more.");
  if (answer.status === 503) {
    throw new ApiError("unavailable", "This run has as many readers as it may have.", {
      headers: { "Retry-After": retryAfter() },
    });
  }
}
