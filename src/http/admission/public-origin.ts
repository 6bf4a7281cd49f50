import { createMiddleware } from "hono/factory";
import { type AppContext, type AppEnv, configOf } from "../context.ts";
import { ApiError } from "../errors/error-table.ts";

/**
 * Refuses a request whose Host is no host, or none of ALLOWED_HOSTS where there are some: links repeat it. Cloudflare
 * passes on only what is routed to the Worker, so that a deployment needs no list; a local server has one.
 */
export const requireKnownHost = createMiddleware<AppEnv>(async (c, next) => {
  const url = URL.parse(c.req.url);
  if (!url) throw new ApiError("invalid_request", "The Host header names no host.");
  const { ALLOWED_HOSTS: allowed } = configOf(c);
  if (allowed.length > 0 && !allowed.includes(url.hostname)) {
    throw new ApiError("invalid_request", "The Host header names none of this server's hosts (ALLOWED_HOSTS).");
  }
  await next();
});

/** A path of this server, or a URL of a request to it, as the absolute URL that others reach it by. */
export function toPublicUrl(c: AppContext, target: string): URL {
  const { PUBLIC_ORIGIN: base } = configOf(c);
  if (/^\/(?!\/)/.test(target)) return new URL(target, base ?? c.req.url);
  const { pathname, search, origin } = new URL(target, c.req.url);
  return new URL(`${pathname}${search}`, base ?? origin);
}
