import { newFileId } from "../../artifacts/artifact-keys.ts";
import { abandonPrepared, addFiles, type NewFileRow } from "../../artifacts/file-store.ts";
import { storedType } from "../../artifacts/media-type.ts";
import { type AppContext, configOf, databaseOf } from "../../http/context.ts";
import { idToMake } from "../../http/idempotency.ts";
import { checkBody } from "../../http/validation.ts";
import type { RunRow } from "../model/run-view.ts";
import { currentMicroseconds } from "../../db/microseconds.ts";
import { decodeContents } from "./artifact-content.ts";
import { newArtifacts, type SentArtifact } from "./artifact-fields.ts";
import { isObject } from "../../json-bytes/json-extents.ts";
import { parseLifted } from "../../json-bytes/lifted-json.ts";
import { expiryOf, toManifestItem } from "./artifact-manifest.ts";
import { newFile, uploaderOf } from "./new-file.ts";
import { type ResolvedRun, unwrap } from "../access/run-path.ts";

/** Where contents stand in the body: the object, its list, its items. */
const CONTENT_DEPTH = 3;

/** Bytes that are on their way to R2 at the same time, unless one artifact alone has more. */
const PUT_AT_ONCE_BYTES = 8 * 1024 * 1024;

/** Puts the texts back that were lifted out of the items. */
function putBack(body: unknown, lifted: ReadonlyMap<string, Uint8Array>): void {
  const items: unknown = isObject(body) ? Reflect.get(body, "artifacts") : undefined;
  for (const item of Array.isArray(items) ? items.filter(isObject) : []) {
    const content: unknown = Reflect.get(item, "content");
    const text = typeof content === "string" ? lifted.get(content) : undefined;
    if (text) Reflect.set(item, "content", text);
  }
}

/** The artifacts in a body (agent-tasks 7.2). Their contents stay in the body's own memory, which may be 45 MB. */
export async function readArtifacts(c: AppContext): Promise<SentArtifact[]> {
  const { value, lifted } = parseLifted(new Uint8Array(await c.req.arrayBuffer()), "content", CONTENT_DEPTH);
  putBack(value, lifted);
  return checkBody(newArtifacts, value).artifacts;
}

/** Stores contents under their files' keys, a few at a time. */
async function putContents(
  bucket: R2Bucket,
  files: readonly NewFileRow[],
  contents: readonly Uint8Array[],
): Promise<void> {
  let putting: Promise<unknown>[] = [];
  let bytes = 0;
  for (const [index, { storagePath, contentType, size }] of files.entries()) {
    if (bytes > 0 && bytes + size > PUT_AT_ONCE_BYTES) {
      await Promise.all(putting);
      [putting, bytes] = [[], 0];
    }
    const httpMetadata = { contentType: storedType(contentType) };
    putting.push(bucket.put(storagePath, contents[index] ?? null, { httpMetadata }));
    bytes += size;
  }
  await Promise.all(putting);
}

/**
 * Stores artifacts and appends them to the run's manifest in the order sent: clients take the last ones as their own
 * (7.2). Returns the run with the whole manifest; throws as `unwrap` does. What is stored of an upload that fails in
 * between is swept.
 */
export async function uploadArtifacts(
  c: AppContext,
  run: ResolvedRun,
  artifacts: readonly SentArtifact[],
): Promise<RunRow> {
  const { ARTIFACTS } = c.env;
  const config = configOf(c);
  const contents = decodeContents(config, artifacts);
  unwrap(await run.handle.read(run.scope));
  const now = currentMicroseconds();
  const upload = { ...run, userNumber: uploaderOf(c) };
  const files = artifacts.map((artifact, index) =>
    newFile(
      upload,
      { ...artifact, size: contents[index]?.length ?? 0 },
      now,
      idToMake(c, `artifact ${index}`, newFileId).replaceAll("-", ""),
    ),
  );
  await addFiles(databaseOf(c), files);
  await putContents(ARTIFACTS, files, contents);
  const expiresAt = expiryOf(config.RUN_ARTIFACT_RETENTION_DAYS, now);
  const items = files.map((file) => toManifestItem(file, now, expiresAt));
  const outcome = await run.handle.change(run.scope, { artifacts: items });
  if (!outcome.ok) {
    await ARTIFACTS.delete(files.map(({ storagePath }) => storagePath));
    await abandonPrepared(
      databaseOf(c),
      files.map(({ id }) => id),
      now,
    );
  }
  return unwrap(outcome).run;
}
