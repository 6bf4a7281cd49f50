import { and, eq } from "drizzle-orm";
import type { Caller } from "../auth/caller.ts";
import type { Database } from "../db/client.ts";
import { apiKeys, organizations, projects, users } from "../db/schema.ts";
import { notFound, type ProjectReference } from "./project.ts";

/** Who calls: the key with its user, its organization, and the project that `@current` means, in one query. */
export async function findCaller(db: Database, caller: Caller) {
  const [row] = await db
    .select({
      key: apiKeys,
      user: users,
      organization: organizations,
      project: projects,
    })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .innerJoin(organizations, eq(organizations.id, apiKeys.organizationId))
    .innerJoin(projects, eq(projects.id, caller.currentProject.id))
    .where(and(eq(apiKeys.id, caller.keyId), eq(apiKeys.organizationId, caller.organizationId)));
  if (!row) throw notFound();
  return row;
}

/** The project that a path names; 404 for one that is not there. */
export async function findProject(db: Database, project: ProjectReference): Promise<typeof projects.$inferSelect> {
  const [row] = await db.select().from(projects).where(project.condition);
  if (!row) throw notFound();
  return row;
}
