import { v7 as uuid } from "uuid";
import type { Caller } from "../../auth/caller.ts";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import type { StoredProblem } from "../../db/schema.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { checkContent } from "../../zip/check/check-content.ts";
import { checkStructure, toStoredProblems } from "../archive/archive-check.ts";
import { disposeArchive } from "./archive-disposal.ts";
import { archiveFiles } from "../archive/archive-files.ts";
import { archiveKey } from "../archive/archive-keys.ts";
import { withoutOnlyFolder } from "../archive/archive-root.ts";
import { archiveSource } from "../archive/archive-source.ts";
import { readManifest } from "../manifest/manifest.ts";
import { describeConflict, findPublished, insertVersion, isVersion, type PublishedVersion } from "./publish-store.ts";
import { hashBody, type RawBody, storeHashed } from "./upload-body.ts";
import { expectDigest } from "./upload-digest.ts";
import { endUpload, findUpload, insertUpload, markVerifying, UNFINISHED, type Upload } from "./upload-store.ts";
import { startVerification } from "./upload-verification.ts";

/** Which version an archive is to become, and who publishes it. */
export interface PublishTarget {
  caller: Caller;
  name: string;
  version: string;
  /** Whether a folder that all files lie in is taken away (registry/archive/archive-root.ts). */
  strip: boolean;
}

export interface PublishedArchive {
  body: RawBody;
  /** SHA-256 in hex that the request announces, if it does. */
  announced: string | undefined;
}

/** How a publish in one request ended well: as a version, as the version that was there, or in the Workflow's hands. */
export type PublishOutcome =
  | { kind: "created"; warnings: StoredProblem[] }
  | { kind: "unchanged" }
  | { kind: "verifying"; upload: Upload };

/**
 * Publishes an archive that comes in one request. Nothing is visible before it is accepted; what is refused or breaks
 * off leaves nothing behind. Throws ApiError: `archive_refused`, `already_exists` for other bytes under a published
 * version, `validation_failed` for a wrong digest, `invalid_request` for a body that is not as long as announced,
 * `conflict` for one that was swept before it had arrived.
 */
export async function publishArchive(
  env: Cloudflare.Env,
  target: PublishTarget,
  { body, announced }: PublishedArchive,
): Promise<PublishOutcome> {
  const db = connect(env.DB);
  const { caller, name, version } = target;
  const published = await findPublished(db, caller.organizationId, name, version);
  if (published) {
    const sha256 = await hashBody(body);
    expectDigest(announced, sha256);
    return expectSameBytes(published, sha256);
  }
  const upload = await openUpload(env, target, body.length);
  let kept = false;
  try {
    const { stored, sha256 } = await storeHashed(body, (stream) => env.ARCHIVES.put(upload.archiveKey, stream));
    if (stored === null) throw new Error("R2 put nothing, without a condition");
    expectDigest(announced, sha256);
    const outcome = await acceptOrVerify(env, target, upload, { etag: stored.etag, sha256 });
    kept = outcome.kind !== "unchanged";
    return outcome;
  } finally {
    if (!kept) await giveUp(env, upload);
  }
}

/** Leaves nothing of an upload behind. One that has become a version is not touched. */
async function giveUp(env: Cloudflare.Env, { organizationId, id, archiveKey: key }: Upload): Promise<void> {
  const db = connect(env.DB);
  const ended = await endUpload(db, organizationId, id, { kept: null, from: UNFINISHED });
  if (ended) await disposeArchive(env, ended);
  // Swept while it was being received: the sweeper came before the object did.
  else if (!(await isVersion(db, id))) await env.ARCHIVES.delete(key);
}

/** The row that stands before the first byte does, so that a crash leaves something for the sweeper. */
async function openUpload(env: Cloudflare.Env, { caller, name, version, strip }: PublishTarget, size: number) {
  const id = uuid();
  return await insertUpload(connect(env.DB), {
    id,
    organizationId: caller.organizationId,
    taskName: name,
    version,
    strip,
    state: "open",
    archiveKey: archiveKey(caller.organizationId, id),
    size,
    createdBy: caller.userId,
    expiresAt: new Date(Date.now() + readConfig(env).UPLOAD_TTL_SECONDS * 1000),
  });
}

async function acceptOrVerify(
  env: Cloudflare.Env,
  target: PublishTarget,
  upload: Upload,
  stored: { etag: string; sha256: string },
): Promise<PublishOutcome> {
  const config = readConfig(env);
  const db = connect(env.DB);
  const source = archiveSource(env.ARCHIVES, upload.archiveKey, upload.size, stored.etag);
  const verdict = await checkStructure(source, config);
  if (!verdict.ok) throw refusal(toStoredProblems(verdict.problems));
  const { directory } = verdict;
  if (Math.max(upload.size, directory.totalBytes) > config.VERIFY_INLINE_MAX_BYTES) {
    const verifying = await markVerifying(db, upload.organizationId, upload.id, stored.sha256);
    if (!verifying) throw tooSlow();
    await startVerification(env, verifying);
    return { kind: "verifying", upload: verifying };
  }
  const faults = await checkContent(source, directory);
  if (faults.length > 0) throw refusal(toStoredProblems(faults));
  const view = upload.strip ? withoutOnlyFolder(directory) : directory;
  const manifest = await readManifest(archiveFiles(source, view), target);
  if (!manifest.ok) throw refusal(manifest.problems);
  const accepted = { ...stored, directory: view.place, files: view.files };
  try {
    await insertVersion(db, upload, accepted, manifest.manifest, upload.expiresAt);
  } catch (error) {
    const published = await findPublished(db, upload.organizationId, upload.taskName, upload.version);
    if (published === undefined) throw (await findUpload(db, upload.organizationId, upload.id)) ? error : tooSlow();
    // Another publish of the version was faster: its bytes decide.
    if (published.version.id !== upload.id) return expectSameBytes(published, stored.sha256);
  }
  return { kind: "created", warnings: manifest.manifest.warnings };
}

/** The sweeper has ended the upload while its bytes were still arriving. */
function tooSlow(): ApiError {
  return new ApiError("conflict", "The archive took longer to arrive than an upload may. Send it in parts.");
}

function expectSameBytes(published: PublishedVersion, sha256: string): PublishOutcome {
  if (published.version.sha256 === sha256) return { kind: "unchanged" };
  throw new ApiError("already_exists", describeConflict(published, sha256));
}

/** The 422 of an archive that is refused. */
export function refusal(problems: StoredProblem[]): ApiError {
  const [first] = problems;
  const detail = first ? `The archive was refused: ${first.msg}` : undefined;
  return new ApiError("archive_refused", detail, { errors: problems });
}
