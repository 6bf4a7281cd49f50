import { and, eq } from "drizzle-orm";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { ociBlobs, ociManifests } from "../../db/oci-schema.ts";
import { type StoredProblem, uploads } from "../../db/schema.ts";
import { ZipWriter } from "../../zip/write/zip-writer.ts";
import { limitsOf, toStoredProblems } from "../archive/archive-check.ts";
import { ArchiveGoneError } from "../archive/archive-source.ts";
import { PartsWriter } from "../archive/parts-writer.ts";
import { abortMultipart } from "../publish/archive-disposal.ts";
import { findUpload, type Upload } from "../publish/upload-store.ts";
import { tarToZip } from "./tar-to-zip.ts";

/** A layer that was pushed to become a version's archive. */
export interface PushedLayer {
  objectKey: string;
  /** Bytes. */
  size: number;
}

export type Repacked =
  /** The archive with its `size`, and its `sha256` where that was computed on the way. */
  { ok: true; stored: { upload: Upload; etag: string } } | { ok: false; problems: StoredProblem[] };

/** The layer of an upload that an OCI push has begun; undefined for one that brings its own archive. */
export async function findPushedLayer(env: Cloudflare.Env, uploadId: string): Promise<PushedLayer | undefined> {
  return await connect(env.DB)
    .select({ objectKey: ociBlobs.objectKey, size: ociBlobs.size })
    .from(ociManifests)
    .innerJoin(ociBlobs, eq(ociBlobs.id, ociManifests.layerBlobId))
    .where(eq(ociManifests.id, uploadId))
    .get();
}

/**
 * Makes the upload's archive out of a layer. It may be repeated: what an earlier try has left of a multipart upload is
 * aborted, and an archive that is there is taken. Throws ArchiveGoneError when the layer is not there.
 */
export async function repackLayer(env: Cloudflare.Env, upload: Upload, layer: PushedLayer): Promise<Repacked> {
  const { archiveKey } = upload;
  const there = await env.ARCHIVES.head(archiveKey);
  if (there) return keepSize(env, upload, there.size, there.etag, null);
  const multipart = await openMultipart(env, upload);
  const object = await env.ARCHIVES.get(layer.objectKey);
  if (object === null) throw new ArchiveGoneError(layer.objectKey);
  const writer = new PartsWriter(env.ARCHIVES, multipart);
  const zip = new ZipWriter((bytes) => writer.write(bytes));
  const problems = await tarToZip({ body: object.body, size: layer.size }, zip, limitsOf(readConfig(env)));
  if (problems.length > 0) {
    await multipart.abort();
    return { ok: false, problems: toStoredProblems(problems) };
  }
  await zip.finish();
  const { size, etag, sha256 } = await writer.finish();
  return keepSize(env, upload, size, etag, sha256);
}

/** Written down before its first part, so that whoever ends the upload aborts it as well. */
async function openMultipart(
  env: Cloudflare.Env,
  { id, organizationId, archiveKey }: Upload,
): Promise<R2MultipartUpload> {
  const db = connect(env.DB);
  const earlier = await findUpload(db, organizationId, id);
  if (earlier?.multipartId) await abortMultipart(env.ARCHIVES, archiveKey, earlier.multipartId);
  const multipart = await env.ARCHIVES.createMultipartUpload(archiveKey);
  const open = await db
    .update(uploads)
    .set({ multipartId: multipart.uploadId })
    .where(and(eq(uploads.id, id), eq(uploads.state, "verifying")))
    .returning({ id: uploads.id });
  if (open.length > 0) return multipart;
  await multipart.abort();
  throw new ArchiveGoneError(archiveKey);
}

async function keepSize(
  env: Cloudflare.Env,
  upload: Upload,
  size: number,
  etag: string,
  sha256: string | null,
): Promise<Repacked> {
  await connect(env.DB).update(uploads).set({ size }).where(eq(uploads.id, upload.id));
  return { ok: true, stored: { upload: { ...upload, size, sha256, multipartId: null }, etag } };
}
