import type { AgentPlan, Creator } from "./plan.ts";
import type { SandboxKind } from "../../sandbox/port.ts";

export const EVALUATION_STATUSES = ["pending", "running", "completed", "failed", "cancelled"] as const;

export type EvaluationStatus = (typeof EVALUATION_STATUSES)[number];

/** Why an evaluation stopped before all of its items had their turn. */
export type StopReason = "user" | "budget";

/** An evaluation as its object keeps it. Times are milliseconds since 1970. */
export interface EvaluationRecord {
  id: string;
  organizationId: string;
  workspaceId: string;
  workspaceKey: string;
  project: { id: string; number: number };
  creator: Creator;
  name: string;
  model: string;
  /** What was asked for, as it is shown. */
  params: Record<string, unknown>;
  tags: string[];
  metadata: Record<string, unknown> | null;
  agent: AgentPlan;
  provider: SandboxKind | null;
  secretIds: string[];
  concurrency: number;
  attempts: number;
  maxRetries: number;
  keepsFailed: boolean;
  maxCostUsd: number | null;
  /** What items have cost, as far as it is known, since the budget was counted anew, and before that. */
  cost: number;
  costBase: number;
  status: EvaluationStatus;
  stopReason: StopReason | null;
  cancelRequestedAt: number | null;
  createdAt: number;
  endedAt: number | null;
  /** How often it has ended: `retry-failed` has it go on. */
  ends: number;
}

/** Whose evaluation it has to be, as the path and the key say. */
export interface EvaluationScope {
  organizationId: string;
  /** Key or id of the workspace. */
  workspace: string;
  /** The only project that the key acts in, or null. */
  projectId: string | null;
}

export function isInScope(
  record: EvaluationRecord,
  { organizationId, workspace, projectId }: EvaluationScope,
): boolean {
  return (
    record.organizationId === organizationId &&
    (workspace === record.workspaceKey || workspace.toLowerCase() === record.workspaceId) &&
    (projectId === null || projectId === record.project.id)
  );
}

export function isOver({ status }: Pick<EvaluationRecord, "status">): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}
