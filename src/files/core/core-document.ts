import { v7 as uuid } from "uuid";
import type { FileAttribute } from "../../db/agent-schema.ts";
import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { announce, type Notice, startDeliveries } from "../../webhooks/outbox.ts";
import { findValueProblem } from "../attribute-fields.ts";
import { looksLike } from "./document-format.ts";
import { fileIdOf } from "../file-id.ts";
import type { CoreUpload } from "../file-schema.ts";
import { finishAttachment } from "../workflow-file-store.ts";
import { receiveAttachment } from "../receive-attachment.ts";

/** Something about a document that its sender should know; `attribute` is null where it is about the content. */
interface Issue {
  attribute: string | null;
  message: string;
}

/** What is wrong with a document that is taken all the same, and the attributes that can be kept. */
function examine({ file_extension, file_content_base64, attributes = [] }: CoreUpload) {
  const issues: Issue[] = [];
  const kept: FileAttribute[] = [];
  if (!looksLike(file_extension, file_content_base64)) {
    issues.push({ attribute: null, message: `The content is not that of a ${file_extension} file` });
  }
  for (const attribute of attributes) {
    const problem = findValueProblem(attribute);
    if (problem === undefined) kept.push(attribute);
    else issues.push({ attribute: attribute.name, message: problem });
  }
  return { issues, kept };
}

/**
 * Takes a document and gives its number. It becomes visible in the batch that tells webhooks of it: that it is uploaded,
 * and how the look at it ended (workflow-files, `POST /core/upload`).
 */
export async function processDocument(c: AppContext, upload: CoreUpload): Promise<number> {
  const db = databaseOf(c);
  const { organizationId, currentProject } = callerOf(c);
  const { issues, kept } = examine(upload);
  const bytes = upload.file_content_base64;
  const userEmail = upload.user_email ?? null;
  const number = await receiveAttachment(c, {
    projectNumber: currentProject.number,
    taskId: null,
    name: upload.file_name,
    contentType: upload.content_type,
    bytes,
    attributes: kept,
    variableId: null,
    stepId: null,
    userEmail,
  });
  const document = {
    document_processing_id: number,
    file_id: fileIdOf({ kind: "attachment", number }),
    file_name: upload.file_name,
    content_type: upload.content_type,
    size: bytes.length,
    user_email: userEmail,
    attributes: kept,
  };
  const told = { organizationId, occurredAt: new Date() };
  const uploaded: Notice = { ...told, event: "core.document.uploaded", eventId: uuid(), data: document };
  const examined: Notice =
    issues.length === 0
      ? { ...told, event: "core.document.upload_completed", eventId: uuid(), data: document }
      : { ...told, event: "core.document.upload_with_issues", eventId: uuid(), data: { ...document, issues } };
  const [[row], ...deliveries] = await db.batch([
    finishAttachment(db, organizationId, number),
    announce(db, uploaded),
    announce(db, examined),
  ]);
  if (!row) throw new Error("The document's row is gone");
  c.executionCtx.waitUntil(startDeliveries(c.env, deliveries.flat()));
  return number;
}
