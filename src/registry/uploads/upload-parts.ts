import { v7 as uuid } from "uuid";
import type { Caller } from "../../auth/caller.ts";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { archiveKey } from "../archive/archive-keys.ts";
import { disposeArchive } from "../publish/archive-disposal.ts";
import { refusal } from "../publish/publish.ts";
import { describeConflict, findPublished, type PublishedVersion } from "../publish/publish-store.ts";
import { type RawBody, storeHashed } from "../publish/upload-body.ts";
import { expectDigest } from "../publish/upload-digest.ts";
import { forgetPart, listAllParts, recordPart, type UploadPart } from "./upload-part-store.ts";
import { endUpload, findUpload, insertUpload, markVerifying, type Upload } from "../publish/upload-store.ts";
import { startVerification } from "../publish/upload-verification.ts";
import { countParts } from "./upload-view.ts";

/** Parts that R2 takes of one upload. */
const MAX_PARTS = 10_000;

/** Missing parts that one answer names. */
const MAX_MISSING_NAMED = 100;

const MIB = 1024 * 1024;

/** What a client announces of an archive that comes in parts. */
export interface UploadAnnouncement {
  name: string;
  version: string;
  /** Bytes of the whole archive. */
  size: number;
  /** SHA-256 of the whole archive in hex. */
  sha256: string | undefined;
  /** Whether a folder that all files lie in is taken away (registry/archive/archive-root.ts). */
  strip: boolean;
}

/**
 * Starts an upload in parts. Answers the version instead when it is published with the announced SHA-256 already;
 * throws `already_exists` when it is published with another, or none was announced.
 */
export async function startUpload(
  env: Cloudflare.Env,
  caller: Caller,
  { name, version, size, sha256, strip }: UploadAnnouncement,
): Promise<{ upload: Upload } | { published: PublishedVersion }> {
  const config = readConfig(env);
  const db = connect(env.DB);
  if (size > config.UPLOAD_MAX_BYTES) {
    throw new ApiError(
      "body_too_large",
      `The archive has ${size} bytes; at most ${config.UPLOAD_MAX_BYTES} are taken.`,
    );
  }
  const published = await findPublished(db, caller.organizationId, name, version);
  if (published) {
    if (published.version.sha256 === sha256) return { published };
    throw new ApiError("already_exists", describeConflict(published, sha256));
  }
  const id = uuid();
  const key = archiveKey(caller.organizationId, id);
  // Should the row fail, what is left holds no bytes, and R2 ends it by itself after seven days.
  const multipart = await env.ARCHIVES.createMultipartUpload(key);
  const upload = await insertUpload(db, {
    id,
    organizationId: caller.organizationId,
    taskName: name,
    version,
    strip,
    state: "open",
    archiveKey: key,
    multipartId: multipart.uploadId,
    size,
    partSize: partSizeOf(size, config.UPLOAD_PART_BYTES),
    sha256: sha256 ?? null,
    createdBy: caller.userId,
    expiresAt: new Date(Date.now() + config.UPLOAD_TTL_SECONDS * 1000),
  });
  return { upload };
}

/** The configured size, or as many whole MiB as keep the number of parts within R2's. */
function partSizeOf(size: number, configured: number): number {
  return Math.max(configured, Math.ceil(size / MAX_PARTS / MIB) * MIB);
}

/** Bytes that a part has to have. Refuses a number that the upload does not have, and an upload that takes no parts. */
export function expectPart(upload: Upload, partNumber: number): number {
  if (upload.state !== "open" || upload.multipartId === null || upload.partSize === null) {
    throw new ApiError("conflict", `Upload ${upload.id} is ${upload.state} and takes no parts.`);
  }
  const parts = countParts(upload.size, upload.partSize);
  if (partNumber > parts) {
    const msg = `The upload has parts 1 to ${parts}, and no part ${partNumber}.`;
    throw new ApiError("validation_failed", msg, { errors: [{ loc: ["path", "part_number"], msg, type: "too_big" }] });
  }
  return partNumber < parts ? upload.partSize : upload.size - (parts - 1) * upload.partSize;
}

/** Stores a part; sending its number again replaces it. Throws `validation_failed` for a wrong digest. */
export async function putPart(
  env: Cloudflare.Env,
  upload: Upload,
  partNumber: number,
  { body, announced }: { body: RawBody; announced: string | undefined },
): Promise<UploadPart> {
  const db = connect(env.DB);
  const multipart = env.ARCHIVES.resumeMultipartUpload(upload.archiveKey, upload.multipartId ?? "");
  const { stored, sha256 } = await storeHashed(body, (stream) => multipart.uploadPart(partNumber, stream));
  try {
    expectDigest(announced, sha256);
  } catch (error) {
    // R2 holds the wrong bytes under this number now, whatever was there before.
    await forgetPart(db, upload.id, partNumber);
    throw error;
  }
  const part = await recordPart(db, upload.id, { partNumber, size: body.length, sha256, etag: stored.etag });
  if (!part) throw new ApiError("conflict", `Upload ${upload.id} has ended meanwhile.`);
  return part;
}

/**
 * Hands a complete upload to verification. Repeating it is harmless: one that is being verified, or was accepted, is
 * answered as it is. Throws `conflict` with the parts that are missing, `archive_refused` when it was refused.
 */
export async function completeUpload(env: Cloudflare.Env, upload: Upload, sha256: string | undefined): Promise<Upload> {
  const db = connect(env.DB);
  expectSameDigest(upload, sha256);
  switch (upload.state) {
    case "accepted":
      return upload;
    case "refused":
      throw refusal(upload.problems ?? []);
    case "verifying":
      await startVerification(env, upload);
      return upload;
    case "open": {
      expectComplete(upload, await listAllParts(db, upload.id));
      const verifying = await markVerifying(db, upload.organizationId, upload.id, sha256);
      const current = verifying ?? (await findUpload(db, upload.organizationId, upload.id));
      if (!current) throw new ApiError("not_found", `Upload ${upload.id} was aborted meanwhile.`);
      await startVerification(env, current);
      return current;
    }
  }
}

function expectSameDigest(upload: Upload, sha256: string | undefined): void {
  if (sha256 === undefined || upload.sha256 === null || upload.sha256 === sha256) return;
  const msg = `The upload announced SHA-256 ${upload.sha256} before.`;
  throw new ApiError("validation_failed", msg, { errors: [{ loc: ["body", "sha256"], msg, type: "digest" }] });
}

function expectComplete(upload: Upload, received: R2UploadedPart[]): void {
  const parts = upload.partSize === null ? 0 : countParts(upload.size, upload.partSize);
  if (parts === 0) throw new ApiError("conflict", `Upload ${upload.id} is still being received in one request.`);
  if (received.length === parts) return;
  const there = new Set(received.map(({ partNumber }) => partNumber));
  const missing = Array.from({ length: parts }, (_, index) => index + 1).filter((number) => !there.has(number));
  throw new ApiError("conflict", `${missing.length} of ${parts} parts are missing; errors[] names the first ones.`, {
    errors: missing.slice(0, MAX_MISSING_NAMED).map((number) => ({
      loc: ["parts", number],
      msg: `Part ${number} is missing.`,
      type: "part_missing",
    })),
  });
}

/** Aborts an open upload; its parts go. Throws `conflict` when it is not open any more. */
export async function abortUpload(env: Cloudflare.Env, upload: Upload): Promise<void> {
  const { organizationId, id } = upload;
  const ended = await endUpload(connect(env.DB), organizationId, id, { kept: null, from: ["open"] });
  if (!ended) throw new ApiError("conflict", `Upload ${id} is not open any more and cannot be aborted.`);
  await disposeArchive(env, ended);
}
