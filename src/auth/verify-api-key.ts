import { and, eq, isNull, lt, or, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { Statement } from "../db/statement.ts";
import { apiKeys, organizations, projects, users, workspaces } from "../db/schema.ts";
import { equalSecrets, lookupOf } from "./api-keys.ts";
import { hashText } from "./text-hash.ts";
import type { Caller } from "./caller.ts";

/** `last_used_at` is written at most this often: one write a minute tells as much as one a request. */
const LAST_USED_RESOLUTION_MS = 60_000;

export type Verdict =
  | { ok: true; caller: Caller; lastUsedAt: Date | null; expiresAt: Date | null }
  | { ok: false; reason: "key_invalid" | "key_inactive" | "key_revoked" | "key_expired" };

/** The default project of the key's organization: neither it nor its workspace can be deleted. */
function defaultProject(db: Database) {
  return db
    .select({ id: projects.id })
    .from(projects)
    .innerJoin(workspaces, and(eq(workspaces.id, projects.workspaceId), workspaces.isDefault))
    .where(and(eq(projects.organizationId, apiKeys.organizationId), projects.isDefault));
}

const keyByLookup = new Statement((db) =>
  db
    .select({
      key: apiKeys,
      username: users.username,
      userNumber: users.number,
      organizationKey: organizations.key,
      currentProject: { id: projects.id, number: projects.number },
    })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .innerJoin(organizations, eq(organizations.id, apiKeys.organizationId))
    .innerJoin(projects, eq(projects.id, sql`coalesce(${apiKeys.projectId}, ${defaultProject(db)})`))
    .where(eq(apiKeys.lookup, sql.placeholder("lookup")))
    .limit(1),
);

/**
 * Finds and verifies an API key in one D1 query. Whether a key is revoked, expired or inactive is told only to who
 * presents the whole secret.
 */
export async function verifyApiKey(db: Database, presented: string, now: Date): Promise<Verdict> {
  const lookup = lookupOf(presented);
  if (lookup === undefined) return { ok: false, reason: "key_invalid" };
  const row = await keyByLookup.first(db, { lookup });
  if (!row || !(await equalSecrets(row.key.hash, await hashText(presented)))) {
    return { ok: false, reason: "key_invalid" };
  }
  if (row.key.revokedAt) return { ok: false, reason: "key_revoked" };
  if (row.key.expiresAt && row.key.expiresAt <= now) return { ok: false, reason: "key_expired" };
  if (row.key.suspendedAt) return { ok: false, reason: "key_inactive" };
  const caller: Caller = {
    keyId: row.key.id,
    userId: row.key.userId,
    username: row.username,
    userNumber: row.userNumber,
    organizationId: row.key.organizationId,
    organizationKey: row.organizationKey,
    projectId: row.key.projectId,
    currentProject: row.currentProject,
    scopes: row.key.scopes,
  };
  return { ok: true, caller, lastUsedAt: row.key.lastUsedAt, expiresAt: row.key.expiresAt };
}

/** Whether `last_used_at` is old enough to be written again. */
export function isLastUsedStale(lastUsedAt: Date | null, now: Date): boolean {
  return lastUsedAt === null || now.getTime() - lastUsedAt.getTime() >= LAST_USED_RESOLUTION_MS;
}

/** Writes `last_used_at`; of requests that race, one writes. */
export async function recordKeyUse(db: Database, keyId: string, now: Date): Promise<void> {
  const stale = new Date(now.getTime() - LAST_USED_RESOLUTION_MS);
  await db
    .update(apiKeys)
    .set({ lastUsedAt: now })
    .where(and(eq(apiKeys.id, keyId), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, stale))));
}
