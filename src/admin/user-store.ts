import { and, asc, count, eq, exists, inArray, ne, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { v7 as uuid } from "uuid";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import { forgetRecentKeysOf } from "../auth/recent-keys.ts";
import { apiKeys, users } from "../db/schema.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { MAX_MEMBERS } from "./organizations/organization-limits.ts";

type User = typeof users.$inferSelect;

const isUser = (organizationId: string, userId: string) =>
  and(eq(users.organizationId, organizationId), eq(users.id, userId));

/** True of a user whom the organization can do without as an owner. */
function dispensable(db: Database, organizationId: string, userId: string) {
  const other = alias(users, "other_owner");
  const otherOwner = db
    .select({ id: other.id })
    .from(other)
    .where(and(eq(other.organizationId, organizationId), eq(other.role, "owner"), ne(other.id, userId)));
  return or(ne(users.role, "owner"), exists(otherOwner));
}

function userNotFound(userId: string): ApiError {
  return new ApiError("not_found", `User '${userId}' not found.`);
}

/** One page of the organization's users by name, and the number of all. */
export async function listUsers(
  db: Database,
  organizationId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: User[]; total: number }> {
  const mine = eq(users.organizationId, organizationId);
  const [rows, [counted]] = await db.batch([
    db
      .select()
      .from(users)
      .where(mine)
      .orderBy(asc(users.username))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(users).where(mine),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

export async function findUser(db: Database, organizationId: string, userId: string): Promise<User> {
  const [row] = await db.select().from(users).where(isUser(organizationId, userId));
  if (!row) throw userNotFound(userId);
  return row;
}

function refuseNewUser(error: unknown): never {
  const violation = violationOf(error);
  if (violation?.kind === "not_null") {
    throw new ApiError("member_limit_exceeded", `An organization has at most ${MAX_MEMBERS} members.`);
  }
  if (violation?.kind !== "unique") throw error;
  const taken = violation.columns.includes("users.email") ? "e-mail address" : "username";
  throw new ApiError("member_exists", `The organization has a user with this ${taken} already.`);
}

/**
 * Adds a user; 409 when the address or the username is taken. In a full organization its id is null, and the NOT NULL
 * constraint refuses the row, so that users who are added at the same time cannot exceed the limit.
 */
export async function createUser(
  db: Database,
  organizationId: string,
  input: Pick<User, "username" | "email" | "name" | "role">,
): Promise<User> {
  const members = db.$count(users, eq(users.organizationId, organizationId));
  const [row] = await db
    .insert(users)
    .values({ id: uuid(), organizationId: sql`(select ${organizationId} where ${members} < ${MAX_MEMBERS})`, ...input })
    .returning()
    .catch(refuseNewUser);
  if (!row) throw new Error("D1 returned no inserted row");
  return row;
}

/** Changes name and role; the last owner stays one (409). */
export async function updateUser(
  db: Database,
  organizationId: string,
  userId: string,
  change: { name?: string | null | undefined; role?: User["role"] | undefined },
): Promise<User> {
  const named = isUser(organizationId, userId);
  const demotes = change.role !== undefined && change.role !== "owner";
  const [found, [row]] = await db.batch([
    db.select({ id: users.id }).from(users).where(named),
    db
      .update(users)
      .set({ ...change, updatedAt: new Date() })
      .where(demotes ? and(named, dispensable(db, organizationId, userId)) : named)
      .returning(),
  ]);
  if (found.length === 0) throw userNotFound(userId);
  if (!row) throw new ApiError("conflict", "The last owner of an organization stays its owner.");
  forgetRecentKeysOf(organizationId);
  return row;
}

/** Deletes a user with all of the user's keys, in one batch. The last owner answers 409. */
export async function deleteUser(db: Database, organizationId: string, userId: string): Promise<void> {
  const named = isUser(organizationId, userId);
  const deletable = and(named, dispensable(db, organizationId, userId));
  const [found, , deleted] = await db.batch([
    db.select({ id: users.id }).from(users).where(named),
    db.delete(apiKeys).where(inArray(apiKeys.userId, db.select({ id: users.id }).from(users).where(deletable))),
    db.delete(users).where(deletable).returning({ id: users.id }),
  ]);
  if (found.length === 0) throw userNotFound(userId);
  if (deleted.length === 0) throw new ApiError("conflict", "The last owner of an organization cannot be deleted.");
  forgetRecentKeysOf(organizationId);
}
