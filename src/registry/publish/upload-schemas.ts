import { z } from "@hono/zod-openapi";
import { pageFields } from "../../http/paging.ts";
import { exactVersion, TASK_DETAIL_EXAMPLE, taskDetail, taskPath } from "../registry-schemas.ts";

/** What publishers send and see beside the task itself (docs/publishing.md). */

export const versionPath = taskPath.extend({ version: exactVersion });

const STRIP_DESCRIPTION =
  "Whether the folder that all files of the archive lie in is taken away, so that paths begin in it, when it holds the " +
  "task.yaml; `false` keeps every path";

/** How a publish in one request asks to keep the archive's paths. */
export const publishQuery = z.object({
  strip: z
    .stringbool({ truthy: ["true"], falsy: ["false"] })
    .default(true)
    .openapi({
      type: "boolean",
      example: false,
      description: STRIP_DESCRIPTION,
    }),
});

export const uploadPath = versionPath.extend({
  upload_id: z.uuid().openapi({ example: "0190b5a4-9d10-7000-8000-5d0c6f0e1b22", description: "Upload id" }),
});

const item = z.object({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() });

const SHA256_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const WARNING_EXAMPLE = { loc: ["archive", "task.yaml", "source"], msg: "source is not set.", type: "field_absent" };

const publishedTask = taskDetail
  .extend({
    warnings: z
      .array(item)
      .openapi({ description: "What task.yaml could do better; the version is published all the same" }),
  })
  .openapi("PublishedTask");

const UPLOAD_EXAMPLE = {
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

const upload = z
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
  .openapi("TaskUpload");

export type UploadResource = z.output<typeof upload>;

const uploadList = z.object({ uploads: z.array(upload), ...pageFields }).openapi("TaskUploadList");

export const partPath = uploadPath.extend({
  part_number: z.coerce.number().int().min(1).openapi({ example: 1, description: "Part number, from 1" }),
});

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, "must be 64 hex digits")
  .transform((digest) => digest.toLowerCase())
  .optional()
  .openapi({
    example: SHA256_EXAMPLE,
    description: "SHA-256 of the whole archive, in hex; compared before the version is published",
  });

const uploadStart = z
  .strictObject({
    size: z.int().min(1).openapi({ example: 40_000_000, description: "Bytes of the whole archive" }),
    sha256,
    strip: z.boolean().default(true).openapi({ description: STRIP_DESCRIPTION }),
  })
  .openapi("TaskUploadStart");

const uploadCompletion = z.strictObject({ sha256 }).openapi("TaskUploadCompletion");

const uploadPart = z
  .object({
    part_number: z.int(),
    size: z.int(),
    sha256: z.string().openapi({ description: "SHA-256 of the part, in hex" }),
    created_at: z.iso.datetime(),
  })
  .openapi("TaskUploadPart");

const uploadPartList = z.object({ parts: z.array(uploadPart), ...pageFields }).openapi("TaskUploadPartList");

const PART_EXAMPLE = {
  part_number: 1,
  size: 16_777_216,
  sha256: SHA256_EXAMPLE,
  created_at: "2026-10-29T09:31:00.000Z",
};
const PAGE_EXAMPLE = { page: 1, limit: 50, total: 1, total_pages: 1, has_next: false, has_previous: false };

/** The JSON bodies of the write routes, each with its example. */
export const bodies = {
  task: { "application/json": { schema: taskDetail, example: TASK_DETAIL_EXAMPLE } },
  published: {
    "application/json": { schema: publishedTask, example: { ...TASK_DETAIL_EXAMPLE, warnings: [WARNING_EXAMPLE] } },
  },
  upload: { "application/json": { schema: upload, example: UPLOAD_EXAMPLE } },
  verifying: {
    "application/json": {
      schema: upload,
      example: { ...UPLOAD_EXAMPLE, state: "verifying" as const, received_parts: 3, received_bytes: 40_000_000 },
    },
  },
  uploads: { "application/json": { schema: uploadList, example: { uploads: [UPLOAD_EXAMPLE], ...PAGE_EXAMPLE } } },
  part: { "application/json": { schema: uploadPart, example: PART_EXAMPLE } },
  parts: { "application/json": { schema: uploadPartList, example: { parts: [PART_EXAMPLE], ...PAGE_EXAMPLE } } },
  start: { "application/json": { schema: uploadStart, example: { size: 40_000_000, sha256: SHA256_EXAMPLE } } },
  completion: { "application/json": { schema: uploadCompletion, example: { sha256: SHA256_EXAMPLE } } },
};

export type UploadPartResource = z.output<typeof uploadPart>;
