import { and, asc, count, eq, getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import type { Database } from "../../db/client.ts";
import { violationOf } from "../../db/constraints.ts";
import { organizations, projects, workspaces } from "../../db/schema.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { Viewer } from "../access.ts";
import { type NameChange, parseReference } from "../fields.ts";
import type { WorkspaceRow } from "./workspace-schemas.ts";

/** The workspace that `{ws}` names in the organization. */
export function isWorkspace(organizationId: string, segment: string): SQL | undefined {
  const reference = parseReference(segment);
  const named = "id" in reference ? eq(workspaces.id, reference.id) : eq(workspaces.key, segment);
  return and(eq(workspaces.organizationId, organizationId), named);
}

export function workspaceNotFound(segment: string): ApiError {
  return new ApiError("not_found", `Workspace '${segment}' not found.`);
}

/** The columns of a `WorkspaceRow`, in a select as in a returning clause. */
function workspaceColumns(db: Database, { projectId }: Viewer) {
  const inside = eq(projects.workspaceId, workspaces.id);
  const own = eq(organizations.id, workspaces.organizationId);
  return {
    ...getTableColumns(workspaces),
    organizationName: sql<string>`(select ${organizations.name} from ${organizations} where ${own})`,
    projectCount: db.$count(projects, projectId === null ? inside : and(inside, eq(projects.id, projectId))),
  };
}

/** The workspaces that a key sees: its organization's, or the one of its project when it is bound to one. */
export function visibleTo(db: Database, { organizationId, projectId }: Viewer): SQL | undefined {
  const mine = eq(workspaces.organizationId, organizationId);
  if (projectId === null) return mine;
  const own = db.select({ id: projects.workspaceId }).from(projects).where(eq(projects.id, projectId));
  return and(mine, inArray(workspaces.id, own));
}

/** One page of workspaces by key, and the number of all. */
export async function listWorkspaces(db: Database, viewer: Viewer, { page, limit }: { page: number; limit: number }) {
  const mine = visibleTo(db, viewer);
  const [rows, [counted]] = await db.batch([
    db
      .select(workspaceColumns(db, viewer))
      .from(workspaces)
      .where(mine)
      .orderBy(asc(workspaces.key))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(workspaces).where(mine),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

/** The workspace that `{ws}` names, of those that a key sees. */
export function isVisibleWorkspace(db: Database, viewer: Viewer, segment: string): SQL | undefined {
  return and(isWorkspace(viewer.organizationId, segment), visibleTo(db, viewer));
}

/** The workspace that `{ws}` names, or 404. */
export async function findWorkspace(db: Database, viewer: Viewer, segment: string): Promise<WorkspaceRow> {
  const [row] = await db
    .select(workspaceColumns(db, viewer))
    .from(workspaces)
    .where(isVisibleWorkspace(db, viewer, segment));
  if (!row) throw workspaceNotFound(segment);
  return row;
}

/** Creates a workspace; 409 when the key is taken. */
export async function createWorkspace(
  db: Database,
  viewer: Viewer,
  input: { key: string; name: string; description: string | null; createdBy: string },
): Promise<WorkspaceRow> {
  const [row] = await db
    .insert(workspaces)
    .values({ id: uuid(), organizationId: viewer.organizationId, ...input })
    .returning(workspaceColumns(db, viewer))
    .catch((error: unknown) => {
      if (violationOf(error)?.kind !== "unique") throw error;
      throw new ApiError("already_exists", `Workspace '${input.key}' already exists.`);
    });
  if (!row) throw new Error("D1 returned no inserted row");
  return row;
}

/** Changes what is given; the key never changes. */
export async function updateWorkspace(
  db: Database,
  viewer: Viewer,
  segment: string,
  change: NameChange,
): Promise<WorkspaceRow> {
  const [row] = await db
    .update(workspaces)
    .set({ ...change, updatedAt: new Date() })
    .where(isWorkspace(viewer.organizationId, segment))
    .returning(workspaceColumns(db, viewer));
  if (!row) throw workspaceNotFound(segment);
  return row;
}

/** Deletes an empty workspace; the default one, and one that anything refers to, answer 409. */
export async function deleteWorkspace(db: Database, viewer: Viewer, segment: string): Promise<void> {
  const named = isWorkspace(viewer.organizationId, segment);
  const [found, deleted] = await db
    .batch([
      db.select({ id: workspaces.id }).from(workspaces).where(named),
      db
        .delete(workspaces)
        .where(and(named, eq(workspaces.isDefault, false)))
        .returning({ id: workspaces.id }),
    ])
    .catch((error: unknown) => {
      if (violationOf(error)?.kind !== "foreign_key") throw error;
      throw new ApiError("conflict", `Workspace '${segment}' is not empty: delete what it holds first.`);
    });
  if (found.length === 0) throw workspaceNotFound(segment);
  if (deleted.length === 0) throw new ApiError("conflict", "The default workspace cannot be deleted.");
}
