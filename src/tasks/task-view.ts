import type { agentTasks } from "../db/agent-schema.ts";
import type { projects, users } from "../db/schema.ts";
import { type RunRow, type SignLogUrl, toRun } from "../runs/model/run-view.ts";
import type { WireTask, WireTaskSummary } from "./task-schema.ts";
import { toTaskUser } from "./user-view.ts";
import { toWireTime } from "../db/microseconds.ts";

/** A task with what its wire form shows beside it. */
export interface TaskRow {
  task: typeof agentTasks.$inferSelect;
  project: Pick<typeof projects.$inferSelect, "name">;
  latestRun: RunRow | null;
  createdBy: typeof users.$inferSelect | null;
}

/** Letters of a slug's prefix. */
const PREFIX_LENGTH = 3;
/** The prefix of a project whose name has no letter or digit. */
const FALLBACK_PREFIX = "TSK";

/** The prefix of a project's slugs: three capitals of its name, or its first three characters (agent-tasks 2.1). */
export function slugPrefixOf(projectName: string): string {
  const letters = projectName.replaceAll(/[^\p{L}\p{N}]/gu, "");
  const capitals = letters.replaceAll(/\P{Lu}/gu, "");
  const prefix = Array.from(capitals).length >= PREFIX_LENGTH ? capitals : letters.toUpperCase();
  return Array.from(prefix).slice(0, PREFIX_LENGTH).join("") || FALLBACK_PREFIX;
}

/** The wire form of a task (2.1). */
export async function toTask({ task, project, latestRun, createdBy }: TaskRow, sign: SignLogUrl): Promise<WireTask> {
  return {
    id: task.id,
    task_id: task.number,
    task_number: task.taskNumber,
    slug: `${slugPrefixOf(project.name)}-${task.taskNumber}`,
    title: task.title,
    title_manually_set: task.titleManuallySet,
    description: task.description,
    origin_product: task.originProduct,
    repository: task.repository,
    github_integration: null,
    json_schema: task.jsonSchema,
    internal: task.internal,
    archived: task.archivedAt !== null,
    archived_at: task.archivedAt === null ? null : toWireTime(task.archivedAt),
    ci_prompt: task.ciPrompt,
    latest_run: latestRun && (await toRun(latestRun, sign)),
    created_at: toWireTime(task.createdAt),
    updated_at: toWireTime(task.updatedAt),
    created_by: createdBy && toTaskUser(createdBy),
  };
}

/** A task's row of `summaries`. */
export interface TaskSummaryRow {
  task: Pick<TaskRow["task"], "id" | "title" | "repository" | "originProduct" | "createdAt" | "updatedAt">;
  latestRun: Pick<RunRow, "status" | "environment"> | null;
}

/** The wire form of a summary (section 9). */
export function toTaskSummary({ task, latestRun }: TaskSummaryRow): WireTaskSummary {
  return {
    id: task.id,
    title: task.title,
    repository: task.repository,
    origin_product: task.originProduct,
    created_at: toWireTime(task.createdAt),
    updated_at: toWireTime(task.updatedAt),
    latest_run: latestRun,
  };
}
