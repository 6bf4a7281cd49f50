import { z } from "@hono/zod-openapi";
import { ENVIRONMENT_PATH, environmentPath } from "../environment-schemas.ts";
import { sandboxPath } from "../file-schemas.ts";
import { countParts, type KnownUpload } from "./environment-uploads.ts";

/** Files that come into environments in parts, as clients see them. */

export const UPLOADS_PATH = `${ENVIRONMENT_PATH}/uploads` as const;
export const UPLOAD_PATH = `${UPLOADS_PATH}/{upload_id}` as const;

/** Parts of one upload at most: their numbers are listed in one answer. */
export const MAX_PARTS = 10_000;

const UPLOAD_ID = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be701";
const DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

export const uploadPath = environmentPath.extend({ upload_id: z.uuid().openapi({ example: UPLOAD_ID }) });

export const partPath = uploadPath.extend({
  part_number: z.coerce.number().int().min(1).max(MAX_PARTS).openapi({ example: 1, description: "From 1" }),
});

export const newUpload = z
  .object({
    path: sandboxPath.openapi({ example: "/task/model.bin", description: "Where the file is to be: an absolute path" }),
    size: z.int().min(0).openapi({ example: 40_000_000, description: "Bytes of the whole file" }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, "is no SHA-256 in hex")
      .toLowerCase()
      .nullish()
      .openapi({ example: DIGEST, description: "Of the whole file; compared before it is put in place" }),
  })
  .openapi("EnvironmentUploadRequest");

export const environmentUpload = z
  .object({
    id: z.uuid(),
    path: z.string(),
    size: z.int(),
    sha256: z.string().nullable(),
    part_size: z.int().openapi({ description: "Bytes of every part but the last" }),
    part_count: z.int(),
    received_parts: z.array(z.int()).openapi({ description: "Numbers of the parts that have arrived" }),
    state: z.enum(["open", "complete"]),
    expires_at: z.iso.datetime().openapi({ description: "When it is aborted unless it is complete" }),
  })
  .openapi("EnvironmentUpload");

export const UPLOAD_EXAMPLE: z.input<typeof environmentUpload> = {
  id: UPLOAD_ID,
  path: "/task/model.bin",
  size: 40_000_000,
  sha256: DIGEST,
  part_size: 16_777_216,
  part_count: 3,
  received_parts: [1, 3],
  state: "open",
  expires_at: "2026-11-02T09:30:00.000Z",
};

export const uploadList = z.object({ uploads: z.array(environmentUpload) }).openapi("EnvironmentUploadList");

export const receivedPart = z.object({ part_number: z.int(), size: z.int() }).openapi("EnvironmentUploadPart");

/** The wire form of an upload. */
export function toUpload(upload: KnownUpload): z.output<typeof environmentUpload> {
  return {
    id: upload.id,
    path: upload.path,
    size: upload.size,
    sha256: upload.sha256,
    part_size: upload.partSize,
    part_count: countParts(upload),
    received_parts: upload.received,
    state: upload.result ? "complete" : "open",
    expires_at: new Date(upload.expires).toISOString(),
  };
}
