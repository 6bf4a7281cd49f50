import type { RunRow } from "../tasks/run-view.ts";
import type { SentArtifact } from "./artifact-fields.ts";
import { artifactKey } from "./object-keys.ts";
import { unwrap } from "./run-path.ts";
import type { NamedRun } from "./run-path.ts";
import { toOffsetTime } from "./state-entry.ts";

/** An artifact with its place in the manifest (agent-tasks 7.1). */
function toManifestItem(artifact: SentArtifact, { runId, scope }: NamedRun, uploadedAt: string) {
  const id = crypto.randomUUID().replaceAll("-", "");
  const { name, type, source, metadata, content_type, bytes } = artifact;
  return {
    id,
    name,
    type,
    ...(source !== undefined && { source }),
    ...(metadata && { metadata }),
    size: bytes.length,
    content_type,
    storage_path: artifactKey({ ...scope, id: runId }, id, name),
    uploaded_at: uploadedAt,
  };
}

/**
 * Stores artifacts and appends them to the run's manifest in the order sent: clients take the last ones as their own
 * (7.2). Returns the run with the whole manifest; throws as `unwrap` does, and then leaves no object behind.
 */
export async function uploadArtifacts(
  bucket: R2Bucket,
  run: NamedRun,
  artifacts: readonly SentArtifact[],
): Promise<RunRow> {
  unwrap(await run.handle.read(run.scope));
  const uploadedAt = toOffsetTime(Date.now() * 1000);
  const items = artifacts.map((artifact) => toManifestItem(artifact, run, uploadedAt));
  await Promise.all(
    items.map(({ storage_path, content_type }, index) =>
      bucket.put(storage_path, artifacts[index]?.bytes ?? null, {
        httpMetadata: { contentType: content_type === "" ? "application/octet-stream" : content_type },
      }),
    ),
  );
  const outcome = await run.handle.change(run.scope, { artifacts: items });
  if (!outcome.ok) await bucket.delete(items.map(({ storage_path }) => storage_path));
  return unwrap(outcome).run;
}
