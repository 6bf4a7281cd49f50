import { z } from "@hono/zod-openapi";
import type { workspaces } from "../../db/schema.ts";
import { pageFields } from "../../http/paging.ts";
import { closedObject } from "../../http/unknown-fields.ts";
import { description, displayName, identifier, memberKey, timestamp } from "../fields.ts";

/** A workspace (A1), with the fields that published clients read. */
export const workspace = z
  .object({
    id: identifier,
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    org_id: identifier,
    org_name: z.string(),
    is_active: z.boolean().openapi({ description: "Always true: a workspace is there or deleted" }),
    is_default: z.boolean(),
    project_count: z.int().openapi({ description: "Projects in it that the key can see" }),
    created_by: z.string().nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi("Workspace");

export const WORKSPACE_EXAMPLE: z.input<typeof workspace> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003",
  key: "main",
  name: "Main",
  description: null,
  org_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  org_name: "Acme",
  is_active: true,
  is_default: true,
  project_count: 1,
  created_by: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
};

export const workspaceList = z.object({ workspaces: z.array(workspace), ...pageFields }).openapi("WorkspaceList");

export const newWorkspace = closedObject({ key: memberKey, name: displayName, description }).openapi("NewWorkspace");

/** A workspace with what its row alone does not tell. */
export type WorkspaceRow = typeof workspaces.$inferSelect & { organizationName: string; projectCount: number };

/** The wire form of a workspace. */
export function toWorkspace(row: WorkspaceRow): z.output<typeof workspace> {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    description: row.description,
    org_id: row.organizationId,
    org_name: row.organizationName,
    is_active: true,
    is_default: row.isDefault,
    project_count: row.projectCount,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
