import { and, asc, count, eq, getTableColumns, inArray, or, sql } from "drizzle-orm";
import { parseReference } from "../admin/fields.ts";
import type { Database } from "../db/client.ts";
import { violationOf } from "../db/constraints.ts";
import { secrets } from "../db/secret-schema.ts";
import { ApiError } from "../http/errors/error-table.ts";

/** Secrets of an organization at most. */
const MAX_SECRETS = 200;
/** Bytes of all values that one environment gets: they are variables of each of its commands. */
const TAKEN_MAX_BYTES = 65_536;

const { sealedValue, ...SHOWN } = getTableColumns(secrets);

/** A secret without its value. */
export type SecretRow = Omit<typeof secrets.$inferSelect, "sealedValue">;

/** A secret for an environment; its value is still encrypted, and bound to the id. */
export interface SealedSecret {
  id: string;
  name: string;
  sealedValue: string;
}

const ofOrganization = (organizationId: string) => eq(secrets.organizationId, organizationId);

/** The secret that a path names by its name or its id. */
function isNamed(organizationId: string, segment: string) {
  const reference = parseReference(segment);
  const named = "id" in reference ? eq(secrets.id, reference.id) : eq(secrets.name, segment);
  return and(ofOrganization(organizationId), named);
}

function secretNotFound(segment: string): ApiError {
  return new ApiError("not_found", `Secret '${segment}' not found.`);
}

/** Adds a secret. Throws `already_exists`, and `conflict` in an organization that has as many as it may. */
export async function insertSecret(
  db: Database,
  organizationId: string,
  input: Pick<SecretRow, "id" | "name" | "description" | "size" | "createdBy"> & { sealedValue: string },
): Promise<SecretRow> {
  const now = new Date();
  const there = db.$count(secrets, ofOrganization(organizationId));
  const [row] = await db
    .insert(secrets)
    .values({
      ...input,
      organizationId: sql`(select ${organizationId} where ${there} < ${MAX_SECRETS})`,
      createdAt: now,
      updatedAt: now,
    })
    .returning(SHOWN)
    .catch((error: unknown) => {
      const broken = violationOf(error)?.kind;
      if (broken === "unique") throw new ApiError("already_exists", `Secret '${input.name}' already exists.`);
      if (broken !== "not_null") throw error;
      throw new ApiError("conflict", `An organization has at most ${MAX_SECRETS} secrets.`);
    });
  if (!row) throw new Error("D1 returned no inserted row");
  return row;
}

/** One page of secrets by name, and the number of all. */
export async function listSecrets(
  db: Database,
  organizationId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ rows: SecretRow[]; total: number }> {
  const mine = ofOrganization(organizationId);
  const [rows, [counted]] = await db.batch([
    db
      .select(SHOWN)
      .from(secrets)
      .where(mine)
      .orderBy(asc(secrets.name))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ total: count() }).from(secrets).where(mine),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

export async function findSecret(db: Database, organizationId: string, segment: string): Promise<SecretRow> {
  const [row] = await db.select(SHOWN).from(secrets).where(isNamed(organizationId, segment));
  if (!row) throw secretNotFound(segment);
  return row;
}

/** Changes what is given. */
export async function updateSecret(
  db: Database,
  organizationId: string,
  segment: string,
  change: { description?: string | null | undefined; sealedValue?: string; size?: number },
): Promise<SecretRow> {
  const [row] = await db
    .update(secrets)
    .set({ ...change, updatedAt: new Date() })
    .where(isNamed(organizationId, segment))
    .returning(SHOWN);
  if (!row) throw secretNotFound(segment);
  return row;
}

/** Deletes a secret. Environments that have it keep it until they end. */
export async function deleteSecret(db: Database, organizationId: string, segment: string): Promise<void> {
  const deleted = await db.delete(secrets).where(isNamed(organizationId, segment)).returning({ id: secrets.id });
  if (deleted.length === 0) throw secretNotFound(segment);
}

/**
 * The secrets that these ids and names mean, noted as used now. Throws `invalid_request` for those that there are not, and
 * where they are too much for one environment.
 */
export async function takeSecrets(
  db: Database,
  organizationId: string,
  wanted: readonly string[],
): Promise<SealedSecret[]> {
  if (wanted.length === 0) return [];
  const references = wanted.map(parseReference);
  const ids = references.flatMap((reference) => ("id" in reference ? [reference.id] : []));
  const names = wanted.filter((_, index) => !("id" in (references[index] ?? {})));
  const rows = await db
    .update(secrets)
    .set({ lastUsedAt: new Date() })
    .where(and(ofOrganization(organizationId), or(inArray(secrets.id, ids), inArray(secrets.name, names))))
    .returning({ id: secrets.id, name: secrets.name, size: secrets.size, sealedValue });
  const known = new Set(rows.flatMap(({ id, name }) => [id, name]));
  const unknown = [...ids, ...names].filter((reference) => !known.has(reference));
  if (unknown.length > 0) {
    throw new ApiError("invalid_request", `There is no secret ${unknown.map((name) => `'${name}'`).join(", ")}.`);
  }
  const bytes = rows.reduce((sum, { size }) => sum + size, 0);
  if (bytes > TAKEN_MAX_BYTES) {
    throw new ApiError("invalid_request", `Secrets of one environment have ${TAKEN_MAX_BYTES} bytes at most in all.`);
  }
  return rows.map(({ id, name, sealedValue: sealed }) => ({ id, name, sealedValue: sealed }));
}
