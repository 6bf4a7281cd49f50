import { newFileId, storagePathOf } from "../artifacts/artifact-keys.ts";
import { type NewFileRow, UNCLAIMED_LIFE_US } from "../artifacts/file-store.ts";
import type { AppContext } from "../http/context.ts";
import type { AnnouncedArtifact } from "./artifact-fields.ts";
import { kindOf } from "./manifest.ts";
import type { RunScope } from "./run-outcome.ts";

/** Who uploads, for which run; null for a task's staged file. */
export interface Upload {
  scope: RunScope;
  runId: string | null;
  /** `uploaderOf` the request. */
  userNumber: number | null;
}

/** `users.number` of who uploads; null for a run's agent, which comes with its token and in no user's name. */
export function uploaderOf(c: AppContext): number | null {
  return c.get("caller")?.userNumber ?? null;
}

/** The row of a file whose bytes are still to come, by `now` in microseconds; nobody sees it, and it expires in a day. */
export function newFile({ scope, runId, userNumber }: Upload, artifact: AnnouncedArtifact, now: number): NewFileRow {
  const id = newFileId();
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
