import { STEP_TYPE, workflowStatusOf } from "../../runs/model/run-status.ts";
import { toWireTime } from "../../db/microseconds.ts";
import { fileIdOf } from "../file-id.ts";
import type { WireVariable, WireWorkflowTask } from "./workflow-task-schema.ts";
import type { ValueRow, WorkflowTaskRows } from "./workflow-task-store.ts";

/** What kinds of JSON are to workflow clients; objects and lists travel as their JSON. */
const VARIABLE_TYPES: Partial<Record<string, string>> = {
  integer: "number",
  real: "number",
  true: "boolean",
  false: "boolean",
  object: "text",
  array: "text",
};

function toVariable(row: ValueRow): WireVariable {
  return {
    variable_id: row.variableId,
    variable_type: VARIABLE_TYPES[row.type] ?? row.type,
    // SQLite gives booleans as 1 and 0.
    value: row.type === "true" || row.type === "false" ? row.type : row.value,
    step_id: row.runId,
  };
}

/** The wire form of a task (workflow-files, `GET /tasks/{task_id}`): its runs are its steps. */
export function toWorkflowTask({ task, runs, values, files }: WorkflowTaskRows, origin: string): WireWorkflowTask {
  const [latest] = runs;
  const ofFiles = files.map((file): WireVariable => ({
    variable_id: file.variableId,
    variable_type: "file",
    value: fileIdOf(file),
    step_id: file.stepId ?? file.runId,
  }));
  // The latest come last: of several with one name they count.
  const variables = [...values.map(toVariable).toReversed(), ...ofFiles.toReversed()];
  const others = runs.map(({ creatorEmail }) => creatorEmail).filter((email) => email !== task.ownerEmail);
  return {
    task_id: task.number,
    task_url: `${origin}/api/projects/${task.projectNumber}/tasks/${task.id}`,
    task_title: task.title,
    workflow_id: task.projectNumber,
    workflow_name: task.projectName,
    workflow_version: null,
    workflow_state_id: latest?.id ?? null,
    status: workflowStatusOf(latest?.status),
    current_step_id: latest?.id ?? null,
    current_step_name: latest?.stage ?? null,
    current_step_type: latest ? STEP_TYPE : null,
    created_at: toWireTime(task.createdAt),
    updated_at: toWireTime(Math.max(task.updatedAt, latest?.updatedAt ?? 0)),
    completed_at: latest?.completedAt ? toWireTime(latest.completedAt) : null,
    owner_email: task.ownerEmail,
    assignee_email: latest?.creatorEmail ?? null,
    collaborator_emails: [...new Set(others.filter((email) => email !== null))],
    step_runs: runs.toReversed().map((run) => ({
      step_run_id: run.id,
      step_id: run.id,
      step_name: run.stage,
      step_type: STEP_TYPE,
      status: workflowStatusOf(run.status),
      variables: variables.filter(({ step_id }) => step_id === run.id),
    })),
    variables: [...new Map(variables.map((variable) => [variable.variable_id, variable])).values()],
  };
}
