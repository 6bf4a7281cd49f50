import { and, count, desc, eq, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { projects } from "../db/schema.ts";
import { askTogether, Statement } from "../db/statement.ts";
import { streams } from "../db/stream-schema.ts";
import { notFound } from "../tasks/project.ts";

/** A row of the list. */
export type StreamRow = typeof streams.$inferSelect;

/** Whose streams. */
interface Project {
  organizationId: string;
  projectNumber: number;
}

const isOfProject = and(
  eq(streams.organizationId, sql.placeholder("organization")),
  eq(streams.projectNumber, sql.placeholder("project")),
);

const project = new Statement((db) =>
  db
    .select({ number: projects.number })
    .from(projects)
    .where(
      and(
        eq(projects.organizationId, sql.placeholder("organization")),
        eq(projects.number, sql.placeholder("project")),
      ),
    ),
);

const total = new Statement((db) => db.select({ total: count() }).from(streams).where(isOfProject));

const page = new Statement((db) =>
  db
    .select()
    .from(streams)
    .where(isOfProject)
    .orderBy(desc(streams.createdAt), desc(streams.id))
    .limit(sql.placeholder("limit"))
    .offset(sql.placeholder("offset")),
);

/** How many streams a project has; 404 for one that is not there. */
export async function countStreams(db: Database, { organizationId, projectNumber }: Project): Promise<number> {
  const values = { organization: organizationId, project: projectNumber };
  const [found, [counted]] = await askTogether(db, [project.with(values), total.with(values)]);
  if (found.length === 0) throw notFound();
  return counted?.total ?? 0;
}

/** A page of a project's streams, newest first; 404 for a project that is not there. */
export async function listStreams(
  db: Database,
  { organizationId, projectNumber }: Project,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: StreamRow[]; total: number }> {
  const values = { organization: organizationId, project: projectNumber };
  const [found, [counted], rows] = await askTogether(db, [
    project.with(values),
    total.with(values),
    page.with({ ...values, limit, offset }),
  ]);
  if (found.length === 0) throw notFound();
  return { rows, total: counted?.total ?? 0 };
}
