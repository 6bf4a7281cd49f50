import { and, eq, lt } from "drizzle-orm";
import { connect } from "../../db/client.ts";
import { uploads } from "../../db/schema.ts";
import { findUpload, type Upload } from "../publish/upload-store.ts";
import { startVerification } from "../publish/upload-verification.ts";
import { refuseUpload } from "./verify-upload.ts";

/** Milliseconds without a sign of life after which a verification counts as broken off; it gives one every 15 seconds. */
export const SILENT_AFTER_MS = 60 * 1000;

/** Milliseconds between two signs of life. */
const BEAT_MS = 15 * 1000;

async function beat(env: Cloudflare.Env, { id }: Upload): Promise<void> {
  await connect(env.DB)
    .update(uploads)
    .set({ updatedAt: new Date() })
    .where(and(eq(uploads.id, id), eq(uploads.state, "verifying")));
}

/** Does a step's work and gives signs of life from its beginning to its end. */
export async function withBeats<T>(env: Cloudflare.Env, upload: Upload, work: () => Promise<T>): Promise<T> {
  await beat(env, upload);
  // One that is missed is made up for by the next; the work itself goes on.
  const beats = setInterval(() => void beat(env, upload).catch(() => undefined), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beats);
  }
}

/**
 * Starts the verification of an upload again that has given no sign of life for a minute: its server was killed, or never
 * began. One of several who ask at once does so. An upload past its time, or whose Workflow has ended without a verdict,
 * is refused. Returns the upload as it is then.
 */
export async function rescueVerification(env: Cloudflare.Env, upload: Upload, now: Date): Promise<Upload> {
  const silentSince = new Date(now.getTime() - SILENT_AFTER_MS);
  if (upload.state !== "verifying" || upload.updatedAt >= silentSince) return upload;
  const db = connect(env.DB);
  const claimed = await db
    .update(uploads)
    .set({ updatedAt: now })
    .where(and(eq(uploads.id, upload.id), eq(uploads.state, "verifying"), lt(uploads.updatedAt, silentSince)))
    .returning({ id: uploads.id });
  if (claimed.length > 0) await startAgain(env, upload, now);
  return (await findUpload(db, upload.organizationId, upload.id)) ?? upload;
}

async function startAgain(env: Cloudflare.Env, upload: Upload, now: Date): Promise<void> {
  const instance = await env.VERIFY_UPLOAD.get(upload.id).catch(() => undefined);
  if (instance === undefined) return startVerification(env, upload);
  const { status } = await instance.status();
  const hasEnded = status === "errored" || status === "terminated" || status === "complete";
  if (hasEnded || upload.expiresAt < now) {
    const msg = "The verification broke off. Publish the archive again.";
    return refuseUpload(env, upload, [{ loc: ["archive"], msg, type: "verification-failed" }]);
  }
  // An instance that says it runs and gives no sign is not there any more; its id is taken.
  await startVerification(env, upload, `${upload.id}-${now.getTime()}`);
}
