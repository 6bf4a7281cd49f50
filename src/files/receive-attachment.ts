import { newFileId, storagePathOf } from "../artifacts/artifact-keys.ts";
import { describeExcess, maxBytesOf } from "../artifacts/file-limits.ts";
import { UNCLAIMED_LIFE_US } from "../artifacts/file-store.ts";
import { storedType } from "../artifacts/media-type.ts";
import type { FileAttribute } from "../db/agent-schema.ts";
import { type AppContext, callerOf, configOf, databaseOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { currentMicroseconds } from "../db/microseconds.ts";
import { insertAttachment } from "./workflow-file-store.ts";

/** What users attach is, in the words of agent tasks (7.1). */
const TYPE = "user_attachment";

/** A file that a user sends. */
export interface SentAttachment {
  projectNumber: number;
  /** Null for a document that belongs to no task. */
  taskId: string | null;
  name: string;
  contentType: string;
  bytes: Uint8Array;
  attributes: FileAttribute[] | null;
  variableId: string | null;
  stepId: string | null;
  userEmail: string | null;
}

/**
 * Stores an attachment's bytes and gives its number; nobody sees it until its row is finished, and if that never
 * happens the sweep removes both. 413 for one that is larger than this server takes.
 */
export async function receiveAttachment(c: AppContext, sent: SentAttachment): Promise<number> {
  const { name, contentType, bytes, projectNumber, taskId } = sent;
  const described = { name, type: TYPE, content_type: contentType };
  const limit = maxBytesOf(configOf(c), described);
  if (bytes.length > limit) throw new ApiError("body_too_large", describeExcess(described, limit));
  const { organizationId, userNumber } = callerOf(c);
  const id = newFileId();
  const storagePath = storagePathOf({ projectNumber, taskId, runId: null }, id, name);
  const number = await insertAttachment(databaseOf(c), {
    id,
    organizationId,
    projectNumber,
    taskId,
    runId: null,
    name,
    type: TYPE,
    source: null,
    contentType,
    size: bytes.length,
    storagePath,
    metadata: sent.userEmail === null ? null : { user_email: sent.userEmail },
    attributes: sent.attributes,
    variableId: sent.variableId,
    stepId: sent.stepId,
    expiresAt: currentMicroseconds() + UNCLAIMED_LIFE_US,
    uploadedBy: userNumber,
  });
  await c.env.ARTIFACTS.put(storagePath, bytes, { httpMetadata: { contentType: storedType(contentType) } });
  return number;
}
