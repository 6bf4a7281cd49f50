import { jsonAnswer, jsonBody } from "../../http/json-media.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { callerOf, databaseOf } from "../../http/context.ts";
import { operation } from "../../http/operation.ts";
import { processDocument } from "./core-document.ts";
import { EXTENSIONS } from "./document-format.ts";
import { CONTENT_PROPERTY, fileBody, readFileBody } from "../file-body.ts";
import { fileIdOf, readFileNumber } from "../file-id.ts";
import { attributeAnswer, attributeChange, coreUpload, coreUploadAnswer } from "../file-schema.ts";
import { fileNotFound, upsertAttributes } from "../workflow-file-store.ts";
import { filePath } from "../workflow-path.ts";
import { scopeOf } from "../workflow-scope.ts";

const ATTRIBUTES_EXAMPLE = [{ name: "Counterparty", data_type: "text", value: "Acme" } as const];

const upload = operation({
  method: "post",
  path: "/core/upload",
  operationId: "uploadCoreDocument",
  bodyLimit: (config) => config.RUN_ARTIFACTS_BODY_MAX_BYTES,
  tags: ["Workflow files"],
  summary: "Upload a document that belongs to no task",
  description:
    "Webhooks tell what became of it: `core.document.uploaded`, and then `core.document.upload_completed` or " +
    "`core.document.upload_with_issues`. Issues are attributes whose value is not of their type, which are left out, and " +
    "content that is not what the extension says.",
  scope: "task:write",
  errors: ["validation_failed", "malformed_json", "unsupported_media_type", "body_too_large"],
  request: {
    body: fileBody(
      {
        file_name: { type: "string" },
        file_extension: { type: "string", enum: [...EXTENSIONS] },
        ...CONTENT_PROPERTY,
        user_email: { type: ["string", "null"] },
        attributes: { type: "array", items: { $ref: "#/components/schemas/FileAttribute" } },
      },
      ["file_name", "file_extension", "file_content_base64"],
      {
        file_name: "contract.pdf",
        file_extension: "pdf",
        file_content_base64: "JVBERi0xLjcK",
        user_email: "ada@example.com",
        attributes: ATTRIBUTES_EXAMPLE,
      },
    ),
  },
  responses: {
    202: jsonAnswer("The document is taken", coreUploadAnswer, {
      document_processing_id: 124,
      file_id: "attachment_124",
      status: "processing",
      message: "The document was uploaded",
    }),
  },
});

const change = operation({
  method: "patch",
  path: "/core/files/{file_id}/attributes",
  operationId: "updateCoreFileAttributes",
  tags: ["Workflow files"],
  summary: "Set attributes of a file by their names",
  description: "Attributes that are not named stay. Of a file's id only the number counts here.",
  scope: "task:write",
  errors: ["not_found", "conflict"],
  request: { params: filePath, body: jsonBody(attributeChange, { attributes: ATTRIBUTES_EXAMPLE }) },
  responses: {
    200: jsonAnswer("The attributes are set", attributeAnswer, {
      file_id: "attachment_124",
      status: "updated",
      updated_attributes: ATTRIBUTES_EXAMPLE,
    }),
  },
});

/** Documents and what is known of them (workflow-files, `/core`). */
export function coreRoutes(): Router {
  const routes = newRouter();

  routes.openapi(upload, async (c) => {
    const number = await processDocument(c, await readFileBody(c, coreUpload));
    return c.json(
      {
        document_processing_id: number,
        file_id: fileIdOf({ kind: "attachment", number }),
        status: "processing" as const,
        message: "The document was uploaded",
      },
      202,
    );
  });

  routes.openapi(change, async (c) => {
    const number = readFileNumber(c.req.valid("param").file_id);
    if (number === undefined) throw fileNotFound();
    const { attributes } = c.req.valid("json");
    const row = await upsertAttributes(databaseOf(c), scopeOf(callerOf(c)), number, attributes);
    return c.json({ file_id: fileIdOf(row), status: "updated" as const, updated_attributes: attributes }, 200);
  });

  return routes;
}
