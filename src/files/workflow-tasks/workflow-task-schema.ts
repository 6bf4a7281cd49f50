import { z } from "@hono/zod-openapi";
import { WORKFLOW_STATUSES } from "../../runs/model/run-status.ts";
import { userEmail } from "../workflow-path.ts";

const wireTime = z.string().openapi({ format: "date-time" });

/** A value of a task or a step; it travels as text, a file as its id. */
const variable = z
  .object({
    variable_id: z.string(),
    variable_type: z.string(),
    value: z.string().nullable(),
    step_id: z.string().nullable(),
  })
  .openapi("WorkflowVariable");

export type WireVariable = z.output<typeof variable>;

const stepRun = z
  .object({
    step_run_id: z.string(),
    step_id: z.string(),
    step_name: z.string().nullable(),
    step_type: z.string(),
    status: z.enum(WORKFLOW_STATUSES),
    variables: z.array(variable),
  })
  .openapi("WorkflowStepRun");

/** A task as workflow clients see it (workflow-files, `GET /tasks/{task_id}`). */
export const workflowTask = z
  .object({
    task_id: z.int(),
    task_url: z.url().openapi({ description: "The task in the API for agents" }),
    task_title: z.string(),
    workflow_id: z.int().openapi({ description: "The project's number" }),
    workflow_name: z.string().openapi({ description: "The project's name" }),
    workflow_version: z.null().openapi({ description: "Projects have no versions" }),
    workflow_state_id: z.string().nullable().openapi({ description: "The latest run's id" }),
    status: z.enum(WORKFLOW_STATUSES).openapi({ description: "The latest run's; pending without one" }),
    current_step_id: z.string().nullable().openapi({ description: "The latest run's id" }),
    current_step_name: z.string().nullable().openapi({ description: "The latest run's stage" }),
    current_step_type: z.string().nullable(),
    created_at: wireTime,
    updated_at: wireTime,
    completed_at: wireTime.nullable().openapi({ description: "When the latest run ended" }),
    owner_email: z.string().nullable().openapi({ description: "Of who created the task" }),
    assignee_email: z.string().nullable().openapi({ description: "Of who asked for the latest run" }),
    collaborator_emails: z.array(z.string()).openapi({ description: "Of who else asked for runs" }),
    step_runs: z.array(stepRun).openapi({ description: "The latest 50 runs, oldest first" }),
    variables: z.array(variable).openapi({ description: "The latest value of each" }),
  })
  .openapi("WorkflowTask");

export type WireWorkflowTask = z.output<typeof workflowTask>;

const STEP_ID = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102";

export const WORKFLOW_TASK_EXAMPLE: WireWorkflowTask = {
  task_id: 12345,
  task_url: "https://taskyard.example.com/api/projects/1/tasks/01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101",
  task_title: "Review the contract",
  workflow_id: 1,
  workflow_name: "Default",
  workflow_version: null,
  workflow_state_id: STEP_ID,
  status: "in_progress",
  current_step_id: STEP_ID,
  current_step_name: "review",
  current_step_type: "agent",
  created_at: "2026-11-01T09:29:00.000000Z",
  updated_at: "2026-11-01T09:31:00.000000Z",
  completed_at: null,
  owner_email: "ada@example.com",
  assignee_email: "grace@example.com",
  collaborator_emails: ["grace@example.com"],
  step_runs: [
    {
      step_run_id: STEP_ID,
      step_id: STEP_ID,
      step_name: "review",
      step_type: "agent",
      status: "in_progress",
      variables: [{ variable_id: "risk", variable_type: "text", value: "low", step_id: STEP_ID }],
    },
  ],
  variables: [{ variable_id: "risk", variable_type: "text", value: "low", step_id: STEP_ID }],
};

/** Characters of a comment, of a variable's value, of its name; and variables of one decision. */
const TEXT_MAX_LENGTH = 10_000;
export const NAME_MAX_LENGTH = 255;
const VARIABLES_MAX = 100;

export const variableId = z.string().trim().min(1).max(NAME_MAX_LENGTH);

/** The body of `POST /tasks/{task_id}/approve`. */
export const approval = z
  .object({
    approved: z.boolean().openapi({ description: "False rejects" }),
    comment: z.string().max(TEXT_MAX_LENGTH).nullish(),
    variables: z
      .array(
        z.object({
          variable_id: variableId,
          type: z.string().max(NAME_MAX_LENGTH).default("text"),
          value: z.string().max(TEXT_MAX_LENGTH).nullable(),
        }),
      )
      .max(VARIABLES_MAX)
      .optional(),
    user_email: userEmail,
  })
  .openapi("WorkflowApproval");

export const approvalAnswer = z
  .object({ task_id: z.int(), status: z.enum(WORKFLOW_STATUSES), approved: z.boolean(), message: z.string() })
  .openapi("WorkflowApprovalAnswer");

export const cancelAnswer = z
  .object({ task_id: z.int(), status: z.literal("cancelled"), message: z.string() })
  .openapi("WorkflowCancelAnswer");
