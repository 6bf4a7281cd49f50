import type { Caller } from "../../auth/caller.ts";
import { grants } from "../../auth/scopes.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { TaskReference, VersionReference } from "./published-store.ts";
import { isWithheld } from "../archive/withheld-paths.ts";

/** Who may read what of a task (contract A5, "Leak risk"; docs/reading-tasks.md). */

/** Whether this caller reads solutions and flags: who may publish the task, with task:write of all of its organization. */
export function canSeeWithheld(caller: Caller, organization: { id: string }): boolean {
  return caller.organizationId === organization.id && caller.projectId === null && grants(caller.scopes, "task:write");
}

/**
 * What a look-up found, or 404. A private task of another organization and one that does not exist are told in the same
 * words.
 */
export function requireFound<Row extends { version: unknown }>(
  row: Row | undefined,
  { org, name }: TaskReference,
  reference: VersionReference = { version: "latest" },
): Row & { version: NonNullable<Row["version"]> } {
  if (row === undefined) throw taskNotFound({ org, name });
  const { version } = row;
  if (version === null || version === undefined) throw versionGone({ org, name }, reference);
  return { ...row, version };
}

export function organizationNotFound(org: string): ApiError {
  return new ApiError("not_found", `Organization '${org}' not found.`);
}

export function taskNotFound({ org, name }: TaskReference): ApiError {
  return new ApiError("not_found", `Task '${org}/${name}' not found.`);
}

function versionGone({ org, name }: TaskReference, reference: VersionReference): ApiError {
  return "version" in reference
    ? new ApiError("not_found", `Version '${reference.version}' of task '${org}/${name}' not found.`)
    : new ApiError(
        "not_found",
        `The version of task '${org}/${name}' that this cursor began with is gone. Begin again.`,
      );
}

/** Refuses a path that only writers of the owning organization read. */
export function refuseWithheldPath(withheldPaths: readonly string[], path: string): void {
  if (!isWithheld(withheldPaths, path)) return;
  throw new ApiError(
    "forbidden",
    `'${path}' holds the task's solution or flag: it is read with task:write in the organization that owns the task.`,
  );
}

/** Refuses the whole archive when some of its paths are withheld. */
export function refuseWithheldArchive(withheldPaths: readonly string[]): void {
  if (withheldPaths.length > 0) throw refuseWithheld();
}

/** The refusal of a whole archive, or of what it was made of. */
export function refuseWithheld(): ApiError {
  return new ApiError(
    "forbidden",
    "The archive holds the task's solution or flag. Use a key with task:write of the organization that owns the task, " +
      "or read the other files one by one below /files/.",
  );
}
