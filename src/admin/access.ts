import type { Caller } from "../auth/caller.ts";
import { grants } from "../auth/scopes.ts";

/** What a key can see: its organization, and in it one project only when it is bound to one. */
export type Viewer = Pick<Caller, "organizationId" | "projectId">;

/** Whether a caller may administer its organization. */
export function isAdministrator(caller: Caller): boolean {
  return caller.projectId === null && grants(caller.scopes, "admin");
}

/** Answers that show a secret may not be kept by anyone on the way. */
export const NO_STORE = { "Cache-Control": "no-store" };
