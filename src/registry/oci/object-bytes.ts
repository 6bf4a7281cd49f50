import { v7 as uuid } from "uuid";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { BodyPace } from "../../http/request-body.ts";
import { blobKey } from "../archive/archive-keys.ts";
import { ArchiveGoneError } from "../archive/archive-source.ts";
import { PartsWriter } from "../archive/parts-writer.ts";
import { disposeArchive } from "../publish/archive-disposal.ts";
import { chunksOf, type RawBody, storeHashed } from "../publish/upload-body.ts";
import { announceObject, forgetObjects, listGivenUp, type Segment, type StoredObject } from "./blob-store.ts";

/** What a request brings of a blob; memory does not grow with it, whether its length is announced or not. */
export interface ChunkBody {
  /** Null where the request has no body. */
  stream: ReadableStream<Uint8Array> | null;
  /** Bytes, if the request says how many. */
  length: number | undefined;
  pace: BodyPace;
  /** Bytes at most. */
  maxBytes: number;
}

/** The body of a request, unread. Refuses one that is announced to be too large (413). */
export function chunkBodyOf(c: AppContext, received: number): ChunkBody {
  const config = configOf(c);
  const header = c.req.header("content-length");
  const length = c.req.raw.body === null ? 0 : header === undefined ? undefined : Number(header);
  if (length !== undefined && !Number.isSafeInteger(length)) throw new ApiError("size_invalid");
  const maxBytes = Math.min(config.PUBLISH_MAX_BYTES, config.UPLOAD_MAX_BYTES - received);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  return { stream: c.req.raw.body, length, pace: new BodyPace(config), maxBytes };
}

function tooLarge(maxBytes: number): ApiError {
  const detail = `At most ${maxBytes} bytes are taken in this request. Send a large blob in chunks, by PATCH.`;
  return new ApiError("body_too_large", detail);
}

/** Stores a body as an object of its own. What breaks off, or is another than announced, leaves nothing behind. */
export function storeBody(env: Cloudflare.Env, organizationId: string, body: ChunkBody): Promise<StoredObject> {
  const { stream, length, pace, maxBytes } = body;
  if (stream === null || length === 0) return storeInParts(env, organizationId, () => Promise.resolve());
  if (length !== undefined) return storeWhole(env, organizationId, { stream, length, pace });
  return storeInParts(env, organizationId, async (writer) => {
    let size = 0;
    for await (const chunk of chunksOf({ stream, pace })) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      await writer.write(chunk);
    }
  });
}

/** Stores what segments come to, one behind the other, as one object. */
export function joinSegments(
  env: Cloudflare.Env,
  organizationId: string,
  segments: readonly Pick<Segment, "objectKey">[],
): Promise<StoredObject> {
  return storeInParts(env, organizationId, async (writer) => {
    for (const { objectKey } of segments) {
      const object = await env.ARCHIVES.get(objectKey);
      if (object === null) throw new ArchiveGoneError(objectKey);
      for await (const chunk of object.body) await writer.write(chunk);
    }
  });
}

function storeWhole(env: Cloudflare.Env, organizationId: string, body: RawBody): Promise<StoredObject> {
  const objectKey = blobKey(organizationId, uuid());
  return guard(env, objectKey, null, async () => {
    const { sha256 } = await storeHashed(body, (bytes) => env.ARCHIVES.put(objectKey, bytes));
    return { objectKey, size: body.length, sha256 };
  });
}

async function storeInParts(
  env: Cloudflare.Env,
  organizationId: string,
  fill: (writer: PartsWriter) => Promise<void>,
): Promise<StoredObject> {
  const objectKey = blobKey(organizationId, uuid());
  // Should its row fail, what is left holds no bytes, and R2 ends it by itself after seven days.
  const multipart = await env.ARCHIVES.createMultipartUpload(objectKey);
  return guard(env, objectKey, multipart.uploadId, async () => {
    const writer = new PartsWriter(env.ARCHIVES, multipart);
    await fill(writer);
    const { size, sha256 } = await writer.finish();
    return { objectKey, size, sha256 };
  });
}

/** Announces an object, and deletes it where it does not come to be. */
async function guard<T>(
  env: Cloudflare.Env,
  archiveKey: string,
  multipartId: string | null,
  store: () => Promise<T>,
): Promise<T> {
  const keepUntil = new Date(Date.now() + readConfig(env).UPLOAD_TTL_SECONDS * 1000);
  await announceObject(connect(env.DB), archiveKey, multipartId, keepUntil);
  try {
    return await store();
  } catch (error) {
    await disposeArchive(env, { archiveKey, multipartId });
    throw error;
  }
}

/** Deletes those of the objects that nothing refers to. What fails stays in the table, for the sweeper. */
export async function disposeObjects(env: Cloudflare.Env, objectKeys: readonly string[]): Promise<void> {
  if (objectKeys.length === 0) return;
  const db = connect(env.DB);
  try {
    const givenUp = (await listGivenUp(db, objectKeys)).map(({ archiveKey }) => archiveKey);
    if (givenUp.length === 0) return;
    await env.ARCHIVES.delete(givenUp);
    await forgetObjects(db, givenUp);
  } catch (error) {
    logBackgroundFailure("disposeObjects", error);
  }
}
