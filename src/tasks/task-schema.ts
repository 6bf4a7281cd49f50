import { z } from "@hono/zod-openapi";
import { pageOf } from "../http/agent-api/agent-paging.ts";
import { run, RUN_EXAMPLE } from "../runs/model/run-schema.ts";
import { taskUser, TASK_USER_EXAMPLE } from "./user-view.ts";

const wireTime = z.string().openapi({ format: "date-time" });

/** A task as agent clients see it (agent-tasks 2.1). */
export const task = z
  .object({
    id: z.uuid(),
    task_id: z.int().openapi({ description: "The integer that workflow files know the task by" }),
    task_number: z.int().openapi({ description: "From 0 in each project, without gaps" }),
    slug: z.string().openapi({ description: "The project's prefix and the task's number" }),
    title: z.string(),
    title_manually_set: z.boolean(),
    description: z.string(),
    origin_product: z.string(),
    repository: z.string().nullable().openapi({ description: "`organization/repository` in lower case" }),
    github_integration: z.int().nullable(),
    json_schema: z.unknown().openapi({ description: "JSON Schema of the runs' output, or null" }),
    internal: z.boolean(),
    archived: z.boolean(),
    archived_at: wireTime.nullable(),
    ci_prompt: z.string().nullable(),
    // Not `nullable()`, which would make the component nullable wherever it is named.
    latest_run: z.union([run, z.null()]),
    created_at: wireTime,
    updated_at: wireTime,
    created_by: taskUser.nullable(),
  })
  .openapi("AgentTask");

export type WireTask = z.output<typeof task>;

export const TASK_EXAMPLE: WireTask = {
  id: RUN_EXAMPLE.task,
  task_id: 12,
  task_number: 0,
  slug: "DEF-0",
  title: "Fix the login redirect",
  title_manually_set: true,
  description: "Signing in from /docs leads to a blank page.",
  origin_product: "user_created",
  repository: "acme/website",
  github_integration: null,
  json_schema: null,
  internal: false,
  archived: false,
  archived_at: null,
  ci_prompt: null,
  latest_run: RUN_EXAMPLE,
  created_at: "2026-11-01T09:29:00.000000Z",
  updated_at: "2026-11-01T09:29:00.000000Z",
  created_by: TASK_USER_EXAMPLE,
};

export const taskPage = pageOf(task).openapi("AgentTaskPage");

/** What lists of many tasks need (section 9, `summaries`). */
export const taskSummary = z
  .object({
    id: z.uuid(),
    title: z.string(),
    repository: z.string().nullable(),
    origin_product: z.string(),
    created_at: wireTime,
    updated_at: wireTime,
    latest_run: run.pick({ status: true, environment: true }).nullable(),
  })
  .openapi("AgentTaskSummary");

export type WireTaskSummary = z.output<typeof taskSummary>;

export const TASK_SUMMARY_EXAMPLE: WireTaskSummary = {
  id: TASK_EXAMPLE.id,
  title: TASK_EXAMPLE.title,
  repository: TASK_EXAMPLE.repository,
  origin_product: TASK_EXAMPLE.origin_product,
  created_at: TASK_EXAMPLE.created_at,
  updated_at: TASK_EXAMPLE.updated_at,
  latest_run: { status: "queued", environment: "cloud" },
};

export const taskSummaryPage = pageOf(taskSummary).openapi("AgentTaskSummaryPage");

export const taskRepositories = z.object({ repositories: z.array(z.string()) }).openapi("AgentTaskRepositories");
