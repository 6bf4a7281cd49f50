import type { z } from "@hono/zod-openapi";
import type { Caller } from "../../auth/caller.ts";
import type { approval } from "./workflow-task-schema.ts";

/** A decision as `state.approval` of a run keeps it. */
export function toApprovalState(body: z.output<typeof approval>, { userId }: Caller, now: Date) {
  const { approved, comment = null, variables = [], user_email = null } = body;
  return { approved, comment, variables, user_email, user_id: userId, decided_at: now.toISOString() };
}

export type ApprovalState = ReturnType<typeof toApprovalState>;

/** A decision as the run's stream tells it, in the form of log entries (agent-tasks 5.1). */
export function approvalEntry(decision: ApprovalState): Record<string, unknown> {
  return {
    type: "notification",
    timestamp: decision.decided_at,
    notification: { jsonrpc: "2.0", method: "_taskyard/approval", params: decision },
  };
}
