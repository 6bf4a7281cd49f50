import type { RunRow } from "./run-view.ts";
import type { CommandOutcome } from "../protocol/command-outcome.ts";

/** What a run's object is asked with and what it answers beside runs: failures are values, which cross RPC whole. */

/** Whose run it is: the object compares it with what it knows, so that no call needs a look-up elsewhere. */
export interface RunScope {
  organizationId: string;
  projectNumber: number;
  taskId: string;
}

/** The same of who names a run without its task. */
export type ProjectScope = Omit<RunScope, "taskId"> & { taskId?: string | undefined };

/** Whether a run is in a scope. */
export function isInScope(run: RunRow, { organizationId, projectNumber, taskId }: ProjectScope): boolean {
  const isOfProject = run.organizationId === organizationId && run.projectNumber === projectNumber;
  return isOfProject && (taskId === undefined || run.taskId === taskId);
}

export type Found = { ok: true; run: RunRow };
export type NotFound = { ok: false; reason: "not_found" };
export type TooLarge = { ok: false; reason: "too_large" };
/** The object holds as many bytes as it may: nothing is appended any more but changes of the run. */
export type JournalFull = { ok: false; reason: "journal_full" };
/** `applied` is false where the run was in none of the statuses asked for, and so stayed as it was. */
export type Changed = { ok: true; run: RunRow; applied: boolean };
/** `outcome` is undefined where the run's agent has no connection here. */
export type Commanded = { ok: true; run: RunRow; outcome: CommandOutcome | undefined };

export const NOT_FOUND: NotFound = { ok: false, reason: "not_found" };
export const TOO_LARGE: TooLarge = { ok: false, reason: "too_large" };
export const JOURNAL_FULL: JournalFull = { ok: false, reason: "journal_full" };
