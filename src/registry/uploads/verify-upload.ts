import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import type { StoredProblem } from "../../db/schema.ts";
import { checkContent } from "../../zip/check/check-content.ts";
import { type ContentSlice, planSlices } from "../../zip/check/check-slices.ts";
import type { CheckedDirectory } from "../../zip/check/checked-directory.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import { checkStructure, toStoredProblems } from "../archive/archive-check.ts";
import { disposeArchive } from "../publish/archive-disposal.ts";
import { archiveFiles } from "../archive/archive-files.ts";
import { withoutOnlyFolder } from "../archive/archive-root.ts";
import { ArchiveGoneError, archiveSource } from "../archive/archive-source.ts";
import { findPushedLayer, repackLayer } from "../layers/repack-layer.ts";
import { readManifest } from "../manifest/manifest.ts";
import { describeConflict, findPublished, insertVersion } from "../publish/publish-store.ts";
import { toHex } from "../publish/upload-digest.ts";
import { listAllParts } from "./upload-part-store.ts";
import { endUpload, type Upload, type UploadEnd } from "../publish/upload-store.ts";

/**
 * The work of each step of the verification Workflow. Every one may be repeated: what it finds done it leaves alone.
 * Verdicts are values; what is thrown is a fault of a store, and worth another try.
 */

/** Bytes that one step inflates at most, unless one entry has more: some seconds of CPU time of the minutes it may take. */
const SLICE_MAX_BYTES = 1024 ** 3;

/** Entries that one step checks at most. */
const SLICE_MAX_ENTRIES = 100_000;

/** An archive that lies whole in R2. */
export interface StoredArchive {
  upload: Upload;
  etag: string;
}

/** What is to be verified, or why there is nothing. */
export type Assembled = { ok: true; stored: StoredArchive } | { ok: false; problems: StoredProblem[] };

/**
 * Puts the parts together, when it came in parts; makes it out of the layer, when that was pushed the OCI way. Throws
 * ArchiveGoneError when there is nothing to verify.
 */
export async function assembleArchive(env: Cloudflare.Env, upload: Upload): Promise<Assembled> {
  const layer = await findPushedLayer(env, upload.id);
  if (layer) return repackLayer(env, upload, layer);
  const there = await env.ARCHIVES.head(upload.archiveKey);
  if (there) return { ok: true, stored: { upload, etag: there.etag } };
  if (upload.multipartId === null) throw new ArchiveGoneError(upload.archiveKey);
  const parts = await listAllParts(connect(env.DB), upload.id);
  const object = await env.ARCHIVES.resumeMultipartUpload(upload.archiveKey, upload.multipartId).complete(parts);
  return { ok: true, stored: { upload, etag: object.etag } };
}

/** The archive's SHA-256 in hex, by reading it once. */
export async function hashArchive(env: Cloudflare.Env, { upload, etag }: StoredArchive): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  await (await sourceOf(env, { upload, etag }).read(0, upload.size)).pipeTo(digest);
  return toHex(await digest.digest);
}

/** The structure's verdict, with the steps that its content takes. */
export type StructureVerdict = { ok: true; slices: ContentSlice[] } | { ok: false; problems: StoredProblem[] };

export async function planVerification(env: Cloudflare.Env, stored: StoredArchive): Promise<StructureVerdict> {
  const verdict = await checkStructure(sourceOf(env, stored), readConfig(env));
  if (!verdict.ok) return { ok: false, problems: toStoredProblems(verdict.problems) };
  return { ok: true, slices: planSlices(verdict.directory, SLICE_MAX_BYTES, SLICE_MAX_ENTRIES) };
}

/** Inflates the entries of one slice; empty when they are what the directory says. */
export async function verifySlice(
  env: Cloudflare.Env,
  stored: StoredArchive,
  slice: ContentSlice,
): Promise<StoredProblem[]> {
  const { source, directory } = await openChecked(env, stored);
  return toStoredProblems(await checkContent(source, directory, slice));
}

/** Reads task.yaml and makes the upload a version; problems when that cannot be. */
export async function publishVerified(
  env: Cloudflare.Env,
  stored: StoredArchive,
  sha256: string,
): Promise<StoredProblem[]> {
  const { upload, etag } = stored;
  const db = connect(env.DB);
  const { source, directory: whole } = await openChecked(env, stored);
  const directory = upload.strip ? withoutOnlyFolder(whole) : whole;
  const verdict = await readManifest(archiveFiles(source, directory), {
    name: upload.taskName,
    version: upload.version,
  });
  if (!verdict.ok) return verdict.problems;
  const archive = { etag, sha256, directory: directory.place, files: directory.files };
  try {
    await insertVersion(db, upload, archive, verdict.manifest, keptUntil(env));
  } catch (error) {
    const published = await findPublished(db, upload.organizationId, upload.taskName, upload.version);
    if (published === undefined) throw error;
    if (published.version.id === upload.id) return [];
    // What was pushed the OCI way is the version by its manifest, whatever archive became of its layer.
    const pushed = (await findPushedLayer(env, upload.id)) !== undefined;
    if (pushed || published.version.sha256 !== sha256) {
      const msg = describeConflict(published, pushed ? undefined : sha256);
      return [{ loc: ["path", "version"], msg, type: "already_exists" }];
    }
    await end(env, upload, { state: "accepted", problems: null, expiresAt: keptUntil(env) });
  }
  return [];
}

/** Ends the upload as refused; its object goes. */
export async function refuseUpload(env: Cloudflare.Env, upload: Upload, problems: StoredProblem[]): Promise<void> {
  await end(env, upload, { state: "refused", problems, expiresAt: keptUntil(env) });
}

async function end(env: Cloudflare.Env, { organizationId, id }: Upload, kept: UploadEnd["kept"]): Promise<void> {
  const ended = await endUpload(connect(env.DB), organizationId, id, { kept, from: ["verifying"] });
  if (ended) await disposeArchive(env, ended);
}

/** A finished upload tells its outcome for as long as an unfinished one may take. */
function keptUntil(env: Cloudflare.Env): Date {
  return new Date(Date.now() + readConfig(env).UPLOAD_TTL_SECONDS * 1000);
}

function sourceOf(env: Cloudflare.Env, { upload, etag }: StoredArchive): ZipSource {
  return archiveSource(env.ARCHIVES, upload.archiveKey, upload.size, etag);
}

/** The directory of an archive whose structure has passed in an earlier step. */
async function openChecked(
  env: Cloudflare.Env,
  stored: StoredArchive,
): Promise<{ source: ZipSource; directory: CheckedDirectory }> {
  const source = sourceOf(env, stored);
  const verdict = await checkStructure(source, readConfig(env));
  if (!verdict.ok) throw new Error(`The structure of ${stored.upload.archiveKey} passed before, and does not now`);
  return { source, directory: verdict.directory };
}
