import type { Upload } from "./upload-store.ts";

/** What a verification Workflow is told; everything else stands in the upload's row. */
export interface VerificationRequest {
  organizationId: string;
  uploadId: string;
}

/**
 * Starts the Workflow that verifies an upload. Its first instance has the upload's id, so that starting it again is
 * harmless and anyone can find it; one that takes its place has an id of its own.
 */
export async function startVerification(
  env: Cloudflare.Env,
  { id, organizationId }: Pick<Upload, "id" | "organizationId">,
  instanceId: string = id,
): Promise<void> {
  const params: VerificationRequest = { organizationId, uploadId: id };
  try {
    await env.VERIFY_UPLOAD.create({ id: instanceId, params });
  } catch (error) {
    const started = await env.VERIFY_UPLOAD.get(instanceId).catch(() => undefined);
    if (started === undefined) throw error;
  }
}
