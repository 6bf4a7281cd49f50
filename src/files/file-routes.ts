import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { linkToContent } from "../artifacts/content-link.ts";
import { jsonAnswer } from "../http/json-media.ts";
import { type AppContext, callerOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { listAccesses, recordAccess } from "./access-store.ts";
import { readFileId } from "./file-id.ts";
import {
  fileAccessList,
  stepDocument,
  toDownload,
  toWorkflowFile,
  WORKFLOW_DOWNLOAD_EXAMPLE,
  WORKFLOW_FILE_EXAMPLE,
  workflowDownload,
  workflowFileList,
} from "./file-schema.ts";
import { type FileRow, findFile, findStepDocument, listTaskFiles } from "./workflow-file-store.ts";
import { cursorParameter, encodeCursor } from "./file-cursor.ts";
import { FILE_PATH, filePath, TASK_PATH, taskPath, userEmail } from "./workflow-path.ts";
import { scopeOf } from "./workflow-scope.ts";

/** Files of a page when the client does not say, and at most (seed 003 "Notes"). */
const PAGE_SIZE = 10;
const PAGE_SIZE_MAX = 100;
/** Accesses that are shown: the latest. */
const ACCESSES_MAX = 100;

const list = operation({
  method: "get",
  path: `${TASK_PATH}/files`,
  operationId: "listWorkflowTaskFiles",
  tags: ["Workflow files"],
  summary: "List a task's files in the order in which they came",
  description: "The first 10 by default; `total_files` counts all, `limit` and `cursor` lead to them.",
  scope: "task:read",
  errors: ["not_found", "validation_failed"],
  request: {
    params: taskPath,
    query: z.object({
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(PAGE_SIZE_MAX)
        .default(PAGE_SIZE)
        .openapi({ example: PAGE_SIZE, description: "Files at most" }),
      cursor: cursorParameter.optional(),
    }),
  },
  responses: {
    200: jsonAnswer("A page of files", workflowFileList, {
      task_id: 12345,
      files: [WORKFLOW_FILE_EXAMPLE],
      total_files: 1,
      next_cursor: null,
    }),
  },
});

const download = operation({
  method: "get",
  path: FILE_PATH,
  operationId: "getWorkflowFile",
  tags: ["Workflow files"],
  summary: "Get a link to download a file",
  description: "The link works without a key for an hour. For whom it was given is kept for a year.",
  scope: "task:read",
  errors: ["invalid_request", "not_found", "artifact_not_found", "validation_failed"],
  request: { params: filePath, query: z.object({ user_email: userEmail }) },
  responses: { 200: jsonAnswer("The file", workflowDownload, WORKFLOW_DOWNLOAD_EXAMPLE) },
});

const document = operation({
  method: "get",
  path: `${TASK_PATH}/steps/{step_id}/document`,
  operationId: "getWorkflowStepDocument",
  tags: ["Workflow files"],
  summary: "Get a link to download the latest document of a step",
  description: "Of a run, or of a step that files were attached to. 501 when the step has no document.",
  scope: "task:read",
  errors: ["not_found", "artifact_not_found", "validation_failed", "document_missing"],
  request: {
    params: taskPath.extend({
      step_id: z.string().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102", description: "As files name it" }),
    }),
    query: z.object({ user_email: userEmail }),
  },
  responses: {
    200: jsonAnswer("The document", stepDocument, {
      download_url: WORKFLOW_DOWNLOAD_EXAMPLE.download_url,
      file_name: WORKFLOW_DOWNLOAD_EXAMPLE.file_name,
      expires_at: WORKFLOW_DOWNLOAD_EXAMPLE.expires_at,
    }),
  },
});

const accesses = operation({
  method: "get",
  path: `${FILE_PATH}/accesses`,
  operationId: "listWorkflowFileAccesses",
  tags: ["Workflow files"],
  summary: "List who was given links to a file, latest first",
  description: "The latest 100 of a year.",
  scope: "admin",
  errors: ["invalid_request", "not_found"],
  request: { params: filePath },
  responses: {
    200: jsonAnswer("Who was given the file", fileAccessList, {
      file_id: WORKFLOW_DOWNLOAD_EXAMPLE.file_id,
      accesses: [
        {
          user_email: "ada@example.com",
          user_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
          key_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be006",
          created_at: "2026-11-01T11:00:00.000Z",
        },
      ],
    }),
  },
});

/** The file that a path names; 400 for what is no id (workflow-files, `GET /files/{file_id}`). */
async function readFile(c: AppContext, fileId: string): Promise<FileRow> {
  const reference = readFileId(fileId);
  if (!reference) throw new ApiError("invalid_request", "Invalid file ID format");
  return await findFile(databaseOf(c), scopeOf(callerOf(c)), reference);
}

/** A file with a link to it, once it is written down who was given it. */
async function give(c: AppContext, row: FileRow, userEmail: string | null | undefined) {
  const link = await linkToContent(c, row).catch((error: unknown) => {
    // 400 is a wrong id here: what this server cannot sign is its own fault.
    if (!(error instanceof ApiError) || error.code !== "request_refused") throw error;
    throw new ApiError("server_error", "Failed to generate download URL");
  });
  await recordAccess(databaseOf(c), callerOf(c), row.number, userEmail ?? null);
  return toDownload(row, link);
}

/** Files of tasks as workflow clients read them (seed 003, workflow-files). */
export function fileRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { task_id } = c.req.valid("param");
    const { limit, cursor: after = 0 } = c.req.valid("query");
    const page = await listTaskFiles(databaseOf(c), scopeOf(callerOf(c)), task_id, { limit, after });
    const last = page.hasMore ? page.rows.at(-1) : undefined;
    const files = page.rows.map(toWorkflowFile);
    const next_cursor = last ? encodeCursor(last.number) : null;
    return c.json({ task_id, files, total_files: page.total, next_cursor }, 200);
  });

  routes.openapi(download, async (c) => {
    const row = await readFile(c, c.req.valid("param").file_id);
    return c.json(await give(c, row, c.req.valid("query").user_email), 200);
  });

  routes.openapi(document, async (c) => {
    const { task_id, step_id } = c.req.valid("param");
    const row = await findStepDocument(databaseOf(c), scopeOf(callerOf(c)), task_id, step_id);
    const { download_url, file_name, expires_at } = await give(c, row, c.req.valid("query").user_email);
    return c.json({ download_url, file_name, expires_at }, 200);
  });

  routes.openapi(accesses, async (c) => {
    const { file_id } = c.req.valid("param");
    const { number, organizationId } = await readFile(c, file_id);
    const rows = await listAccesses(databaseOf(c), organizationId, number, ACCESSES_MAX);
    const shown = rows.map(({ userEmail, userId, keyId, createdAt }) => ({
      user_email: userEmail,
      user_id: userId,
      key_id: keyId,
      created_at: createdAt.toISOString(),
    }));
    return c.json({ file_id, accesses: shown }, 200);
  });

  return routes;
}
