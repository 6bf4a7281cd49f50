import type { Upload } from "./upload-store.ts";

/** What a verification Workflow is told; everything else stands in the upload's row. */
export interface VerificationRequest {
  organizationId: string;
  uploadId: string;
}

/**
 * Starts the Workflow that verifies an upload. Its instance has the upload's id, so that starting it again is harmless
 * and anyone can find it.
 */
export async function startVerification(
  env: Cloudflare.Env,
  { id, organizationId }: Pick<Upload, "id" | "organizationId">,
): Promise<void> {
  const params: VerificationRequest = { organizationId, uploadId: id };
  try {
    await env.VERIFY_UPLOAD.create({ id, params });
  } catch (error) {
    const started = await env.VERIFY_UPLOAD.get(id).catch(() => undefined);
    if (started === undefined) throw error;
  }
}
