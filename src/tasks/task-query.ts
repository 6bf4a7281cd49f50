import { z } from "@hono/zod-openapi";
import { RUN_STATUSES } from "../db/agent-schema.ts";
import { choiceField, integerField } from "../http/agent-api/agent-fields.ts";
import { offsetQuery } from "../http/agent-api/agent-paging.ts";

/** Ways to order a list; `-` is descending. Others count as the first. */
export const TASK_ORDERS = ["-created_at", "created_at", "-last_activity_at", "last_activity_at"] as const;
export type TaskOrder = (typeof TASK_ORDERS)[number];

const FLAGS = ["true", "false", "all"] as const;
export type Flag = (typeof FLAGS)[number];

/** A filter by text; blank filters nothing. */
const text = (example: string, description: string) =>
  z
    .string()
    .optional()
    .transform((value) => value?.trim() || undefined)
    .openapi({ type: "string", example, description });

const orUnset = <T>(value: T) => (value === "" ? undefined : value);

/** The query of `GET …/tasks` (agent-tasks 3.1, 1.4). */
export const taskListQuery = z.object({
  ...offsetQuery,
  origin_product: text("user_created", "Exactly this origin"),
  exclude_origin_product: text("automation", "Any origin but this"),
  stage: text("build", "Tasks with a run in this stage"),
  organization: text("acme", "Repositories of this organization, in any case"),
  repository: text(
    "acme/website",
    "This repository in any case; without a slash, one of this name in any organization",
  ),
  search: text("login", "Part of the title or the description, in any (ASCII) case; digits are also the task's number"),
  created_by: z.preprocess(orUnset, integerField({})).openapi({ example: 1, description: "The creator's integer id" }),
  status: z
    .preprocess(orUnset, choiceField(RUN_STATUSES, {}))
    .openapi({ example: "completed", description: "The status of the latest run" }),
  internal: z
    .preprocess(orUnset, choiceField(FLAGS, {}))
    .openapi({ example: "all", description: "Internal tasks: only (true), none (false, the default), or all" }),
  archived: z
    .preprocess(orUnset, choiceField(FLAGS, {}))
    .openapi({ example: "all", description: "Archived tasks: only (true), none (false, the default), or all" }),
  ordering: z
    .string()
    .optional()
    .transform((value): TaskOrder => TASK_ORDERS.find((order) => order === value) ?? "-created_at")
    .openapi({
      type: "string",
      enum: [...TASK_ORDERS],
      example: "-created_at",
      description: "Newest first by default",
    }),
});

export type TaskListQuery = z.output<typeof taskListQuery>;
