import { z } from "@hono/zod-openapi";
import { pageFields } from "../http/paging.ts";
import { exactVersion, TASK_DETAIL_EXAMPLE, taskDetail, taskPath } from "./schemas.ts";

/** What publishers send and see beside the task itself (docs/publishing.md). */

export const versionPath = taskPath.extend({ version: exactVersion });

export const uploadPath = versionPath.extend({
  upload_id: z.uuid().openapi({ example: "0190b5a4-9d10-7000-8000-5d0c6f0e1b22", description: "Upload id" }),
});

const item = z.object({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() });

const WARNING_EXAMPLE = { loc: ["archive", "task.yaml", "source"], msg: "source is not set.", type: "field_absent" };

export const publishedTask = taskDetail
  .extend({
    warnings: z
      .array(item)
      .openapi({ description: "What task.yaml could do better; the version is published all the same" }),
  })
  .openapi("PublishedTask", { example: { ...TASK_DETAIL_EXAMPLE, warnings: [WARNING_EXAMPLE] } });

export const UPLOAD_EXAMPLE = {
  id: "0190b5a4-9d10-7000-8000-5d0c6f0e1b22",
  task_name: "log-triage",
  version: "1.2.0",
  state: "open" as const,
  size: 40_000_000,
  sha256: null,
  part_size: 16_777_216,
  parts: 3,
  received_parts: 1,
  received_bytes: 16_777_216,
  problems: null,
  warnings: null,
  created_at: "2026-10-29T09:30:00.000Z",
  updated_at: "2026-10-29T09:30:00.000Z",
  expires_at: "2026-10-30T09:30:00.000Z",
};

export const upload = z
  .object({
    id: z.uuid(),
    task_name: z.string(),
    version: z.string(),
    state: z.enum(["open", "verifying", "accepted", "refused"]).openapi({
      description:
        "open takes parts, verifying is being checked; accepted (the version is published) and refused are final",
    }),
    size: z.int().openapi({ description: "Bytes of the whole archive" }),
    sha256: z.string().nullable().openapi({ description: "SHA-256 of the whole archive, in hex, once it is known" }),
    part_size: z
      .int()
      .nullable()
      .openapi({ description: "Bytes of every part but the last; null for an archive that came in one request" }),
    parts: z.int().nullable().openapi({ description: "Number of parts; they are numbered from 1" }),
    received_parts: z.int().nullable(),
    received_bytes: z.int(),
    problems: z.array(item).nullable().openapi({ description: "Why it was refused" }),
    warnings: z.array(item).nullable().openapi({ description: "What task.yaml could do better, once accepted" }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    expires_at: z.iso
      .datetime()
      .openapi({ description: "When an unfinished upload is swept, a finished one forgotten" }),
  })
  .openapi("TaskUpload", { example: UPLOAD_EXAMPLE });

export type UploadResource = z.output<typeof upload>;

export const uploadList = z.object({ uploads: z.array(upload), ...pageFields }).openapi("TaskUploadList");

export const partPath = uploadPath.extend({
  part_number: z.coerce.number().int().min(1).openapi({ example: 1, description: "Part number, from 1" }),
});

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, "must be 64 hex digits")
  .transform((digest) => digest.toLowerCase())
  .optional()
  .openapi({
    example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    description: "SHA-256 of the whole archive, in hex; compared before the version is published",
  });

export const uploadStart = z
  .strictObject({
    size: z.int().min(1).openapi({ example: 40_000_000, description: "Bytes of the whole archive" }),
    sha256,
  })
  .openapi("TaskUploadStart");

export const uploadCompletion = z.strictObject({ sha256 }).openapi("TaskUploadCompletion");

export const uploadPart = z
  .object({
    part_number: z.int(),
    size: z.int(),
    sha256: z.string().openapi({ description: "SHA-256 of the part, in hex" }),
    created_at: z.iso.datetime(),
  })
  .openapi("TaskUploadPart", {
    example: {
      part_number: 1,
      size: 16_777_216,
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      created_at: "2026-10-29T09:31:00.000Z",
    },
  });

export const uploadPartList = z.object({ parts: z.array(uploadPart), ...pageFields }).openapi("TaskUploadPartList");

export type UploadPartResource = z.output<typeof uploadPart>;
