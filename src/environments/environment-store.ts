import { and, count, desc, eq, getTableColumns, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { isVisibleWorkspace, workspaceNotFound } from "../admin/organizations/workspace-store.ts";
import type { Caller } from "../auth/caller.ts";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import { unlessLong } from "../db/page-bytes.ts";
import { environments, organizations, projects, registryTasks, workspaces } from "../db/schema.ts";
import { isPublic } from "../registry/read/published-store.ts";
import { type EnvironmentRow, SANDBOX_STATES, type SandboxState } from "./object/environment-record.ts";

/** Organizations whose public tasks of one name are named to whoever did not say which. */
const MAX_CANDIDATES = 5;

/** How inserting a row ended. */
export type Insertion = "inserted" | "full" | "taken";

/**
 * Inserts the row of an environment that is about to be made, unless the organization has `capacity` live ones: one
 * statement, so that no two requests take the last place. `taken`: its idempotency key is another's.
 */
export async function insertWithinCapacity(db: Database, row: EnvironmentRow, capacity: number): Promise<Insertion> {
  const columns = Object.entries(getTableColumns(environments));
  const values = columns.map(([key, column]) => {
    const value = Object.entries(row).find(([name]) => name === key)?.[1] ?? null;
    return sql`${value === null ? null : sql.param(value, column)}`;
  });
  const alive = and(
    eq(environments.organizationId, row.organizationId),
    isNull(environments.endedAt),
    sql`${environments.expiresAt} > ${row.createdAt.getTime()}`,
  );
  try {
    const inserted = await db
      .insert(environments)
      .select(sql`SELECT ${sql.join(values, sql`, `)} WHERE ${db.$count(environments, alive)} < ${capacity}`)
      .returning({ id: environments.id });
    return inserted.length > 0 ? "inserted" : "full";
  } catch (error) {
    if (violationOf(error)?.kind !== "unique") throw error;
    return "taken";
  }
}

/** Takes the row of an environment back that could not be made. */
export async function removeEnvironment(db: Database, { organizationId, id }: EnvironmentRow): Promise<void> {
  await db
    .delete(environments)
    .where(and(eq(environments.organizationId, organizationId), eq(environments.id, id), eq(environments.revision, 0)));
}

/** The environment that was made with this idempotency key in the workspace. */
export async function findByIdempotencyKey(
  db: Database,
  organizationId: string,
  workspaceId: string,
  key: string,
): Promise<EnvironmentRow | undefined> {
  const [row] = await db
    .select()
    .from(environments)
    .where(
      and(
        eq(environments.organizationId, organizationId),
        eq(environments.workspaceId, workspaceId),
        eq(environments.idempotencyKey, key),
      ),
    );
  return row;
}

/** What a list shows: an instruction may have a megabyte, and so may what task.yaml says of verification. */
const LISTED_COLUMNS = {
  ...getTableColumns(environments),
  instruction: unlessLong(environments.instruction),
  verification: unlessLong(environments.verification),
};

/** One page of the environments of the workspace that `ws` names, newest first, and the number of all; or 404. */
export async function listEnvironments(
  db: Database,
  viewer: Pick<Caller, "organizationId" | "projectId">,
  ws: string,
  states: readonly SandboxState[],
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: EnvironmentRow[]; total: number }> {
  const { organizationId, projectId } = viewer;
  const workspace = db
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(isVisibleWorkspace(db, viewer, ws));
  const listed: SQL | undefined = and(
    eq(environments.organizationId, organizationId),
    // One value, so that the index of a workspace gives the rows in their order.
    eq(environments.workspaceId, sql`(${workspace})`),
    projectId === null ? undefined : eq(environments.projectId, projectId),
    states.length === 0
      ? undefined
      : inArray(
          environments.state,
          states.flatMap((state) => [...SANDBOX_STATES[state]]),
        ),
  );
  const [found, rows, [counted]] = await db.batch([
    workspace,
    db
      .select(LISTED_COLUMNS)
      .from(environments)
      .where(listed)
      .orderBy(desc(environments.createdAt), desc(environments.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(environments).where(listed),
  ]);
  if (found.length === 0) throw workspaceNotFound(ws);
  return { rows, total: counted?.total ?? 0 };
}

/** Keys of organizations with a public task of this name, for a reference that names none. */
export async function findPublicOwners(db: Database, name: string): Promise<string[]> {
  const rows = await db
    .select({ key: organizations.key })
    .from(registryTasks)
    .innerJoin(organizations, eq(organizations.id, registryTasks.organizationId))
    .where(and(isPublic, eq(registryTasks.name, name), sql`${registryTasks.latestVersionId} IS NOT NULL`))
    .limit(MAX_CANDIDATES);
  return rows.map(({ key }) => key);
}

/** Whether the project is one of this workspace. */
export async function hasProject(
  db: Database,
  organizationId: string,
  workspaceId: string,
  projectId: string,
): Promise<boolean> {
  const found = await db.$count(
    projects,
    and(eq(projects.organizationId, organizationId), eq(projects.workspaceId, workspaceId), eq(projects.id, projectId)),
  );
  return found > 0;
}
