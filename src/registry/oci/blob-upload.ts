import { v7 as uuid } from "uuid";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import {
  type BlobUpload,
  endUpload,
  findUpload,
  insertBlob,
  insertSegment,
  insertUpload,
  listSegments,
  MAX_SEGMENTS,
  type StoredObject,
  touchBlob,
} from "./blob-store.ts";
import { type ChunkBody, disposeObjects, joinSegments, storeBody } from "./object-bytes.ts";

/**
 * Blobs on their way in (contract A4; OCI distribution 1.1, "Pushing blobs"): in one request, or in chunks one behind the
 * other. Each request writes an object of its own, and what it has written counts once its row does: two that write at
 * the same time cannot mix their bytes, and one that breaks off has never been.
 */

/** Bytes `first` to `last` of the blob, as a chunk says that it brings them. */
export interface ChunkRange {
  first: number;
  last: number;
}

const expiryOf = (env: Cloudflare.Env) => new Date(Date.now() + readConfig(env).UPLOAD_TTL_SECONDS * 1000);

export async function startBlobUpload(
  env: Cloudflare.Env,
  organizationId: string,
  taskName: string,
): Promise<BlobUpload> {
  const fields = { id: uuid(), organizationId, taskName, createdAt: new Date(), expiresAt: expiryOf(env) };
  return insertUpload(connect(env.DB), fields);
}

/** Throws `blob_upload_unknown` for one of another task or organization, and for one that has ended. */
export async function requireBlobUpload(
  env: Cloudflare.Env,
  place: Pick<BlobUpload, "organizationId" | "taskName" | "id">,
): Promise<BlobUpload> {
  const upload = await findUpload(connect(env.DB), place);
  if (!upload) throw new ApiError("blob_upload_unknown");
  return upload;
}

/** Appends a chunk. Throws `blob_upload_invalid` for one that begins elsewhere than where the upload ends. */
export async function appendChunk(
  env: Cloudflare.Env,
  upload: BlobUpload,
  body: ChunkBody,
  range: ChunkRange | undefined,
): Promise<BlobUpload> {
  expectPlace(upload, body, range);
  if (upload.chunks >= MAX_SEGMENTS) throw tooManyChunks();
  if (body.length === 0) return upload;
  const stored = await storeBody(env, upload.organizationId, body);
  try {
    expectSize(stored, range);
    if (stored.size > 0) {
      return (
        (await insertSegment(connect(env.DB), upload, stored, expiryOf(env))) ?? (await refuseChanged(env, upload))
      );
    }
  } catch (error) {
    await disposeObjects(env, [stored.objectKey]);
    throw error;
  }
  await disposeObjects(env, [stored.objectKey]);
  return upload;
}

/**
 * Takes the last chunk, if there is one, and makes all of them the blob with this digest. Throws `digest_invalid` when
 * they are another; the upload then stays as it was.
 */
export async function finishBlobUpload(
  env: Cloudflare.Env,
  upload: BlobUpload,
  digest: string,
  body: ChunkBody,
  range?: ChunkRange,
): Promise<void> {
  expectPlace(upload, body, range);
  const db = connect(env.DB);
  const before = await listSegments(db, upload.id);
  const own: StoredObject[] = [];
  try {
    if (body.length !== 0 || before.length === 0) {
      const last = await storeBody(env, upload.organizationId, body);
      own.push(last);
      expectSize(last, range);
    }
    const pieces = [...before, ...own.filter(({ size }) => size > 0 || before.length === 0)];
    const [only] = pieces;
    const whole = pieces.length === 1 && only ? only : await joinSegments(env, upload.organizationId, pieces);
    if (whole !== only) own.push(whole);
    if (`sha256:${whole.sha256}` !== digest) {
      const detail = `The request says ${digest}, the ${whole.size} bytes that arrived have sha256:${whole.sha256}.`;
      throw new ApiError("digest_invalid", detail);
    }
    const { objectKey, size } = whole;
    const stored = await insertBlob(db, upload, { id: uuid(), digest, size, objectKey });
    // Another request may have finished the same upload: then the blob is there.
    if (!stored && !(await touchBlob(db, upload.organizationId, digest))) await refuseChanged(env, upload);
  } finally {
    await disposeObjects(
      env,
      Array.from([...before, ...own], ({ objectKey }) => objectKey),
    );
  }
}

/** Ends an upload; what has arrived goes. Throws `blob_upload_unknown` when it had ended. */
export async function cancelBlobUpload(env: Cloudflare.Env, upload: Pick<BlobUpload, "id">): Promise<void> {
  const objectKeys = await endUpload(connect(env.DB), upload);
  if (!objectKeys) throw new ApiError("blob_upload_unknown");
  await disposeObjects(env, objectKeys);
}

function expectPlace(upload: BlobUpload, { length }: ChunkBody, range: ChunkRange | undefined): void {
  if (range && range.first !== upload.received) throw outOfPlace(upload.received);
  if (range && length !== undefined) expectSize({ size: length }, range);
}

function expectSize({ size }: Pick<StoredObject, "size">, range: ChunkRange | undefined): void {
  if (!range || range.last - range.first + 1 === size) return;
  const detail = `Content-Range says ${range.first}-${range.last}, the body has ${size} bytes.`;
  throw new ApiError("size_invalid", detail);
}

/** Why a chunk was not appended, or an upload not finished, that was there a moment ago. */
async function refuseChanged(env: Cloudflare.Env, upload: BlobUpload): Promise<never> {
  const { received } = await requireBlobUpload(env, { ...upload });
  throw outOfPlace(received);
}

function outOfPlace(received: number): ApiError {
  return new ApiError("blob_upload_invalid", `${received} bytes of the upload have arrived: go on from there.`, {
    headers: { Range: rangeOf(received) },
  });
}

function tooManyChunks(): ApiError {
  const detail = `The upload has ${MAX_SEGMENTS} chunks, and no place for another. Begin anew with larger ones.`;
  return new ApiError("size_invalid", detail);
}

/** The header `Range` of an upload: what of the blob has arrived. It has no way to say that nothing has. */
export function rangeOf(received: number): string {
  return `0-${Math.max(received - 1, 0)}`;
}
