import { NotFoundError } from "../errors.ts";
import {
  beginEnvironmentUpload,
  completeEnvironmentUpload,
  getEnvironmentUpload,
  putEnvironmentUploadPart,
  writeEnvironmentFile,
} from "../generated/operations.gen.ts";
import type { EnvironmentFile, EnvironmentUpload } from "../generated/types.gen.ts";
import type { Taskyard } from "../taskyard.ts";
import { readSource, sendParts, sizeOf, type UploadSettings } from "./upload-parts.ts";

export interface UploadFileOptions extends UploadSettings {
  /** `path` is where the file is to be, absolute: `/task/data.bin`. */
  path: { org?: string; ws?: string; environment_id: string; path: string };
  /** The environment's `execute_token`. */
  token: string;
}

/** Bytes of a file that is sent in one request, unless its SHA-256 is to be compared. */
const ONE_REQUEST_BYTES = 8 * 1024 * 1024;

/** Writes a file into an environment, a large one in parts: what is there stays until all has come. */
export async function uploadFile(client: Taskyard, options: UploadFileOptions): Promise<EnvironmentFile> {
  const { path, token, source, state, sha256, signal, onProgress } = options;
  const size = sizeOf(source);
  const headers = { "X-Environment-Token": token };
  if (size <= ONE_REQUEST_BYTES && state === undefined && sha256 === undefined) {
    const at = { ...path, path: path.path.replace(/^\/+/, "") };
    const body = await readSource(source, 0, size);
    const written = await writeEnvironmentFile(client, { path: at, headers, body, signal });
    onProgress?.({ sent: size, total: size });
    return written;
  }
  const upload = await begin(client, options);
  const at = { ...path, upload_id: upload.id };
  const arrived = new Set(upload.received_parts);
  if (upload.state === "open") {
    await sendParts(options, upload.part_size, async (number, read, partSignal) => {
      if (arrived.has(number)) return;
      const part = { ...at, part_number: number };
      await putEnvironmentUploadPart(client, { path: part, headers, body: await read(), signal: partSignal });
    });
  }
  return await completeEnvironmentUpload(client, { path: at, headers, signal });
}

async function begin(
  client: Taskyard,
  { path, token, source, sha256, state, onState, signal }: UploadFileOptions,
): Promise<EnvironmentUpload> {
  const size = sizeOf(source);
  const headers = { "X-Environment-Token": token };
  if (state !== undefined) {
    if (state.size !== size)
      throw new TypeError(`The upload is of ${state.size} bytes, and the source has ${size}: it is another one.`);
    try {
      return await getEnvironmentUpload(client, { path: { ...path, upload_id: state.uploadId }, headers, signal });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  const body = { path: path.path, size, ...(sha256 !== undefined && { sha256 }) };
  const upload = await beginEnvironmentUpload(client, { path, headers, body, signal });
  onState?.({ uploadId: upload.id, size });
  return upload;
}
