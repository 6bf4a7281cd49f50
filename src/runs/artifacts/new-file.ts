import { newFileId, storagePathOf } from "../../artifacts/artifact-keys.ts";
import { type NewFileRow, UNCLAIMED_LIFE_US } from "../../artifacts/file-store.ts";
import { type AppContext, callerOf } from "../../http/context.ts";
import type { AnnouncedArtifact } from "./artifact-fields.ts";
import { kindOf } from "./artifact-manifest.ts";
import type { RunScope } from "../model/run-outcome.ts";

/** Who uploads, for which run; null for a task's staged file. */
export interface Upload {
  scope: RunScope;
  runId: string | null;
  /** `users.number` of the caller; null for the run's own agent, which is no user. */
  userNumber: number | null;
}

/** Who uploads in this request. */
export function uploaderOf(c: AppContext): Upload["userNumber"] {
  return c.get("tokenRun") ? null : callerOf(c).userNumber;
}

/** The row of a file whose bytes are still to come, by `now` in microseconds; nobody sees it, and it expires in a day. */
export function newFile(
  { scope, runId, userNumber }: Upload,
  artifact: AnnouncedArtifact,
  now: number,
  id = newFileId(),
): NewFileRow {
  return {
    id,
    ...scope,
    runId,
    kind: kindOf(artifact.type),
    name: artifact.name,
    type: artifact.type,
    source: artifact.source ?? null,
    contentType: artifact.content_type ?? "",
    size: artifact.size,
    storagePath: storagePathOf({ ...scope, runId }, id, artifact.name),
    metadata: artifact.metadata ?? null,
    attributes: null,
    variableId: null,
    stepId: null,
    uploadedBy: userNumber,
    createdAt: now,
    finalizedAt: null,
    expiresAt: now + UNCLAIMED_LIFE_US,
  };
}
