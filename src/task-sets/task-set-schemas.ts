import { z } from "@hono/zod-openapi";
import { pageFields, pageQuery } from "../http/paging.ts";
import { closedObject } from "../http/unknown-fields.ts";
import { orgPath, taskName } from "../registry/registry-schemas.ts";

/** What clients of task sets send and see (contract A1; docs/task-sets.md). */

/** Tasks of a set at most. */
const MAX_TASKS = 1000;
const MAX_TAGS = 20;
const TAG_MAX_LENGTH = 100;
const DESCRIPTION_MAX_LENGTH = 2000;
const SEARCH_MAX_LENGTH = 200;

/** `[org/]name[@version]` (A1). */
const TASK_REFERENCE =
  /^(?:[a-z0-9][a-z0-9-]{0,62}\/)?[a-z0-9][a-z0-9-]{0,127}(?:@(?:latest|\d{1,9}\.\d{1,9}\.\d{1,9}))?$/;

/** A set's name: as a task's, for the same reasons; `facets` is a sibling here too. */
const setName = taskName.openapi({ example: "nightly", description: "Name of the task set; never changes" });

const description = z
  .string()
  .trim()
  .max(DESCRIPTION_MAX_LENGTH)
  .nullish()
  .openapi({ example: "What runs each night", description: "What the set is for" });

const tag = z.string().trim().min(1).max(TAG_MAX_LENGTH);

const tags = z
  .array(tag)
  .max(MAX_TAGS)
  .transform((given) => [...new Set(given)])
  .openapi({ example: ["smoke"], description: "Words to find the set by" });

const tasks = z
  .array(z.string().regex(TASK_REFERENCE, "must be [org/]name[@version]"))
  .min(1)
  .max(MAX_TASKS)
  .openapi({
    example: ["log-triage@1.2.0"],
    description:
      "The tasks in their order, as `[org/]name[@version]`; without a version the latest one of the time when the set is used",
  });

export const newTaskSet = closedObject({
  name: setName,
  description,
  tasks,
  tags: tags.default([]),
  is_public: z.boolean().default(false).openapi({ description: "Whether other organizations may read the set" }),
}).openapi("NewTaskSet");

export const taskSetChange = closedObject({
  description,
  tasks: tasks.optional(),
  tags: tags.optional(),
  is_public: z.boolean().optional(),
}).openapi("TaskSetChange");

const summaryShape = {
  id: z.uuid(),
  name: z.string(),
  version: z.int().openapi({ description: "Of what it holds: 1 at first, and one more with each change of its tasks" }),
  org_key: z.string(),
  organization_id: z.uuid(),
  is_public: z.boolean(),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  task_count: z.int(),
  created_by: z.string().nullable().openapi({ description: "Id of the user who made the set" }),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

export const taskSetSummary = z.object(summaryShape).openapi("TaskSetSummary");

export const taskSet = z
  .object({
    ...summaryShape,
    tasks: z.array(z.string()).openapi({ description: "`org/name`, with `@version` where it is fixed" }),
  })
  .openapi("TaskSet");

export const SUMMARY_EXAMPLE: z.output<typeof taskSetSummary> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be601",
  name: "nightly",
  version: 2,
  org_key: "acme",
  organization_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  is_public: false,
  description: "What runs each night",
  tags: ["smoke"],
  task_count: 2,
  created_by: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-02T09:30:00.000Z",
};

export const TASK_SET_EXAMPLE: z.output<typeof taskSet> = {
  ...SUMMARY_EXAMPLE,
  tasks: ["acme/log-triage@1.2.0", "acme/web-login"],
};

export const taskSetList = z.object({ task_sets: z.array(taskSetSummary), ...pageFields }).openapi("TaskSetList");

const taskSetVersion = z.object({
  version: z.int(),
  task_count: z.int(),
  created_by: z.string().nullable(),
  created_at: z.iso.datetime(),
});

export const taskSetVersionList = z
  .object({ versions: z.array(taskSetVersion).openapi({ description: "Highest first" }), ...pageFields })
  .openapi("TaskSetVersionList");

export const VERSION_EXAMPLE: z.output<typeof taskSetVersion> = {
  version: 2,
  task_count: 2,
  created_by: SUMMARY_EXAMPLE.created_by,
  created_at: SUMMARY_EXAMPLE.updated_at,
};

const facet = z.array(z.object({ value: z.string(), count: z.int() }));

export const taskSetFacets = z
  .object({
    tags: facet.openapi({ description: "At most 100, most frequent first" }),
    visibility: facet.openapi({ description: "`public` and `private`, where there are such" }),
    total: z.int(),
  })
  .openapi("TaskSetFacets");

export const setPath = orgPath.extend({ name: setName });

export const setVersionPath = setPath.extend({
  set_version: z
    .string()
    .regex(/^(?:latest|[1-9]\d{0,8})$/, "must be a whole number from 1, or latest")
    .openapi({ example: "latest", description: "Version of the set, or `latest`" }),
});

const tagFilter = z.union([tag, z.array(tag).max(MAX_TAGS)]).optional();
const TAG_FILTER = { type: "array", items: { type: "string" }, example: ["smoke"] } as const;

/** Which sets. */
export const setFilter = z.object({
  search: z
    .string()
    .max(SEARCH_MAX_LENGTH)
    .optional()
    .openapi({ example: "night", description: "Part of the name, in any letter case" }),
  tags: tagFilter.openapi({ ...TAG_FILTER, description: "At least one of these tags" }),
  "tags[]": tagFilter.openapi({ ...TAG_FILTER, description: "The same as `tags`" }),
  include_public: z
    .stringbool()
    .default(false)
    .openapi({ type: "boolean", example: false, description: "Also the public sets of every other organization" }),
});

export const SORT_KEYS = ["name", "created_at", "updated_at"] as const;

/** Which sets, in which order, and which page of them. */
export const setListQuery = setFilter
  .extend({
    sort_by: z.enum(SORT_KEYS).default("created_at").openapi({ example: "name", description: "What to sort by" }),
    sort_dir: z.enum(["asc", "desc"]).default("desc").openapi({ example: "asc", description: "Direction" }),
  })
  .extend(pageQuery({ maximum: 100, fallback: 50 }).shape);

export const versionListQuery = pageQuery({ maximum: 200, fallback: 100 });
