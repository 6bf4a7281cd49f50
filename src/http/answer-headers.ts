import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { type AppContext, type AppEnv, configOf } from "./context.ts";

/** Headers that scripts on allowed origins may read beside the safelisted ones. */
const EXPOSED_HEADERS = [
  "X-Request-Id",
  "X-Total-Count",
  "X-Filtered-Count",
  "X-Matching-Count",
  "X-Has-More",
  "Server-Timing",
  "ETag",
  "Retry-After",
  "Content-Disposition",
  "Content-Range",
  "Location",
  "Repr-Digest",
  "Docker-Content-Digest",
  "Docker-Upload-UUID",
  "Link",
  "Range",
  "X-Task-Version",
  "Idempotency-Replayed",
  "X-Command-Id",
  "X-Command-Status",
  "X-Command-Exit-Code",
  "X-Next-Offset",
  "Producer-Duplicate",
  "Producer-Epoch",
  "Producer-Seq",
  "Producer-Expected-Seq",
  "Producer-Received-Seq",
  "Stream-Next-Offset",
  "Stream-Up-To-Date",
  "Stream-Closed",
  "Stream-Cursor",
  "Stream-TTL",
  "Stream-Expires-At",
  "Stream-SSE-Data-Encoding",
];

const EXPOSED = EXPOSED_HEADERS.join(",");

/** Seconds that a browser may keep the answer to a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

function allowedOrigin(origin: string, c: AppContext): string | null {
  return configOf(c).CORS_ORIGINS.includes(origin) ? origin : null;
}

const answerPreflight = cors({
  origin: allowedOrigin,
  exposeHeaders: EXPOSED_HEADERS,
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
});

/**
 * Gives every answer its request id and what browsers need of other origins (CORS), on the answer itself when it is there:
 * Hono's middleware sets them before and after, and each time the Response is made anew.
 */
export const answerHeaders = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.method === "OPTIONS") return answerPreflight(c, next);
  await next();
  const headers = openHeaders(c);
  headers.set("Access-Control-Expose-Headers", EXPOSED);
  headers.append("Vary", "Origin");
  const origin = allowedOrigin(c.req.header("origin") ?? "", c);
  if (origin !== null) headers.set("Access-Control-Allow-Origin", origin);
  return undefined;
});

/** The answer's headers, with the request's id among them. Those of an object's answer or a redirect are shut: a copy is open. */
function openHeaders(c: AppContext): Headers {
  const name = "X-Request-Id";
  try {
    c.res.headers.set(name, c.get("requestId"));
  } catch {
    const answer = c.res;
    c.res = undefined;
    c.res = new Response(answer.body, answer);
    c.res.headers.set(name, c.get("requestId"));
  }
  return c.res.headers;
}
