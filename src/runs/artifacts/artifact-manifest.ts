import type { FileRow, NewFileRow } from "../../artifacts/file-store.ts";
import type { ManifestItem } from "../../db/agent-schema.ts";
import type { RunRow } from "../model/run-view.ts";
import { parseIsoTime } from "../../db/iso-time.ts";
import { toOffsetTime } from "../model/state-entry.ts";

/** Types that users give to a run; the others are what its agent made (agent-tasks 7.1). */
const USER_TYPES: ReadonlySet<string> = new Set(["user_attachment", "skill_bundle"]);

/** What a file of this type is beside the workflow contract: what a user attached, or what a step produced. */
export function kindOf(type: string): FileRow["kind"] {
  return USER_TYPES.has(type) ? "attachment" : "document";
}

const DAY_US = 24 * 3600 * 1_000_000;

/** When an artifact that came at `now` (microseconds) expires, kept for so many days; null for ever, which is 0 days. */
export function expiryOf(retentionDays: number, now: number): number | null {
  return retentionDays === 0 ? null : now + retentionDays * DAY_US;
}

/** A file as a run's manifest shows it. Its bytes were complete at `uploadedAt`, in microseconds. */
export function toManifestItem(file: NewFileRow, uploadedAt: number, expiresAt: number | null): ManifestItem {
  return {
    id: file.id,
    name: file.name,
    type: file.type,
    ...(file.source !== null && { source: file.source }),
    ...(file.metadata && { metadata: file.metadata }),
    size: file.size,
    content_type: file.contentType,
    storage_path: file.storagePath,
    uploaded_at: toOffsetTime(uploadedAt),
    uploaded_by: file.kind === "attachment" ? "user" : "agent",
    ...(file.uploadedBy !== null && { uploaded_by_user_id: file.uploadedBy }),
    ...(expiresAt !== null && { expires_at: toOffsetTime(expiresAt) }),
  };
}

/** The row of an artifact in a run's manifest. */
export function toFileRow(run: RunRow, item: ManifestItem): NewFileRow {
  const uploadedAt = parseIsoTime(item.uploaded_at) ?? run.updatedAt;
  return {
    id: item.id,
    organizationId: run.organizationId,
    projectNumber: run.projectNumber,
    taskId: run.taskId,
    runId: run.id,
    kind: item.uploaded_by === "user" ? "attachment" : "document",
    name: item.name,
    type: item.type,
    source: item.source ?? null,
    contentType: item.content_type,
    size: item.size,
    storagePath: item.storage_path,
    metadata: item.metadata ?? null,
    attributes: null,
    variableId: null,
    stepId: null,
    uploadedBy: item.uploaded_by_user_id ?? null,
    createdAt: uploadedAt,
    finalizedAt: uploadedAt,
    expiresAt: item.expires_at === undefined ? null : (parseIsoTime(item.expires_at) ?? null),
  };
}
