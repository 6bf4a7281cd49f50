import { and, eq, type Placeholder, type SQL, sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/sqlite-core";
import type { Caller } from "../auth/caller.ts";
import type { Database } from "../db/client.ts";
import { projects } from "../db/schema.ts";
import { Statement } from "../db/statement.ts";
import { ApiError } from "../http/errors/error-table.ts";

/** The project that an agent path names, as far as its caller may know it. */
export interface ProjectReference {
  organizationId: string;
  /** Its number; a sub-select for a project named by UUID that is not the caller's current one. */
  number: number | SQL<number>;
  /** Finds its row among `projects`. */
  condition: SQL | undefined;
  /** How the path names it, and what it is then in a statement made for ANY_PROJECT. */
  named: { by: "number" | "id"; values: { organization: string; project: string | number } };
}

/** Stand for the project of a statement that is built once, by how the path names it. */
export const ANY_PROJECT = {
  number: {
    condition: inOrganization(sql.placeholder("organization"), eq(projects.number, sql.placeholder("project"))),
  },
  id: { condition: inOrganization(sql.placeholder("organization"), eq(projects.id, sql.placeholder("project"))) },
};

function inOrganization(organizationId: string | Placeholder, named: SQL): SQL | undefined {
  return and(eq(projects.organizationId, organizationId), named);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A project or task that is not there, or that the caller may not know of (agent-tasks 1.1 "Ids"). */
export function notFound(): ApiError {
  return new ApiError("not_found");
}

/**
 * Reads `{project_id}`: `@current`, the integer, or the UUID. No query is needed here: rows are looked up with the
 * organization and this number, so another organization's project leads to nothing. A key that is bound to a project
 * finds no other: 404.
 */
export function readProject(caller: Caller, segment: string): ProjectReference {
  const { organizationId, projectId, currentProject } = caller;
  const id = segment.toLowerCase();
  const isCurrent = id === "@current" || id === currentProject.id || segment === String(currentProject.number);
  if (!isCurrent && projectId !== null) throw notFound();
  if (isCurrent || /^\d{1,15}$/.test(segment)) {
    const number = isCurrent ? currentProject.number : Number(segment);
    return {
      organizationId,
      number,
      condition: inOrganization(organizationId, eq(projects.number, number)),
      named: { by: "number", values: { organization: organizationId, project: number } },
    };
  }
  if (!UUID.test(segment)) throw notFound();
  const condition = inOrganization(organizationId, eq(projects.id, id));
  const selected = new QueryBuilder().select({ number: projects.number }).from(projects).where(condition);
  const named = { by: "id" as const, values: { organization: organizationId, project: id } };
  return { organizationId, number: sql<number>`(${selected})`, condition, named };
}

/** The project's integer. Costs a query only for a project named by UUID that is not the caller's current one. */
export async function findProjectNumber(db: Database, project: ProjectReference): Promise<number> {
  if (typeof project.number === "number") return project.number;
  const row = await numberById.first(db, project.named.values);
  if (!row) throw notFound();
  return row.number;
}

const numberById = new Statement((db) =>
  db.select({ number: projects.number }).from(projects).where(ANY_PROJECT.id.condition),
);
