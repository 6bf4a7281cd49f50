import { and, eq, gt, isNotNull, isNull, or, type SQL } from "drizzle-orm";
import type { Caller } from "../auth/caller.ts";
import { agentTasks, taskFiles } from "../db/agent-schema.ts";
import { currentMicroseconds } from "../db/microseconds.ts";

/** What a key sees of workflow tasks and their files: its organization's, or one project's when it is bound to one. */
export interface WorkflowScope {
  organizationId: string;
  projectNumber: number | null;
}

export function scopeOf({ organizationId, projectId, currentProject }: Caller): WorkflowScope {
  return { organizationId, projectNumber: projectId === null ? null : currentProject.number };
}

/** The task of this integer, as long as it is not deleted. */
export function isTask({ organizationId, projectNumber }: WorkflowScope, taskNumber: number): SQL | undefined {
  return and(
    eq(agentTasks.number, taskNumber),
    eq(agentTasks.organizationId, organizationId),
    projectNumber === null ? undefined : eq(agentTasks.projectNumber, projectNumber),
    isNull(agentTasks.deletedAt),
  );
}

/** Files whose bytes are complete and that have not expired. */
export function isPresentFile({ organizationId, projectNumber }: WorkflowScope): SQL | undefined {
  return and(
    eq(taskFiles.organizationId, organizationId),
    projectNumber === null ? undefined : eq(taskFiles.projectNumber, projectNumber),
    isNotNull(taskFiles.finalizedAt),
    or(isNull(taskFiles.expiresAt), gt(taskFiles.expiresAt, currentMicroseconds())),
  );
}
