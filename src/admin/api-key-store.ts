import { and, count, desc, eq, getTableColumns, isNull, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { generateApiKey, type KeyFormat } from "../auth/api-keys.ts";
import { forgetRecentKey } from "../auth/recent-keys.ts";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import { apiKeys, organizations, projects, users } from "../db/schema.ts";
import { ApiError } from "../http/errors/error-table.ts";
import type { ApiKeyRow } from "./api-key-schemas.ts";

interface ApiKeyRequest {
  userId: string;
  projectId: string | null;
  name: string;
  scopes: string[];
  expiresAt: Date | null;
  format?: KeyFormat;
  /** The key that asks for one like itself: the new one does not outlive it. */
  parentId?: string;
}

const { hash: _hash, ...STORED_COLUMNS } = getTableColumns(apiKeys);
const owner = eq(users.id, apiKeys.userId);

/** The columns of an `ApiKeyRow`, in a select as in a returning clause; never the hash. */
export const API_KEY_COLUMNS = {
  ...STORED_COLUMNS,
  username: sql<string>`(select ${users.username} from ${users} where ${owner})`,
};

const isKey = (organizationId: string, keyId: string) =>
  and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.id, keyId));

/** The earlier of the wanted expiry and the parent's, where null is never. */
function expiryWithin(parentId: string, wanted: Date | null) {
  const at = wanted?.getTime() ?? null;
  return sql`(select min(coalesce(${at}, expires_at), coalesce(expires_at, ${at})) from ${apiKeys} where id = ${parentId})`;
}

/**
 * Issues a key and shows it to the caller, once. A user or project that the organization does not have makes the user
 * null and so answers 404: a missing project must not leave a key that is bound to none.
 */
export async function issueApiKey(
  db: Database,
  organizationId: string,
  { parentId, format, ...wanted }: ApiKeyRequest,
): Promise<{ row: ApiKeyRow; key: string }> {
  const { key, lookup, hash } = await generateApiKey(format);
  const { userId, projectId, expiresAt } = wanted;
  const project = and(eq(projects.id, projectId ?? ""), eq(projects.organizationId, organizationId));
  const bindable = projectId === null ? sql`1` : sql`exists (select 1 from ${projects} where ${project})`;
  const member = and(eq(users.id, userId), eq(users.organizationId, organizationId), bindable);
  const [row] = await db
    .insert(apiKeys)
    .values({
      ...wanted,
      id: uuid(),
      organizationId,
      userId: sql`${db.select({ id: users.id }).from(users).where(member)}`,
      lookup,
      hash,
      expiresAt: parentId === undefined ? expiresAt : expiryWithin(parentId, expiresAt),
    })
    .returning(API_KEY_COLUMNS)
    .catch((error: unknown) => {
      if (violationOf(error)?.kind !== "not_null") throw error;
      throw new ApiError("not_found", "The organization has no such user or project.");
    });
  if (!row) throw new Error("D1 returned no inserted row");
  return { row, key };
}

/** One page of keys, newest first, and the number of all; revoked ones only when asked for. */
export async function listApiKeys(
  db: Database,
  organizationId: string,
  { page, limit, include_revoked }: { page: number; limit: number; include_revoked: boolean },
): Promise<{ rows: ApiKeyRow[]; total: number }> {
  const mine = eq(apiKeys.organizationId, organizationId);
  const wanted = include_revoked ? mine : and(mine, isNull(apiKeys.revokedAt));
  const [rows, [counted]] = await db.batch([
    db
      .select(API_KEY_COLUMNS)
      .from(apiKeys)
      .where(wanted)
      .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(apiKeys).where(wanted),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

export async function findApiKey(db: Database, organizationId: string, keyId: string): Promise<ApiKeyRow> {
  const [row] = await db.select(API_KEY_COLUMNS).from(apiKeys).where(isKey(organizationId, keyId));
  if (!row) throw new ApiError("not_found", `API key '${keyId}' not found.`);
  return row;
}

/** Revokes a key. The row stays, and with it the instant of the first revocation. */
export async function revokeApiKey(db: Database, organizationId: string, keyId: string): Promise<void> {
  const [row] = await db
    .update(apiKeys)
    .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, ${Date.now()})` })
    .where(isKey(organizationId, keyId))
    .returning({ id: apiKeys.id });
  if (!row) throw new ApiError("not_found", `API key '${keyId}' not found.`);
  forgetRecentKey(keyId);
}

/** Switches a key on or off. The instant of the first switching off stays until it is on again. */
export async function switchApiKey(
  db: Database,
  organizationId: string,
  keyId: string,
  active: boolean,
): Promise<ApiKeyRow> {
  const [row] = await db
    .update(apiKeys)
    .set({ suspendedAt: active ? null : sql`coalesce(${apiKeys.suspendedAt}, ${Date.now()})` })
    .where(isKey(organizationId, keyId))
    .returning(API_KEY_COLUMNS);
  if (!row) throw new ApiError("not_found", `API key '${keyId}' not found.`);
  if (!active) forgetRecentKey(keyId);
  return row;
}

/** A key with its user and their organization: who is calling. */
export async function findIdentity(db: Database, organizationId: string, keyId: string) {
  const [row] = await db
    .select({
      apiKey: API_KEY_COLUMNS,
      user: users,
      organization: organizations,
      memberCount: db.$count(users, eq(users.organizationId, organizationId)),
    })
    .from(apiKeys)
    .innerJoin(users, owner)
    .innerJoin(organizations, eq(organizations.id, apiKeys.organizationId))
    .where(isKey(organizationId, keyId));
  if (!row) throw new ApiError("key_invalid");
  return { ...row, organization: { ...row.organization, memberCount: row.memberCount } };
}
