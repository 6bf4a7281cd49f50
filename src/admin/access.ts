import type { Caller } from "../auth/caller.ts";
import { grants } from "../auth/scopes.ts";
import type { AppContext } from "../http/context.ts";
import { ApiError } from "../http/errors.ts";
import { requireOwnOrganization } from "../http/tenancy.ts";

/** What a key can see: its organization, and in it one project only when it is bound to one. */
export type Viewer = Pick<Caller, "organizationId" | "projectId">;

/** Refuses a key that is bound to a project: it administers nothing, so it cannot widen itself. */
export function refuseProjectKey(caller: Caller): void {
  if (caller.projectId !== null) {
    throw new ApiError("forbidden", "This key is bound to a project; use a key of the whole organization.");
  }
}

/** Whether a caller may do what `requireAdministrator` lets through. */
export function isAdministrator(caller: Caller): boolean {
  return caller.projectId === null && grants(caller.scopes, "admin");
}

/** The caller of an administrative operation under `/org/{org}`, whose key acts in the whole organization. */
export function requireAdministrator(c: AppContext, org: string): Caller {
  const caller = requireOwnOrganization(c, org);
  refuseProjectKey(caller);
  return caller;
}

/** Answers that show a secret may not be kept by anyone on the way. */
export const NO_STORE = { "Cache-Control": "no-store" };
