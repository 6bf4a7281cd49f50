import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { deleteIdleBlobs, endUpload, listExpired } from "./blob-store.ts";
import { disposeObjects } from "./object-bytes.ts";

/** What one run did. */
export interface BlobSweep {
  /** Uploads past their time, ended. */
  expired: number;
  /** Blobs that no manifest has named for as long as an upload may take, deleted. */
  idle: number;
}

/**
 * Clears away what pushes have left: called by the cron trigger, a bounded amount at a time. Objects of requests that
 * broke off stand among the discarded ones, which registry/upload-sweep.ts deletes.
 */
export async function sweepBlobs(env: Cloudflare.Env, now: Date): Promise<BlobSweep> {
  const db = connect(env.DB);
  const expired = await listExpired(db, now);
  for (const upload of expired) {
    const objectKeys = await endUpload(db, upload);
    if (objectKeys) await disposeObjects(env, objectKeys);
  }
  const before = new Date(now.getTime() - readConfig(env).UPLOAD_TTL_SECONDS * 1000);
  const idle = await deleteIdleBlobs(db, before);
  await disposeObjects(env, idle);
  return { expired: expired.length, idle: idle.length };
}
