import type { z } from "@hono/zod-openapi";
import type { taskSet, taskSetSummary } from "./task-set-schemas.ts";
import type { SetDetailRow, SetRow } from "./task-set-store.ts";

/** The wire form of a set without its tasks. */
export function toTaskSetSummary({ set, org, version, taskCount }: SetRow): z.output<typeof taskSetSummary> {
  return {
    id: set.id,
    name: set.name,
    version,
    org_key: org,
    organization_id: set.organizationId,
    is_public: set.isPublic,
    description: set.description,
    tags: set.tags,
    task_count: taskCount,
    created_by: set.createdBy,
    created_at: set.createdAt.toISOString(),
    updated_at: set.updatedAt.toISOString(),
  };
}

export function toTaskSet(row: SetDetailRow): z.output<typeof taskSet> {
  return { ...toTaskSetSummary(row), tasks: row.tasks };
}
