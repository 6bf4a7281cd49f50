import { z } from "@hono/zod-openapi";
import type { projects } from "../../db/schema.ts";
import { closedObject } from "../../http/unknown-fields.ts";
import { description, displayName, identifier, memberKey, timestamp } from "../fields.ts";

/** A project (A1). Agent clients name it by `number`, all others by `id` or `key`. */
export const project = z
  .object({
    id: identifier,
    number: z.int().openapi({ description: "The integer project id of agent clients" }),
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    org_id: identifier,
    workspace_id: identifier,
    is_default: z.boolean(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi("Project");

export const PROJECT_EXAMPLE: z.input<typeof project> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be004",
  number: 1,
  key: "default",
  name: "Default",
  description: null,
  org_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  workspace_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003",
  is_default: true,
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
};

/** A bare array, because published clients read one; the number of all rows stands in X-Total-Count. */
export const projectList = z.array(project).openapi("ProjectList");

export const newProject = closedObject({ key: memberKey, name: displayName, description }).openapi("NewProject");

/** The wire form of a project. */
export function toProject(row: typeof projects.$inferSelect): z.output<typeof project> {
  return {
    id: row.id,
    number: row.number,
    key: row.key,
    name: row.name,
    description: row.description,
    org_id: row.organizationId,
    workspace_id: row.workspaceId,
    is_default: row.isDefault,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
