import { z } from "@hono/zod-openapi";
import { toPublicUrl } from "../http/admission/public-origin.ts";
import { describeOffsetPage, offsetQuery, pageOf } from "../http/agent-api/agent-paging.ts";
import { configOf, databaseOf } from "../http/context.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { operation } from "../http/operation.ts";
import { readBytes } from "../http/request-body.ts";
import { openRun } from "../runs/access/run-handle.ts";
import { readUuid } from "../runs/access/run-path.ts";
import { producerHeaders, readProducer } from "../runs/log/producer-headers.ts";
import { toDurableRequest } from "../runs/protocol/stream-request.ts";
import { CLOSED, kindOf, NEXT_OFFSET } from "../stream/durable/protocol.ts";
import { toStreamRequest } from "./object/stream-request.ts";
import { notFound } from "../tasks/project.ts";
import { readMessages } from "./json-messages.ts";
import { READ_ERRORS, readHeaders, readQuery, readResponses, toAnswer, toRead } from "./read-answer.ts";
import { refuseAppend, refuseCreation } from "./refusals.ts";
import {
  resolveProject,
  resolveStream,
  RUN_STREAM_PATH,
  runStreamPath,
  STREAM_PATH,
  streamPath,
  STREAMS_PATH,
  streamsPath,
} from "./stream-path.ts";
import { countStreams, listStreams, type StreamRow } from "./stream-store.ts";
import { appendHeaders, creationHeaders, isClosing, readSettings } from "./write-headers.ts";

const STREAM_EXAMPLE = {
  name: "chat-17",
  content_type: "application/json",
  ttl_seconds: 3600,
  expires_at: null,
  closed: false,
  created_at: "2026-11-27T12:00:00.000Z",
};

const stream = z
  .object({
    name: z.string(),
    content_type: z.string(),
    ttl_seconds: z.int().nullable(),
    expires_at: z.string().nullable(),
    closed: z.boolean(),
    created_at: z.string(),
  })
  .openapi("DurableStream");

const PAGE_EXAMPLE = { count: 1, next: null, previous: null, results: [STREAM_EXAMPLE] };

const list = operation({
  method: "get",
  path: STREAMS_PATH,
  operationId: "listDurableStreams",
  tags: ["Durable Streams"],
  summary: "List a project's streams",
  description: "Newest first. A stream whose time is over is listed until it is removed, moments later.",
  scope: "task:read",
  errors: ["not_found"],
  request: { params: streamsPath, query: z.object(offsetQuery) },
  responses: {
    200: {
      description: "A page of streams",
      content: { "application/json": { schema: pageOf(stream).openapi("DurableStreamPage"), example: PAGE_EXAMPLE } },
    },
  },
});

const header = (description: string) => z.string().optional().openapi({ description });

const placeHeaders = z.object({
  [NEXT_OFFSET]: header("Where the stream ends"),
  [CLOSED]: header("`true`: nothing will follow"),
});

const bytes = {
  content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
};

const create = operation({
  method: "put",
  path: STREAM_PATH,
  operationId: "createDurableStream",
  tags: ["Durable Streams"],
  summary: "Make a stream, or make sure that it is there",
  description:
    "The body, if there is one, is the stream's beginning. A stream that is there has to have the same settings; nothing of " +
    "it is changed. Streams of type `application/json` hold messages: the members of a list, or one value.",
  scope: "task:write",
  errors: [
    "invalid_request",
    "validation_failed",
    "malformed_json",
    "not_found",
    "conflict",
    "body_too_large",
    "stream_capacity_exceeded",
  ],
  request: { params: streamPath, headers: creationHeaders, body: bytes },
  responses: {
    200: { description: "The stream was there", headers: placeHeaders },
    201: { description: "The stream is made", headers: placeHeaders.extend({ Location: header("Its URL") }) },
  },
});

const appendAnswerHeaders = placeHeaders.extend({
  "Producer-Epoch": header("Of a numbered batch"),
  "Producer-Seq": header("The producer's highest number in its epoch"),
});

const append = operation({
  method: "post",
  path: STREAM_PATH,
  operationId: "appendToDurableStream",
  tags: ["Durable Streams"],
  summary: "Append to a stream, close it, or both",
  description:
    "The answer comes when it is stored. A batch with `Producer-Id`, `Producer-Epoch` and `Producer-Seq` is stored once, " +
    "however often it is sent. With `Stream-Closed: true` nothing can follow.",
  scope: "task:write",
  errors: [
    "invalid_request",
    "request_refused",
    "validation_failed",
    "malformed_json",
    "not_found",
    "stale_epoch",
    "conflict",
    "state_conflict",
    "body_too_large",
  ],
  request: { params: streamPath, headers: appendHeaders.extend(producerHeaders.shape), body: bytes },
  responses: {
    200: { description: "A numbered batch is stored", headers: appendAnswerHeaders },
    204: { description: "It is stored; or it was before, or the stream is closed", headers: appendAnswerHeaders },
  },
});

const read = operation({
  method: "get",
  path: STREAM_PATH,
  operationId: "readDurableStream",
  tags: ["Durable Streams"],
  summary: "Read a stream from any place on, and follow it",
  description: "HEAD answers with the same headers, and with the stream's settings, without waiting.",
  scope: "task:read",
  errors: READ_ERRORS,
  request: { params: streamPath, query: readQuery, headers: readHeaders },
  responses: readResponses,
});

const remove = operation({
  method: "delete",
  path: STREAM_PATH,
  operationId: "deleteDurableStream",
  tags: ["Durable Streams"],
  summary: "Remove a stream with all that it holds",
  scope: "task:write",
  errors: ["not_found", "validation_failed"],
  request: { params: streamPath },
  responses: { 204: { description: "It is gone" } },
});

const readRun = operation({
  method: "get",
  path: RUN_STREAM_PATH,
  operationId: "readAgentRunAsDurableStream",
  tags: ["Durable Streams"],
  summary: "Read and follow a run by the Durable Streams protocol",
  description:
    "The entries of the run's live stream as a JSON stream, with the same offsets; it is closed when the run has ended and " +
    "nothing is on its way.",
  scope: "task:read",
  errors: READ_ERRORS,
  request: { params: runStreamPath, query: readQuery, headers: readHeaders },
  responses: readResponses,
});

function toStream({ name, contentType, ttlSeconds, expiresAt, closed, createdAt }: StreamRow): z.output<typeof stream> {
  return {
    name,
    content_type: contentType,
    ttl_seconds: ttlSeconds,
    expires_at: expiresAt?.toISOString() ?? null,
    closed,
    created_at: createdAt.toISOString(),
  };
}

/** A body as its stream stores it: messages of JSON as lines, all else as it came. */
function toEntries(body: Uint8Array, contentType: string | undefined): Uint8Array {
  const isJson = contentType !== undefined && kindOf(contentType) === "json";
  return isJson && body.length > 0 ? readMessages(body) : body;
}

/** Headers of where a stream ends. */
function toHeaders({ nextOffset, closed }: { nextOffset: string; closed: boolean }): Record<string, string> {
  return { [NEXT_OFFSET]: nextOffset, ...(closed && { [CLOSED]: "true" }) };
}

/** Streams of a project, and its runs as streams, by the Durable Streams protocol (docs/durable-streams.md). */
export function streamRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const query = c.req.valid("query");
    const project = await resolveProject(c, c.req.valid("param").project_id);
    const { rows, total } = await listStreams(databaseOf(c), project, query);
    return c.json(describeOffsetPage(toPublicUrl(c, c.req.url), query, total, rows.map(toStream)), 200);
  });

  routes.openapi(create, async (c) => {
    const { owner, handle } = await resolveStream(c, c.req.valid("param"));
    const config = configOf(c);
    const hasRoom = (await countStreams(databaseOf(c), owner)) < config.STREAMS_PER_PROJECT;
    const headers = c.req.valid("header");
    const settings = readSettings(headers);
    const sent = await readBytes(c.req.raw, config.STREAM_BODY_MAX_BYTES, config);
    const creation = { ...settings, body: toEntries(sent, settings.contentType), closed: isClosing(headers) };
    const created = await handle.create(owner, creation, hasRoom, { maxBytes: config.STREAM_MAX_BYTES });
    if (!created.ok) throw refuseCreation(created);
    const place = { ...toHeaders(created), "Content-Type": created.contentType };
    if (!created.made) return c.body(null, 200, place);
    const { pathname } = new URL(c.req.url);
    return c.body(null, 201, { ...place, Location: toPublicUrl(c, pathname).href });
  });

  routes.openapi(append, async (c) => {
    const headers = c.req.valid("header");
    const producer = readProducer(headers);
    const { handle } = await resolveStream(c, c.req.valid("param"));
    const config = configOf(c);
    const contentType = headers["content-type"];
    const body = toEntries(await readBytes(c.req.raw, config.STREAM_BODY_MAX_BYTES, config), contentType);
    const appended = await handle.append(
      { body, contentType, closes: isClosing(headers), seq: headers["stream-seq"], producer },
      { maxBytes: config.STREAM_MAX_BYTES },
    );
    if (!appended.ok) throw refuseAppend(appended);
    const { duplicate, last } = appended;
    const place = toHeaders(appended);
    if (!producer) return c.body(null, 204, place);
    const numbered = { ...place, "Producer-Epoch": String(producer.epoch), "Producer-Seq": String(last) };
    // A batch that has nothing but the end is answered as an append without a number is.
    return c.body(null, duplicate || body.length === 0 ? 204 : 200, numbered);
  });

  routes.openapi(read, async (c) => {
    const asked = toRead(c, c.req.valid("query"), c.req.valid("header"));
    const { handle } = await resolveStream(c, c.req.valid("param"));
    return toAnswer(await handle.fetch(toStreamRequest(asked)));
  });

  routes.openapi(remove, async (c) => {
    const { handle } = await resolveStream(c, c.req.valid("param"));
    const removed = await handle.remove();
    if (!removed.ok) throw notFound();
    return c.body(null, 204);
  });

  routes.openapi(readRun, async (c) => {
    const asked = toRead(c, c.req.valid("query"), c.req.valid("header"));
    const { project_id, run_id } = c.req.valid("param");
    const runId = readUuid(run_id);
    const scope = await resolveProject(c, project_id);
    return toAnswer(await openRun(c.env, runId).fetch(toDurableRequest(scope, asked)));
  });

  return routes;
}
