import { jsonAnswer } from "../http/json-media.ts";
import { newRouter, type Router } from "../http/new-router.ts";
import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { operation } from "../http/operation.ts";
import { CONTENT_PROPERTY, fileBody, readFileBody } from "./file-body.ts";
import { attachedFile, type NewFile, toWorkflowFile, WORKFLOW_FILE_EXAMPLE, workflowFile } from "./file-schema.ts";
import { attachUploaded, type FileRow, finishAttachment } from "./workflow-file-store.ts";
import { receiveAttachment } from "./receive-attachment.ts";
import { TASK_PATH, taskPath } from "./workflow-path.ts";
import { scopeOf } from "./workflow-scope.ts";
import { findTaskPlace } from "./workflow-tasks/workflow-task-store.ts";

const attach = operation({
  method: "post",
  path: `${TASK_PATH}/files`,
  operationId: "attachWorkflowTaskFile",
  bodyLimit: (config) => config.RUN_ARTIFACTS_BODY_MAX_BYTES,
  tags: ["Workflow files"],
  summary: "Attach a file to a task, with its variable and step",
  description:
    "The file in base64; or, by `artifact_id`, one that was uploaded and finalized for the task with " +
    "`staged_artifacts` of the API for agents, which takes larger ones. It is an attachment, and does not " +
    "expire.",
  scope: "task:write",
  errors: ["not_found", "validation_failed", "malformed_json", "unsupported_media_type", "body_too_large"],
  request: {
    params: taskPath,
    body: fileBody(
      {
        file_name: { type: "string" },
        ...CONTENT_PROPERTY,
        content_type: { type: ["string", "null"] },
        artifact_id: { type: "string", description: "Instead of name and content" },
        variable_id: { type: ["string", "null"] },
        step_id: { type: ["string", "null"] },
        user_email: { type: ["string", "null"] },
      },
      [],
      {
        file_name: WORKFLOW_FILE_EXAMPLE.file_name,
        file_content_base64: "JVBERi0xLjcK",
        content_type: "application/pdf",
        variable_id: WORKFLOW_FILE_EXAMPLE.variable_id,
        step_id: WORKFLOW_FILE_EXAMPLE.step_id,
      },
    ),
  },
  responses: { 201: jsonAnswer("The attached file", workflowFile, WORKFLOW_FILE_EXAMPLE) },
});

/** Stores a file that came whole, as an attachment of the task. */
async function attachNew(c: AppContext, taskNumber: number, file: NewFile): Promise<FileRow> {
  const db = databaseOf(c);
  const caller = callerOf(c);
  const { projectNumber, taskId } = await findTaskPlace(db, scopeOf(caller), taskNumber);
  const number = await receiveAttachment(c, {
    projectNumber,
    taskId,
    name: file.file_name,
    contentType: file.content_type ?? "",
    bytes: file.file_content_base64,
    attributes: null,
    variableId: file.variable_id ?? null,
    stepId: file.step_id ?? null,
    userEmail: file.user_email ?? null,
  });
  const [row] = await finishAttachment(db, caller.organizationId, number);
  if (!row) throw new Error("The attachment's row is gone");
  return row;
}

/** Attaching files to tasks, which the contract leaves to its own pages. */
export function attachRoutes(): Router {
  const routes = newRouter();

  routes.openapi(attach, async (c) => {
    const { task_id } = c.req.valid("param");
    const file = await readFileBody(c, attachedFile);
    if (!("artifact_id" in file)) return c.json(toWorkflowFile(await attachNew(c, task_id, file)), 201);
    const place = { variableId: file.variable_id ?? null, stepId: file.step_id ?? null };
    const row = await attachUploaded(databaseOf(c), scopeOf(callerOf(c)), task_id, file.artifact_id, place);
    return c.json(toWorkflowFile(row), 201);
  });

  return routes;
}
