import type { z } from "@hono/zod-openapi";
import { storagePathOf } from "../../artifacts/artifact-keys.ts";
import { LINK_LIFE_SECONDS } from "../../artifacts/content-link.ts";
import { addFiles, type FileRow, finishStaged, holdPrepared, type NewFileRow } from "../../artifacts/file-store.ts";
import { presignPost } from "../../artifacts/upload-form.ts";
import type { ManifestItem } from "../../db/agent-schema.ts";
import { type AppContext, configOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { currentMicroseconds } from "../../db/microseconds.ts";
import type { AnnouncedArtifact, uploadedArtifacts } from "./artifact-fields.ts";
import { expiryOf, toManifestItem } from "./artifact-manifest.ts";
import { newFile, uploaderOf } from "./new-file.ts";
import type { RunScope } from "../model/run-outcome.ts";
import { type ResolvedRun, unwrap } from "../access/run-path.ts";

type UploadedArtifact = z.output<typeof uploadedArtifacts>["artifacts"][number];

/** A prepared upload as the wire has it (agent-tasks 7.4). */
async function showPrepared(c: AppContext, file: NewFileRow) {
  const { id, name, type, source, size, contentType, storagePath, projectNumber } = file;
  return {
    id,
    name,
    type,
    source: source ?? "",
    size,
    content_type: contentType,
    storage_path: storagePath,
    expires_in: LINK_LIFE_SECONDS,
    presigned_post: await presignPost(c, projectNumber, { key: storagePath, size, contentType }),
  };
}

/**
 * Prepares uploads, of a run or staged for a task (7.4): the forms that the bytes are posted with. Nothing is seen of
 * them before they are finalized, and nothing is left of them after a day. Sizes are to be checked before.
 */
export async function prepareUploads(
  c: AppContext,
  scope: RunScope,
  runId: string | null,
  artifacts: readonly AnnouncedArtifact[],
) {
  const upload = { scope, runId, userNumber: uploaderOf(c) };
  const files = artifacts.map((artifact) => newFile(upload, artifact, currentMicroseconds()));
  const prepared = await Promise.all(files.map((file) => showPrepared(c, file)));
  await addFiles(databaseOf(c), files);
  return prepared;
}

function pathInvalid(runId: string | null): ApiError {
  const owner = runId === null ? "task" : "run";
  return new ApiError("request_refused", `Artifact storage path is invalid for this ${owner}`);
}

/** The prepared files of uploads in their order, whose bytes are there and which the sweep leaves alone now. */
async function holdUploaded(
  c: AppContext,
  scope: RunScope,
  runId: string | null,
  uploaded: readonly UploadedArtifact[],
  now: number,
): Promise<FileRow[]> {
  const ids = uploaded.map(({ id }) => id);
  const held = new Map((await holdPrepared(databaseOf(c), scope, ids, now)).map((file) => [file.id, file]));
  const files = uploaded.map(({ id, storage_path }) => {
    const file = held.get(id);
    // The path tells what a file was prepared for, also once another run has it.
    const expected = file && storagePathOf({ ...scope, runId }, id, file.name);
    if (!file || storage_path !== expected) throw pathInvalid(runId);
    return file;
  });
  const objects = await Promise.all(files.map(({ storagePath }) => c.env.ARTIFACTS.head(storagePath)));
  if (objects.includes(null)) {
    throw new ApiError("request_refused", "Artifact upload not found in object storage");
  }
  return files;
}

/** Items of a manifest by the uploads that name them; each once, in the order of the uploads. */
function pick(items: readonly ManifestItem[], uploaded: readonly UploadedArtifact[]): ManifestItem[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return [...new Set(uploaded.map(({ id }) => id))].flatMap((id) => byId.get(id) ?? []);
}

/**
 * Takes uploads whose bytes are there into the run's manifest, all or none, and answers with their items; repeated, with
 * the same ones (7.4).
 */
export async function finalizeRunUploads(
  c: AppContext,
  run: ResolvedRun,
  uploaded: readonly UploadedArtifact[],
): Promise<ManifestItem[]> {
  const { artifacts: manifest } = unwrap(await run.handle.read(run.scope)).run;
  const known = new Map(manifest.map((item) => [item.id, item]));
  for (const { id, storage_path } of uploaded) {
    const item = known.get(id);
    if (item && item.storage_path !== storage_path) throw pathInvalid(run.runId);
  }
  const fresh = uploaded.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return pick(manifest, uploaded);
  const now = currentMicroseconds();
  const files = await holdUploaded(c, run.scope, run.runId, fresh, now);
  const expiresAt = expiryOf(configOf(c).RUN_ARTIFACT_RETENTION_DAYS, now);
  const artifacts = files.map((file) => toManifestItem(file, now, expiresAt));
  const changed = unwrap(await run.handle.change(run.scope, { artifacts }));
  return pick(changed.run.artifacts, uploaded);
}

/** Keeps staged uploads whose bytes are there for a day, for a run that is going to take them (7.4); all or none. */
export async function finalizeStagedUploads(
  c: AppContext,
  scope: RunScope,
  uploaded: readonly UploadedArtifact[],
): Promise<ManifestItem[]> {
  const now = currentMicroseconds();
  const files = await holdUploaded(c, scope, null, uploaded, now);
  const ids = files.map(({ id }) => id);
  const finished = await finishStaged(databaseOf(c), scope, ids, now);
  const items = finished.map((file) => toManifestItem(file, file.finalizedAt ?? now, file.expiresAt));
  return pick(items, uploaded);
}
