import { InvalidRequestError, NotFoundError } from "../errors.ts";
import {
  completeTaskUpload,
  getTaskUpload,
  getTaskVersion,
  listTaskUploadParts,
  publishTaskVersion,
  putTaskUploadPart,
  startTaskUpload,
} from "../generated/operations.gen.ts";
import type { TaskDetail, TaskUpload } from "../generated/types.gen.ts";
import { items } from "../pages.ts";
import { sleep } from "../retry.ts";
import type { Taskyard } from "../taskyard.ts";
import { digest } from "./digest.ts";
import { readSource, sendParts, sizeOf, type UploadSettings } from "./upload-parts.ts";

export interface UploadArchiveOptions extends UploadSettings {
  path: { org?: string; name: string; version: string };
  /** `false` keeps the folder that all files of the archive lie in (docs/publishing.md). */
  strip?: boolean | undefined;
}

/** Bytes of an archive that is sent in one request. */
const ONE_REQUEST_BYTES = 8 * 1024 * 1024;
/** Parts whose digests one request lists. */
const LISTED_PARTS = 100;
/** Milliseconds between looks at whether an archive is verified: it takes a fraction of a second, or minutes. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 2_000;

/**
 * Publishes a version of a task: an archive of up to 8 MiB in one request, a larger one in parts. Resolves once it is verified and
 * published, at once where it is published with these bytes already and `sha256` says so. An archive that is refused throws an
 * `InvalidRequestError` with `problems`.
 */
export async function uploadArchive(client: Taskyard, options: UploadArchiveOptions): Promise<TaskDetail> {
  const { source, state, path, strip, signal } = options;
  const size = sizeOf(source);
  if (state === undefined && size <= ONE_REQUEST_BYTES) {
    const body = await readSource(source, 0, size);
    const headers = (await digest(body))?.header;
    const query = strip === undefined ? {} : { strip };
    const published = await publishTaskVersion(client, { path, query, body, signal, ...(headers && { headers }) });
    options.onProgress?.({ sent: size, total: size });
    return isUpload(published) ? await waitForEnd(client, options, published) : published;
  }
  const { upload, isResumed } = await begin(client, options);
  if (!isUpload(upload)) return upload;
  if (upload.state !== "open") return await waitForEnd(client, options, upload);
  await sendMissing(client, options, upload, isResumed);
  const completion = options.sha256 === undefined ? {} : { sha256: options.sha256 };
  const at = { ...path, upload_id: upload.id };
  return await waitForEnd(client, options, await completeTaskUpload(client, { path: at, body: completion, signal }));
}

function isUpload(answer: TaskDetail | TaskUpload): answer is TaskUpload {
  return "state" in answer && "received_bytes" in answer;
}

async function begin(
  client: Taskyard,
  { path, source, sha256, strip, state, onState, signal }: UploadArchiveOptions,
): Promise<{ upload: TaskUpload | TaskDetail; isResumed: boolean }> {
  const size = sizeOf(source);
  if (state !== undefined) {
    if (state.size !== size)
      throw new TypeError(`The upload is of ${state.size} bytes, and the source has ${size}: it is another one.`);
    try {
      const upload = await getTaskUpload(client, { path: { ...path, upload_id: state.uploadId }, signal });
      return { upload, isResumed: true };
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  const body = { size, ...(sha256 !== undefined && { sha256 }), ...(strip !== undefined && { strip }) };
  const upload = await startTaskUpload(client, { path, body, signal });
  if (isUpload(upload)) onState?.({ uploadId: upload.id, size });
  return { upload, isResumed: false };
}

/** Sends the parts that have not arrived, or have arrived with other bytes. */
async function sendMissing(
  client: Taskyard,
  options: UploadArchiveOptions,
  upload: TaskUpload,
  isResumed: boolean,
): Promise<void> {
  const path = { ...options.path, upload_id: upload.id };
  const arrived = new Map<number, string>();
  if (isResumed) {
    const query = { limit: LISTED_PARTS };
    for await (const part of items(client, listTaskUploadParts, { path, query, signal: options.signal }))
      arrived.set(part.part_number, part.sha256);
  }
  await sendParts(options, upload.part_size ?? upload.size, async (number, read, signal) => {
    const body = await read();
    const sum = await digest(body);
    if (sum !== undefined && arrived.get(number) === sum.hex) return;
    await putTaskUploadPart(client, {
      path: { ...path, part_number: number },
      body,
      signal,
      ...(sum && { headers: sum.header }),
    });
  });
}

async function waitForEnd(
  client: Taskyard,
  { path, signal }: UploadArchiveOptions,
  begun: TaskUpload,
): Promise<TaskDetail> {
  let upload = begun;
  for (let pause = FIRST_LOOK_MS; upload.state === "verifying"; pause = Math.min(2 * pause, LAST_LOOK_MS)) {
    await sleep(pause, signal);
    upload = await getTaskUpload(client, { path: { ...path, upload_id: upload.id }, signal });
  }
  if (upload.state === "accepted") return await getTaskVersion(client, { path, signal });
  const { problems } = upload;
  throw new InvalidRequestError(problems?.map(({ msg }) => msg).join("\n") ?? "The archive was refused.", {
    status: 422,
    code: "task_error",
    problems: problems ?? [],
    body: upload,
  });
}
