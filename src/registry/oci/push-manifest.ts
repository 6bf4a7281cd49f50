import { v7 as uuid } from "uuid";
import type { Caller } from "../../auth/caller.ts";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { violationOf } from "../../db/constraints.ts";
import type { StoredProblem } from "../../db/schema.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { archiveKey } from "../archive/archive-keys.ts";
import { findUpload, type Upload } from "../publish/upload-store.ts";
import { startVerification } from "../publish/upload-verification.ts";
import { rescueVerification } from "../uploads/verification-rescue.ts";
import type { Blob } from "./blob-store.ts";
import { MANIFEST_TYPE, type PushedManifest } from "./manifest-body.ts";
import { insertPush, type PushScene, readPushScene } from "./manifest-store.ts";

/** Milliseconds between two looks at the check: short at first, since most tasks are small. */
const FIRST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 2000;
const LOOKS_GROW_BY = 1.5;

/** Times that a push looks anew, because another one, or the sweeper, came between its look and its write. */
const MAX_ATTEMPTS = 3;

/** Seconds after which a client may push again what is still being checked. */
const RETRY_AFTER_SECONDS = 5;

/** Which version a manifest is to become. */
export interface PushTarget {
  caller: Caller;
  name: string;
  version: string;
}

/**
 * Publishes what a manifest names, by the same check as an archive that comes as a zip: a Workflow repacks the layer, and
 * checks and publishes what came of it; this waits for its verdict. A push that is repeated while it is being checked
 * waits for the same verdict; one of a version that has this manifest already changes nothing. Throws
 * `manifest_blob_unknown`, `manifest_invalid` with what is wrong in the archive, `already_exists`, and `unavailable` when
 * the check takes longer than OCI_PUSH_WAIT_SECONDS.
 */
export async function pushManifest(env: Cloudflare.Env, target: PushTarget, manifest: PushedManifest): Promise<void> {
  const pending = await findOrBegin(env, target, manifest);
  if (pending === undefined) return;
  const { state, problems } = await waitForVerdict(env, pending);
  if (state === "accepted") return;
  throw refusal(problems ?? []);
}

/** The upload whose verdict is to be waited for; undefined when the version is published with this manifest. */
async function findOrBegin(
  env: Cloudflare.Env,
  { caller, name: taskName, version }: PushTarget,
  manifest: PushedManifest,
): Promise<Upload | undefined> {
  const db = connect(env.DB);
  const { organizationId } = caller;
  for (let attempt = 1; ; attempt += 1) {
    const place = { organizationId, taskName, version, digest: manifest.digest };
    const scene = await readPushScene(db, place, [manifest.layer.digest, manifest.config.digest]);
    if (scene.published?.manifestDigest === manifest.digest) return undefined;
    if (scene.published) throw conflict(scene.published, place);
    if (scene.pending) return scene.pending;
    const [layer, config] = [requireBlob(scene, manifest.layer), requireBlob(scene, manifest.config)];
    const id = uuid();
    const upload = {
      id,
      organizationId,
      taskName,
      version,
      state: "verifying" as const,
      archiveKey: archiveKey(organizationId, id),
      size: layer.size,
      createdBy: caller.userId,
      expiresAt: new Date(Date.now() + readConfig(env).UPLOAD_TTL_SECONDS * 1000),
    };
    const { digest, content } = manifest;
    const row = { digest, mediaType: MANIFEST_TYPE, content, layerBlobId: layer.id, configBlobId: config.id };
    try {
      const begun = await insertPush(db, upload, row);
      await startVerification(env, begun);
      return begun;
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || violationOf(error) === undefined) throw error;
    }
  }
}

function requireBlob({ blobs }: PushScene, { digest, size }: PushedManifest["layer"]): Blob {
  const blob = blobs.find((candidate) => candidate.digest === digest);
  if (!blob)
    throw new ApiError("manifest_blob_unknown", `The manifest names ${digest}, which is not there: push it first.`);
  if (blob.size === size) return blob;
  throw new ApiError("manifest_invalid", `The manifest says that ${digest} has ${size} bytes; it has ${blob.size}.`);
}

function conflict(
  { sha256, manifestDigest }: NonNullable<PushScene["published"]>,
  { taskName, version, digest }: { taskName: string; version: string; digest: string },
): ApiError {
  const as = manifestDigest === null ? `as a zip with SHA-256 ${sha256}` : `with manifest ${manifestDigest}`;
  const detail = `Version ${version} of task '${taskName}' is published ${as}; this manifest is ${digest}.`;
  return new ApiError("already_exists", `${detail} Versions never change: publish a new one.`);
}

async function waitForVerdict(env: Cloudflare.Env, pending: Upload): Promise<Upload> {
  const db = connect(env.DB);
  const deadline = Date.now() + readConfig(env).OCI_PUSH_WAIT_SECONDS * 1000;
  for (let pause = FIRST_LOOK_MS; Date.now() < deadline; pause = Math.min(pause * LOOKS_GROW_BY, LONGEST_LOOK_MS)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const found = await findUpload(db, pending.organizationId, pending.id);
    if (!found) throw new ApiError("conflict", "The push was ended meanwhile. Push again.");
    const upload = await rescueVerification(env, found, new Date());
    if (upload.state !== "verifying") return upload;
  }
  throw new ApiError(
    "unavailable",
    "The archive is still being checked. Push the manifest again: it then waits for the same check.",
    {
      headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
    },
  );
}

function refusal(problems: StoredProblem[]): ApiError {
  const [first] = problems;
  if (first?.type === "already_exists") return new ApiError("already_exists", first.msg);
  return new ApiError("manifest_invalid", `The archive was refused: ${first?.msg}`, { errors: problems });
}
