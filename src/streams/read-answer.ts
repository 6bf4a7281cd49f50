import { type RouteConfig, z } from "@hono/zod-openapi";
import { type AppContext, callerOf, configOf } from "../http/context.ts";
import { ApiError, type ErrorCode } from "../http/errors/error-table.ts";
import { CURSOR, EXPIRES_AT, NEXT_OFFSET, SSE_ENCODING, TTL, UP_TO_DATE, CLOSED } from "../stream/durable/protocol.ts";
import { type DurableRead, readStart } from "../stream/durable/read-request.ts";
import { notFound } from "../tasks/project.ts";

/** What a reader asks for (5.6 to 5.8). */
export const readQuery = z.object({
  offset: z.string().optional().openapi({
    example: "0000000000000041",
    description: "Go on after this `Stream-Next-Offset`; `-1`, or none, is the beginning, `now` the end",
  }),
  live: z.enum(["long-poll", "sse"]).optional().openapi({
    example: "long-poll",
    description: "Wait for what comes, in one answer or in a stream of server-sent events; needs `offset`",
  }),
  cursor: z.string().optional().openapi({ example: "3374562", description: "The `Stream-Cursor` of the last answer" }),
});

export const readHeaders = z.object({
  "if-none-match": z.string().optional().openapi({ example: '"01a0b6a4:0000000000000000:0000000000000041"' }),
});

const header = (description: string) => z.string().optional().openapi({ description });

const answerHeaders = z.object({
  [NEXT_OFFSET]: header("Where to go on"),
  [UP_TO_DATE]: header("`true`: this is all that there is by now"),
  [CLOSED]: header("`true`: and nothing will follow"),
  [CURSOR]: header("To be sent back with the next live read"),
  [TTL]: header("Of a HEAD: seconds without a read or write after which the stream is removed"),
  [EXPIRES_AT]: header("Of a HEAD: when the stream is removed"),
  [SSE_ENCODING]: header("`base64`: how `data` events hold a stream that is neither text nor JSON"),
  ETag: header("Of these entries"),
});

const EVENTS_EXAMPLE = `event: data
data:[{"text":"Hello"}]

event: control
data:{"streamNextOffset":"0000000000000001","streamCursor":"3374562","upToDate":true}

`;

/** Made by the object: this type lets a route answer with a plain Response. */
const entries: NonNullable<RouteConfig["responses"]>[string] = {
  description: "Entries, as many as go into one answer: of a JSON stream a list, of any other its bytes",
  headers: answerHeaders,
  content: {
    "application/json": { schema: z.array(z.unknown()), example: [{ text: "Hello" }] },
    "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
    "text/event-stream": { schema: z.string(), example: EVENTS_EXAMPLE },
  },
};

export const readResponses = {
  200: entries,
  204: {
    description: "A long poll in whose time nothing came, or at the end of a closed stream",
    headers: answerHeaders,
  },
  304: { description: "The copy named by If-None-Match is current" },
};

export const READ_ERRORS = [
  "invalid_request",
  "validation_failed",
  "not_found",
  "gone",
  "unavailable",
] as const satisfies ErrorCode[];

/** What a request asks of an object. Throws `invalid_request`. */
export function toRead(
  c: AppContext,
  { offset, live, cursor }: z.output<typeof readQuery>,
  headers: z.output<typeof readHeaders>,
): DurableRead {
  const start = readStart(offset);
  if (!start) throw new ApiError("invalid_request", "offset is none that this server gave out.");
  if (live && offset === undefined) throw new ApiError("invalid_request", `live=${live} needs an offset.`);
  const config = configOf(c);
  return {
    isHead: c.req.method === "HEAD",
    start,
    live,
    cursor,
    ifNoneMatch: headers["if-none-match"],
    pass: { keyId: callerOf(c).keyId },
    waitSeconds: config.STREAM_LONG_POLL_SECONDS,
    keepaliveSeconds: config.RUN_STREAM_KEEPALIVE_SECONDS,
    rotateSeconds: config.STREAM_ROTATE_SECONDS,
    maxReaders: config.RUN_STREAM_MAX_READERS,
  };
}

/** What users write never runs as a page of this origin, whatever type it has. */
const USER_CONTENT = { "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'" };

/** Seconds after which a client comes again that found no room. */
const RETRY_SECONDS = 15;

/** An object's answer as it goes out; throws what it failed with as the API shows it. */
export function toAnswer(answer: Response): Response {
  switch (answer.status) {
    case 400:
      throw new ApiError("invalid_request", "offset is none that this stream gave out.");
    case 401:
      throw new ApiError("key_invalid", "The key that opened this read is good no more.");
    case 404:
      throw notFound();
    case 410:
      throw new ApiError("gone", "What follows this offset is not kept any more: read from the beginning (offset=-1).");
    case 503:
      throw new ApiError("unavailable", "This stream has as many readers as it may have.", {
        headers: { "Retry-After": String(RETRY_SECONDS) },
      });
    default: {
      // Made anew, because headers are added that a response from elsewhere does not take.
      const response = new Response(answer.body, answer);
      for (const [name, value] of Object.entries(USER_CONTENT)) response.headers.set(name, value);
      return response;
    }
  }
}
