import type { Database } from "../../db/client.ts";
import type { UploadPart } from "./upload-part-store.ts";
import type { UploadPartResource, UploadResource } from "../publish/upload-schemas.ts";
import { countReceived, type Received, type Upload } from "../publish/upload-store.ts";

/** How many parts an archive of `size` bytes comes in. */
export function countParts(size: number, partSize: number): number {
  return Math.ceil(size / partSize);
}

/** The upload as the wire shows it, with what has arrived of it. */
export async function showUpload(db: Database, upload: Upload): Promise<UploadResource> {
  return toUploadResource(upload, upload.state === "open" ? await countReceived(db, upload.id) : undefined);
}

/** The same without a query; `received` is needed of open uploads only, the others have arrived whole. */
export function toUploadResource(upload: Upload, received: Received | undefined): UploadResource {
  const parts = upload.partSize === null ? null : countParts(upload.size, upload.partSize);
  return {
    id: upload.id,
    task_name: upload.taskName,
    version: upload.version,
    state: upload.state,
    size: upload.size,
    sha256: upload.sha256,
    part_size: upload.partSize,
    parts,
    received_parts: received?.parts ?? parts,
    received_bytes: received?.bytes ?? upload.size,
    problems: upload.problems,
    warnings: upload.warnings,
    created_at: upload.createdAt.toISOString(),
    updated_at: upload.updatedAt.toISOString(),
    expires_at: upload.expiresAt.toISOString(),
  };
}

export function toUploadPartResource(part: UploadPart): UploadPartResource {
  return {
    part_number: part.partNumber,
    size: part.size,
    sha256: part.sha256,
    created_at: part.createdAt.toISOString(),
  };
}
