import type { Caller } from "../auth/caller.ts";
import { type AppContext, callerOf } from "./context.ts";
import { ApiError } from "./errors.ts";

/**
 * The caller of a route under `/org/{org}`, when the organization in the path is the key's own. Another organization
 * answers 404 like one that does not exist: its existence is not told.
 */
export function requireOwnOrganization(c: AppContext, org: string): Caller {
  const caller = callerOf(c);
  if (caller.organizationKey !== org) throw new ApiError("not_found", `Organization '${org}' not found.`);
  return caller;
}
