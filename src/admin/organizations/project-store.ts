import { and, asc, count, eq, inArray, type SQL, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import type { Database } from "../../db/client.ts";
import { violationOf } from "../../db/constraints.ts";
import { forgetRecentKeysOf } from "../../auth/recent-keys.ts";
import { apiKeys, projects, workspaces } from "../../db/schema.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { Viewer } from "../access.ts";
import { type NameChange, parseReference } from "../fields.ts";
import { isWorkspace, visibleTo, workspaceNotFound } from "./workspace-store.ts";

type Project = typeof projects.$inferSelect;

function projectNotFound(segment: string): ApiError {
  return new ApiError("not_found", `Project '${segment}' not found.`);
}

function selectWorkspaceId(db: Database, viewer: Viewer, ws: string) {
  return db
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(and(isWorkspace(viewer.organizationId, ws), visibleTo(db, viewer)));
}

/** The projects of a workspace that a key can see. */
function visibleIn(db: Database, viewer: Viewer, ws: string): SQL | undefined {
  const inside = inArray(projects.workspaceId, selectWorkspaceId(db, viewer, ws));
  return viewer.projectId === null ? inside : and(inside, eq(projects.id, viewer.projectId));
}

/** The project that `{project}` names in the workspace, when the key can see it. */
function isProject(db: Database, viewer: Viewer, ws: string, segment: string): SQL | undefined {
  const reference = parseReference(segment);
  const named =
    "id" in reference
      ? eq(projects.id, reference.id)
      : "number" in reference
        ? eq(projects.number, reference.number)
        : eq(projects.key, reference.key);
  return and(visibleIn(db, viewer, ws), named);
}

/** One page of a workspace's projects by key, and the number of all; 404 without such a workspace. */
export async function listProjects(
  db: Database,
  viewer: Viewer,
  ws: string,
  { page, limit }: { page: number; limit: number },
) {
  const visible = visibleIn(db, viewer, ws);
  const [found, rows, [counted]] = await db.batch([
    selectWorkspaceId(db, viewer, ws),
    db
      .select()
      .from(projects)
      .where(visible)
      .orderBy(asc(projects.key))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(projects).where(visible),
  ]);
  if (found.length === 0) throw workspaceNotFound(ws);
  return { rows, total: counted?.total ?? 0 };
}

/** The project that `{project}` names, or 404. */
export async function findProject(db: Database, viewer: Viewer, ws: string, segment: string): Promise<Project> {
  const [row] = await db
    .select()
    .from(projects)
    .where(isProject(db, viewer, ws, segment));
  if (!row) throw projectNotFound(segment);
  return row;
}

/** Creates a project; 409 when the workspace has the key, 404 without such a workspace. */
export async function createProject(
  db: Database,
  viewer: Viewer,
  ws: string,
  input: { key: string; name: string; description: string | null },
): Promise<Project> {
  const [row] = await db
    .insert(projects)
    .values({
      id: uuid(),
      organizationId: viewer.organizationId,
      workspaceId: sql`${selectWorkspaceId(db, viewer, ws)}`,
      ...input,
    })
    .returning()
    .catch((error: unknown) => {
      const violation = violationOf(error);
      if (violation?.kind === "not_null") throw workspaceNotFound(ws);
      if (violation?.kind !== "unique") throw error;
      throw new ApiError("already_exists", `Project '${input.key}' already exists.`);
    });
  if (!row) throw new Error("D1 returned no inserted row");
  return row;
}

/** Changes what is given; the key never changes. */
export async function updateProject(
  db: Database,
  viewer: Viewer,
  ws: string,
  segment: string,
  change: NameChange,
): Promise<Project> {
  const [row] = await db
    .update(projects)
    .set({ ...change, updatedAt: new Date() })
    .where(isProject(db, viewer, ws, segment))
    .returning();
  if (!row) throw projectNotFound(segment);
  return row;
}

/**
 * Deletes a project with the keys that are bound to it, in one batch. The default one, and one that anything else
 * refers to, answer 409 and keep their keys.
 */
export async function deleteProject(db: Database, viewer: Viewer, ws: string, segment: string): Promise<void> {
  const named = isProject(db, viewer, ws, segment);
  const deletable = and(named, eq(projects.isDefault, false));
  const [found, , deleted] = await db
    .batch([
      db.select({ id: projects.id }).from(projects).where(named),
      db
        .delete(apiKeys)
        .where(inArray(apiKeys.projectId, db.select({ id: projects.id }).from(projects).where(deletable))),
      db.delete(projects).where(deletable).returning({ id: projects.id }),
    ])
    .catch((error: unknown) => {
      if (violationOf(error)?.kind !== "foreign_key") throw error;
      throw new ApiError("conflict", `Project '${segment}' is not empty: delete what it holds first.`);
    });
  if (found.length === 0) throw projectNotFound(segment);
  if (deleted.length === 0) throw new ApiError("conflict", "The default project cannot be deleted.");
  forgetRecentKeysOf(viewer.organizationId);
}
