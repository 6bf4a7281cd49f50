import { open } from "../call.ts";
import { TaskyardError } from "../errors.ts";
import { finalizeAgentRunUploads, prepareAgentRunUploads } from "../generated/operations.gen.ts";
import type { AgentRunArtifact } from "../generated/types.gen.ts";
import type { Taskyard } from "../taskyard.ts";

export interface UploadArtifactOptions {
  path: { project_id?: string; task_id: string; run_id: string };
  name: string;
  /** What it is, such as `output` or `user_attachment` (docs/artifacts.md). */
  type: string;
  /** In Node.js `await openAsBlob(path)` is read from the disk as it is sent. */
  content: Blob;
  contentType?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  signal?: AbortSignal | undefined;
}

/** Uploads a file as an artifact of a run, as a form, straight into the store. Small ones go together by `uploadAgentRunArtifacts`. */
export async function uploadArtifact(
  client: Taskyard,
  { path, name, type, content, contentType, metadata, signal }: UploadArtifactOptions,
): Promise<AgentRunArtifact> {
  const announced = {
    name,
    type,
    size: content.size,
    ...(contentType !== undefined && { content_type: contentType }),
    ...(metadata && { metadata }),
  };
  const { artifacts } = await prepareAgentRunUploads(client, { path, body: { artifacts: [announced] }, signal });
  const [prepared] = artifacts;
  if (!prepared) throw new TaskyardError("The server prepared no upload.", { code: "protocol_error" });
  const { url, fields } = prepared.presigned_post;
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append("file", content, "file");
  const how = { type: "multipart/form-data", repeatable: true, isLink: true };
  await open(client, "POST", new URL(url, client.url).href, { body: form, signal }, how);
  const uploaded = { id: prepared.id, name, type, storage_path: prepared.storage_path };
  const manifest = await finalizeAgentRunUploads(client, { path, body: { artifacts: [uploaded] }, signal });
  const [artifact] = manifest.artifacts;
  if (!artifact) throw new TaskyardError("The server finalized no upload.", { code: "protocol_error" });
  return artifact;
}
