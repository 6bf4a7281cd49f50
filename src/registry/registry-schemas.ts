import { z } from "@hono/zod-openapi";
import { pageFields } from "../http/paging.ts";

/** What the registry's clients send and see (contract A2, A5; seed 000). */

/** Characters of a task's name at most: what file systems and DNS-like tools take without surprise. */
const NAME_MAX_LENGTH = 128;
/** Digits of one semver number at most, so that it stays an exact integer everywhere. */
const SEMVER = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/** A task's name (A5). `facets` is a sibling of `{name}` in the paths and so cannot be one. */
export const taskName = z
  .string()
  .max(NAME_MAX_LENGTH)
  .regex(/^[a-z0-9][a-z0-9-]*$/, "must consist of a-z, 0-9 and -, and begin with a letter or digit")
  .refine((name) => name !== "facets", "is reserved")
  .openapi({ example: "log-triage", description: "Task name" });

/** A version as it is published: MAJOR.MINOR.PATCH. */
export const exactVersion = z
  .string()
  .regex(SEMVER, "must be MAJOR.MINOR.PATCH")
  .openapi({ example: "1.2.0", description: "Version, MAJOR.MINOR.PATCH" });

/** A version as readers name it. */
export const versionReference = z
  .string()
  .refine((version) => version === "latest" || SEMVER.test(version), "must be MAJOR.MINOR.PATCH or latest")
  .openapi({ example: "latest", description: "Version, MAJOR.MINOR.PATCH or latest" });

export const orgPath = z.object({
  org: z.string().min(1).openapi({ example: "acme", description: "Organization slug" }),
});

export const taskPath = orgPath.extend({ name: taskName });

/** JSON of task.yaml's `verification` as it was published; keys as in A5. */
const verification = z.record(z.string(), z.unknown()).nullable();

const scriptBlock = z.object({
  script: z.string().openapi({ description: "Path of the script in the archive" }),
  timeout: z.int().openapi({ description: "Seconds", example: 120 }),
});

const summaryShape = {
  id: z.uuid().openapi({ description: "Id of this version" }),
  name: z.string(),
  version: z.string(),
  org_key: z.string(),
  organization_id: z.uuid(),
  is_public: z.boolean().openapi({ description: "Whether other organizations may read the task, all versions of it" }),
  file_size: z.int().openapi({ description: "Bytes of the archive" }),
  created_at: z.iso.datetime(),
  template_status: z
    .enum(["pending", "building", "ready", "failed"])
    .openapi({ description: "Always ready: environments read the archive itself, no image has to be built first" }),
  sandbox_provider: z.enum(["docker", "e2b"]).openapi({
    description: "Always docker: of the two names that clients know, the one for the operator's own machines",
  }),
  description: z.string().nullable(),
  difficulty: z.string().nullable(),
  author: z.string().nullable(),
  license: z.string().nullable(),
  source: z.string().nullable(),
  tags: z.array(z.string()).nullable(),
  ports: z.record(z.string(), z.array(z.int())).nullable().openapi({ description: "Service name to its ports" }),
  oci_digest: z
    .string()
    .nullable()
    .openapi({ description: "Digest of the pushed layer; null: the task came as a zip" }),
  verification: verification.openapi({
    description: "How a result is checked, in outline: never with a plaintext `value`, nor a judge's instructions",
  }),
};

export const TASK_SUMMARY_EXAMPLE = {
  id: "0190b5a4-7c1e-7000-8000-3f2a9c1d5e77",
  name: "log-triage",
  version: "1.2.0",
  org_key: "acme",
  organization_id: "0190b5a4-0000-7000-8000-000000000001",
  is_public: false,
  file_size: 18_244,
  created_at: "2026-10-29T09:30:00.000Z",
  template_status: "ready" as const,
  sandbox_provider: "docker" as const,
  description: "Find the request that broke the service.",
  difficulty: "medium",
  author: "Acme Evals",
  license: "MIT",
  source: null,
  tags: ["logs", "triage"],
  ports: null,
  oci_digest: null,
  verification: { method: "script", script: "verify.sh", timeout: 30 },
};

export const taskSummary = z.object(summaryShape).openapi("TaskSummary", { example: TASK_SUMMARY_EXAMPLE });

export const TASK_DETAIL_EXAMPLE = {
  ...TASK_SUMMARY_EXAMPLE,
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  updated_at: "2026-10-29T09:30:00.000Z",
  created_by: "0190b5a4-0000-7000-8000-000000000002",
  instruction: "Read /data/access.log and write the id of the failing request to /tmp/answer.",
  repository: null,
  provision: { script: "provision.sh", timeout: 120 },
  teardown: null,
  solution: null,
};

/** One version with everything that task.yaml says. */
export const taskDetail = z
  .object({
    ...summaryShape,
    sha256: z.string().openapi({ description: "SHA-256 of the archive, in hex" }),
    updated_at: z.iso.datetime(),
    created_by: z.string().nullable().openapi({ description: "Id of the user who published the version" }),
    instruction: z.string().nullable(),
    repository: z.string().nullable(),
    provision: scriptBlock
      .extend({
        starts_services: z.boolean().optional().openapi({ description: "Whether it starts those of `ports`" }),
      })
      .nullable(),
    teardown: scriptBlock.nullable(),
    solution: z
      .object({ script: z.string() })
      .nullable()
      .openapi({ description: "Null also for readers without task:write in the owning organization" }),
    verification: verification.openapi({
      description:
        "How a result is checked; a plaintext `value` is shown to task:write of the owning organization only",
    }),
  })
  .openapi("TaskDetail", { example: TASK_DETAIL_EXAMPLE });

export type TaskSummary = z.output<typeof taskSummary>;
export type TaskDetail = z.output<typeof taskDetail>;

export const taskListResponse = z.object({ tasks: z.array(taskSummary), ...pageFields }).openapi("TaskListResponse");

export const taskVersionList = z
  .object({
    latest: taskSummary.nullable(),
    versions: z.array(taskSummary).openapi({ description: "Highest version first" }),
    ...pageFields,
  })
  .openapi("TaskVersionList");

const facet = z
  .array(z.object({ value: z.string(), count: z.int() }))
  .openapi({ description: "Most frequent first", example: [{ value: "medium", count: 3 }] });

export const taskFacets = z
  .object({ difficulty: facet, tags: facet, author: facet, source: facet, total: z.int().openapi({ example: 3 }) })
  .openapi("TaskFacetsResponse");

export const taskFileEntry = z
  .object({
    filename: z.string().openapi({ description: "File path within the archive", example: "task.yaml" }),
    file_size: z.int().openapi({ description: "Uncompressed file size in bytes", example: 412 }),
    compress_size: z.int().openapi({ description: "Compressed file size in bytes", example: 240 }),
  })
  .openapi("TaskFileEntry", { description: "A single file entry within a task zip archive" });

/** Seed 000, with `next_cursor` when the request asked for pages. */
export const taskFileListResponse = z
  .object({
    task_name: z.string().openapi({ description: "Task name", example: "log-triage" }),
    files: z.array(taskFileEntry).openapi({ description: "Files in the archive" }),
    total_files: z.int().openapi({ description: "Total number of files, on all pages", example: 1 }),
    next_cursor: z.string().nullable().optional().openapi({
      description: "Where the next page begins; null on the last. Only sent to requests with limit or cursor",
    }),
  })
  .openapi("TaskFileListResponse", { description: "Response listing files in a task archive" });

export const taskReadme = z
  .object({
    content: z.string().openapi({ example: "# Log triage\n" }),
    path: z.string().openapi({ description: "Path of the file in the archive", example: "README.md" }),
    truncated: z.boolean().openapi({ description: "Whether the file is longer than `content`", example: false }),
  })
  .openapi("TaskReadmeResponse");

export const taskInstruction = z
  .object({
    instruction: z.string().nullable().openapi({ example: "Open {{web_url}} and log in." }),
    resolved: z.boolean().openapi({ description: "Whether placeholders were filled in", example: false }),
  })
  .openapi("TaskInstructionResponse");

export const visibilityUpdate = z
  .strictObject({ is_public: z.boolean().openapi({ example: true }) })
  .openapi("TaskVisibilityUpdate");
