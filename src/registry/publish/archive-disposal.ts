import { eq } from "drizzle-orm";
import { connect } from "../../db/client.ts";
import { discardedArchives } from "../../db/schema.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { DiscardedArchive } from "./upload-store.ts";

/**
 * Deletes an object that `discarded_archives` names, then its row. Never throws: what fails stays in the table, and the
 * sweeper tries again.
 */
export async function disposeArchive(
  env: Cloudflare.Env,
  { archiveKey, multipartId }: DiscardedArchive,
): Promise<void> {
  try {
    if (multipartId !== null) await abortMultipart(env.ARCHIVES, archiveKey, multipartId);
    await env.ARCHIVES.delete(archiveKey);
    await connect(env.DB).delete(discardedArchives).where(eq(discardedArchives.archiveKey, archiveKey));
  } catch (error) {
    logBackgroundFailure("disposeArchive", error);
  }
}

/** R2's error for a multipart upload that was completed or aborted before. */
const NO_SUCH_UPLOAD = /\(10024\)/;

/** Aborts a multipart upload, if it has not ended before. */
export async function abortMultipart(bucket: R2Bucket, key: string, multipartId: string): Promise<void> {
  try {
    await bucket.resumeMultipartUpload(key, multipartId).abort();
  } catch (error) {
    if (!(error instanceof Error && NO_SUCH_UPLOAD.test(error.message))) throw error;
  }
}
