import { and, count, desc, eq, inArray, sql } from "drizzle-orm";
import { isVisibleWorkspace, workspaceNotFound } from "../../admin/organizations/workspace-store.ts";
import type { Viewer } from "../../admin/access.ts";
import type { Database } from "../../db/client.ts";
import { evaluations } from "../../db/evaluation-schema.ts";
import { workspaces } from "../../db/schema.ts";
import type { EvaluationStatus } from "../model/evaluation.ts";

/** Which evaluations are wanted. */
export interface EvaluationFilter {
  statuses: readonly EvaluationStatus[];
  projectId: string | undefined;
  /** Part of a name, in any case. */
  search: string | undefined;
}

/** One page of the evaluations of the workspace that `ws` names, newest first, and the number of all; or 404. */
export async function listEvaluations(
  db: Database,
  viewer: Viewer,
  ws: string,
  { statuses, projectId, search }: EvaluationFilter,
  { page, limit }: { page: number; limit: number },
): Promise<{ jobs: Record<string, unknown>[]; total: number }> {
  const workspace = db
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(isVisibleWorkspace(db, viewer, ws));
  const wanted = and(
    eq(evaluations.organizationId, viewer.organizationId),
    // One value, so that the index of a workspace gives the rows in their order.
    eq(evaluations.workspaceId, sql`(${workspace})`),
    viewer.projectId === null ? undefined : eq(evaluations.projectId, viewer.projectId),
    projectId === undefined ? undefined : eq(evaluations.projectId, projectId.toLowerCase()),
    statuses.length === 0 ? undefined : inArray(evaluations.status, [...statuses]),
    // D1 refuses long patterns of LIKE.
    search === undefined ? undefined : sql`instr(lower(${evaluations.name}), lower(${search})) > 0`,
  );
  const [found, rows, [counted]] = await db.batch([
    workspace,
    db
      .select({ job: evaluations.job })
      .from(evaluations)
      .where(wanted)
      .orderBy(desc(evaluations.createdAt), desc(evaluations.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(evaluations).where(wanted),
  ]);
  if (found.length === 0) throw workspaceNotFound(ws);
  return { jobs: rows.map(({ job }) => job), total: counted?.total ?? 0 };
}
