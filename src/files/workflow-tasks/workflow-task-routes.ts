import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { jsonAnswer, jsonBody } from "../../http/json-media.ts";
import { callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { toPublicUrl } from "../../http/admission/public-origin.ts";
import { operation } from "../../http/operation.ts";
import { openRun } from "../../runs/access/run-handle.ts";
import { unwrap } from "../../runs/access/run-path.ts";
import { LIVE_STATUSES, workflowStatusOf } from "../../runs/model/run-status.ts";
import { approvalEntry, toApprovalState } from "./approval-record.ts";
import { cancelTask } from "./cancel-task.ts";
import { TASK_PATH, taskPath } from "../workflow-path.ts";
import { scopeOf } from "../workflow-scope.ts";
import { approval, approvalAnswer, cancelAnswer, WORKFLOW_TASK_EXAMPLE, workflowTask } from "./workflow-task-schema.ts";
import { findOpenRuns, findWorkflowTask } from "./workflow-task-store.ts";
import { toWorkflowTask } from "./workflow-task-view.ts";

const read = operation({
  method: "get",
  path: TASK_PATH,
  operationId: "getWorkflowTask",
  tags: ["Workflow files"],
  summary: "Get a task, its steps and its variables",
  scope: "task:read",
  errors: ["not_found", "validation_failed"],
  request: { params: taskPath },
  responses: {
    200: jsonAnswer("The task", z.object({ task: workflowTask }).openapi("WorkflowTaskAnswer"), {
      task: WORKFLOW_TASK_EXAMPLE,
    }),
  },
});

const approve = operation({
  method: "post",
  path: `${TASK_PATH}/approve`,
  operationId: "approveWorkflowTask",
  tags: ["Workflow files"],
  summary: "Approve or reject a task's current step",
  description:
    "The decision is kept as `approval` in the state of the task's latest run, and told on its stream as the " +
    "notification `_taskyard/approval`; what follows from it is the agent's to do. A later decision replaces an " +
    "earlier one. 409 when the latest run is not pending or in progress, or there is none.",
  scope: "task:write",
  errors: ["not_found", "conflict"],
  request: {
    params: taskPath,
    body: jsonBody(approval, { approved: true, comment: "Looks good", user_email: "ada@example.com" }),
  },
  responses: {
    200: jsonAnswer("The decision is recorded", approvalAnswer, {
      task_id: WORKFLOW_TASK_EXAMPLE.task_id,
      status: "in_progress",
      approved: true,
      message: "Task approved",
    }),
  },
});

const cancel = operation({
  method: "post",
  path: `${TASK_PATH}/cancel`,
  operationId: "cancelWorkflowTask",
  tags: ["Workflow files"],
  summary: "Cancel a task that is pending or in progress",
  description: "All of its runs that have not ended are cancelled; a task without a run gets one that is cancelled.",
  scope: "task:write",
  errors: ["not_found", "conflict", "validation_failed"],
  request: { params: taskPath },
  responses: {
    200: jsonAnswer("The task is cancelled", cancelAnswer, {
      task_id: WORKFLOW_TASK_EXAMPLE.task_id,
      status: "cancelled",
      message: "Task cancelled",
    }),
  },
});

/** Reading, approving and cancelling tasks as workflow clients do (workflow-files). */
export function workflowTaskRoutes(): Router {
  const routes = newRouter();

  routes.openapi(read, async (c) => {
    const rows = await findWorkflowTask(databaseOf(c), scopeOf(callerOf(c)), c.req.valid("param").task_id);
    return c.json({ task: toWorkflowTask(rows, toPublicUrl(c, "/").origin) }, 200);
  });

  routes.openapi(approve, async (c) => {
    const { task_id } = c.req.valid("param");
    const caller = callerOf(c);
    const { runScope, latest } = await findOpenRuns(databaseOf(c), scopeOf(caller), task_id);
    if (!latest) throw new ApiError("conflict", "Task cannot be approved: it has not been started");
    const decision = toApprovalState(c.req.valid("json"), caller, new Date());
    const change = { state: { approval: decision }, notification: approvalEntry(decision) };
    const { run, applied } = unwrap(await openRun(c.env, latest.id).change(runScope, change, LIVE_STATUSES));
    const status = workflowStatusOf(run.status);
    if (!applied) throw new ApiError("conflict", `Task cannot be approved: it is ${status}`);
    const message = decision.approved ? "Task approved" : "Task rejected";
    return c.json({ task_id, status, approved: decision.approved, message }, 200);
  });

  routes.openapi(cancel, async (c) => {
    const { task_id } = c.req.valid("param");
    const caller = callerOf(c);
    const open = await findOpenRuns(databaseOf(c), scopeOf(caller), task_id);
    const status = await cancelTask(c.env, open, caller.userNumber);
    if (status !== undefined) throw new ApiError("conflict", `Task cannot be cancelled: it is ${status}`);
    return c.json({ task_id, status: "cancelled" as const, message: "Task cancelled" }, 200);
  });

  return routes;
}
