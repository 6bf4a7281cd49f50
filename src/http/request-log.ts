import { DrizzleQueryError } from "drizzle-orm/errors";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { type AppContext, type AppEnv, configOf } from "./context.ts";

/**
 * One JSON line per request. The path stands in it without its query, the route as its pattern; no header but the
 * client's name: neither keys nor signed links reach the log.
 */
export const requestLog = createMiddleware<AppEnv>(async (c, next) => {
  const started = Date.now();
  await next();
  if (configOf(c).REQUEST_LOG === "off") return;
  const caller = c.get("caller");
  const route = routePath(c, -1);
  write("info", {
    request_id: c.get("requestId"),
    method: c.req.method,
    path: c.req.path,
    route: route === "/*" ? undefined : route,
    status: c.res.status,
    duration_ms: Date.now() - started,
    organization: caller?.organizationKey,
    key_id: caller?.keyId,
    user_agent: c.req.header("user-agent")?.slice(0, 200),
  });
});

/** Logs an unexpected failure with its stack under the request's id. */
export function logFailure(c: AppContext, thrown: unknown): void {
  write("error", { request_id: c.get("requestId"), path: c.req.path, ...describeFailure(thrown) });
}

/** Logs a failure of work that no request waits for. */
export function logBackgroundFailure(work: string, thrown: unknown): void {
  write("error", { work, ...describeFailure(thrown) });
}

/** The message of a failed query contains its parameters, which clients have sent: only the statement is logged. */
function describeFailure(thrown: unknown): Record<string, string | undefined> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const message = error instanceof DrizzleQueryError ? `Failed query: ${error.query}` : error.message;
  return {
    error: message,
    cause: error.cause instanceof Error ? error.cause.message : undefined,
    stack: error.stack?.replace(error.message, () => message),
  };
}

function write(level: "info" | "error", line: Record<string, unknown>): void {
  // oxlint-disable-next-line no-console -- the Worker's log is its console
  console[level](JSON.stringify({ level, time: new Date().toISOString(), ...line }));
}
