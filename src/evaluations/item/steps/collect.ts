import { v5 as nameUuid } from "uuid";
import { abandonPrepared, addFiles, type NewFileRow } from "../../../artifacts/file-store.ts";
import { storedType } from "../../../artifacts/media-type.ts";
import { readConfig } from "../../../config.ts";
import { connect } from "../../../db/client.ts";
import { currentMicroseconds } from "../../../db/microseconds.ts";
import { isPassing } from "../../../environments/environment-access.ts";
import { ApiError } from "../../../http/errors/error-table.ts";
import { contentTypeOf } from "../../../http/stored-file.ts";
import { logBackgroundFailure } from "../../../http/request-log.ts";
import { expiryOf, toManifestItem } from "../../../runs/artifacts/artifact-manifest.ts";
import { newFile } from "../../../runs/artifacts/new-file.ts";
import { environmentOf, runOf, type StepContext, type StepWork } from "./step.ts";

/** Where tasks, agents and verifiers leave what is to be kept (evaluations 3): `agent`, `verifier` and `artifacts`. */
const LOGS = "/logs";

/** How deep it is looked into, and how many files are kept. */
const DEPTH = 8;
const MAX_FILES = 200;

/** Makes artifacts of the run of what lies in /logs. What cannot be kept does not change how the try ends. */
export const collectLogs: StepWork = async (context) => {
  try {
    await keepLogs(context);
  } catch (error) {
    // The environment is gone, or the folder is none: there is nothing to keep.
    if (!(error instanceof ApiError) || isPassing(error)) throw error;
    logBackgroundFailure("collectLogs", error);
  }
  return { next: "clean" };
};

async function keepLogs(context: StepContext): Promise<void> {
  const { env, progress } = context;
  const { plan } = progress;
  const { machine } = environmentOf(context);
  const { entries } = await machine.list(LOGS, DEPTH, 1_000);
  const config = readConfig(env);
  const wanted = entries
    .filter(({ type, size }) => type === "file" && size > 0 && size <= config.RUN_ARTIFACT_MAX_BYTES)
    .slice(0, MAX_FILES);
  if (wanted.length === 0) return;
  const { scope, id: runId, open } = runOf(context);
  const now = currentMicroseconds();
  const files: NewFileRow[] = wanted.map(({ path, size }) => {
    const place = path.slice(LOGS.length + 1);
    const id = nameUuid(`${plan.tryNumber} ${place}`, plan.itemId).replaceAll("-", "");
    const name = place.split("/").at(-1) ?? place;
    const metadata = { path: place };
    const announced = {
      name,
      type: "output" as const,
      source: "evaluation",
      content_type: contentTypeOf(name),
      size,
      metadata,
    };
    return newFile({ scope, runId, userNumber: null }, announced, now, id);
  });
  const db = connect(env.DB);
  await addFiles(db, files);
  const kept: NewFileRow[] = [];
  for (const [index, file] of files.entries()) {
    const { path = "", size = 0 } = wanted[index] ?? {};
    if (await keepFile(context, path, size, file)) kept.push(file);
  }
  const expiresAt = expiryOf(config.RUN_ARTIFACT_RETENTION_DAYS, now);
  const changed = await open().change(scope, { artifacts: kept.map((file) => toManifestItem(file, now, expiresAt)) });
  if (!changed.ok && kept.length > 0) await env.ARTIFACTS.delete(kept.map(({ storagePath }) => storagePath));
  const dropped = changed.ok ? files.filter((file) => !kept.includes(file)) : files;
  if (dropped.length === 0) return;
  await abandonPrepared(
    db,
    dropped.map(({ id }) => id),
    now,
  );
}

/** Stores a file of the environment; false where it cannot be read. */
async function keepFile(context: StepContext, path: string, size: number, file: NewFileRow): Promise<boolean> {
  let content: ReadableStream<Uint8Array>;
  try {
    content = await environmentOf(context).machine.read(path, size);
  } catch (error) {
    if (!(error instanceof ApiError) || isPassing(error)) throw error;
    logBackgroundFailure("collectLogs", error);
    return false;
  }
  const { readable, writable } = new FixedLengthStream(size);
  const put = context.env.ARTIFACTS.put(file.storagePath, readable, {
    httpMetadata: { contentType: storedType(file.contentType) },
  });
  await Promise.all([content.pipeTo(writable), put]);
  return true;
}
