import { holdComplete } from "../../artifacts/file-store.ts";
import type { ManifestItem } from "../../db/agent-schema.ts";
import { type AppContext, configOf, databaseOf } from "../../http/context.ts";
import { refuseUnknownArtifacts } from "../model/run-options.ts";
import { currentMicroseconds } from "../../db/microseconds.ts";
import { expiryOf, toManifestItem } from "./artifact-manifest.ts";
import type { RunScope } from "../model/run-outcome.ts";

/**
 * The files of a task that a run is to have, named by the ids of `pending_user_artifact_ids` (agent-tasks 3.4), as items
 * of its manifest in the order named; and the ids that name none. What is found stays there for a day at least.
 */
export async function findPendingArtifacts(
  c: AppContext,
  scope: RunScope,
  ids: readonly string[],
): Promise<{ artifacts: ManifestItem[]; missing: string[] }> {
  if (ids.length === 0) return { artifacts: [], missing: [] };
  const now = currentMicroseconds();
  const files = new Map((await holdComplete(databaseOf(c), scope, ids, now)).map((file) => [file.id, file]));
  const expiresAt = expiryOf(configOf(c).RUN_ARTIFACT_RETENTION_DAYS, now);
  const artifacts = [...new Set(ids)].flatMap((id) => {
    const file = files.get(id);
    // What is kept for the task stays kept.
    return file ? [toManifestItem(file, file.finalizedAt ?? now, file.expiresAt && expiresAt)] : [];
  });
  return { artifacts, missing: ids.filter((id) => !files.has(id)) };
}

/** The files that a new run is to have, by the same ids; 400 that names those which the task does not have. */
export async function takePendingArtifacts(
  c: AppContext,
  scope: RunScope,
  ids: readonly string[] = [],
): Promise<ManifestItem[]> {
  const { artifacts, missing } = await findPendingArtifacts(c, scope, ids);
  refuseUnknownArtifacts(missing);
  return artifacts;
}
