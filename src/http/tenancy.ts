import { createMiddleware } from "hono/factory";
import type { Caller } from "../auth/caller.ts";
import { type AppContext, type AppEnv, callerOf } from "./context.ts";
import { ApiError } from "./errors/error-table.ts";

/**
 * The caller of a route under `/org/{org}`, when the organization in the path is the key's own. Another organization
 * answers 404 like one that does not exist: its existence is not told.
 */
export function requireOwnOrganization(c: AppContext, org: string): Caller {
  const caller = callerOf(c);
  if (caller.organizationKey !== org) throw new ApiError("not_found", `Organization '${org}' not found.`);
  return caller;
}

/** Refuses a key of another organization than the path's before a body is read. A request without a key has no caller. */
export const requireBodysOrganization = createMiddleware<AppEnv>(async (c, next) => {
  if (c.get("caller")) requireOwnOrganization(c, c.req.param("org") ?? "");
  await next();
});
