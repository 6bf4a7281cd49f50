import { eq, getTableColumns, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import type { NewApiKey } from "../../auth/api-keys.ts";
import { violationOf } from "../../db/constraints.ts";
import type { Database } from "../../db/client.ts";
import { apiKeys, organizations, projects, users, workspaces } from "../../db/schema.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { API_KEY_COLUMNS } from "../api-key-store.ts";
import type { NameChange } from "../fields.ts";
import type { OrganizationRow } from "./organization-schemas.ts";

/** The first user of a new organization: told, or a copy of the user who calls. */
export type Owner = { username: string; email: string; name: string | null } | { copyOf: string };

interface NewOrganization {
  key: string;
  name: string;
  description: string | null;
  owner: Owner;
  /** Creates it only while the deployment has no organization (the bootstrap). */
  onlyFirst: boolean;
}

function ownerValues(owner: Owner) {
  if (!("copyOf" in owner)) return owner;
  const own = (column: string) => sql`(select ${sql.identifier(column)} from ${users} where id = ${owner.copyOf})`;
  return { username: own("username"), email: own("email"), name: own("name") };
}

function refuse(error: unknown, key: string): never {
  const violation = violationOf(error);
  if (violation?.kind === "not_null" && violation.columns.includes("organizations.id")) {
    throw new ApiError("conflict", "This deployment has an organization already: create others with an admin key.");
  }
  if (violation?.kind === "unique" && violation.columns.includes("organizations.key")) {
    throw new ApiError("already_exists", `Organization '${key}' already exists.`);
  }
  throw error;
}

/**
 * Creates an organization with its owner, default workspace and project, and an admin key, all or nothing in one batch.
 * For the first one the id is null when there is another: the NOT NULL constraint ends the batch, so of bootstraps that
 * race one wins.
 */
export async function createOrganization(db: Database, input: NewOrganization, issued: NewApiKey) {
  const [organizationId, userId, workspaceId] = [uuid(), uuid(), uuid()];
  const { key, name, description, owner, onlyFirst } = input;
  const id = onlyFirst
    ? sql`(select ${organizationId} where not exists (select 1 from ${organizations}))`
    : organizationId;
  const [[organization], [user], [workspace], [project], [apiKey]] = await db
    .batch([
      db.insert(organizations).values({ id, key, name, description }).returning(),
      db
        .insert(users)
        .values({ id: userId, organizationId, role: "owner", ...ownerValues(owner) })
        .returning(),
      db
        .insert(workspaces)
        .values({ id: workspaceId, organizationId, key: "main", name: "Main", isDefault: true, createdBy: userId })
        .returning(),
      db
        .insert(projects)
        .values({ id: uuid(), organizationId, workspaceId, key: "default", name: "Default", isDefault: true })
        .returning(),
      db
        .insert(apiKeys)
        .values({
          id: uuid(),
          organizationId,
          userId,
          name: "First admin key",
          lookup: issued.lookup,
          hash: issued.hash,
          scopes: ["admin"],
        })
        .returning(API_KEY_COLUMNS),
    ])
    .catch((error: unknown) => refuse(error, key));
  if (!organization || !user || !workspace || !project || !apiKey) throw new Error("D1 returned no inserted row");
  return {
    organization: { ...organization, memberCount: 1 },
    user,
    workspace: { ...workspace, organizationName: organization.name, projectCount: 1 },
    project,
    apiKey,
  };
}

/** The columns of an `OrganizationRow`, in a select as in a returning clause. */
function organizationColumns(db: Database) {
  return {
    ...getTableColumns(organizations),
    memberCount: db.$count(users, eq(users.organizationId, organizations.id)),
  };
}

function organizationNotFound(): ApiError {
  return new ApiError("not_found", "Organization not found.");
}

/** The organization with its number of members, or 404. */
export async function findOrganization(db: Database, organizationId: string): Promise<OrganizationRow> {
  const [row] = await db
    .select(organizationColumns(db))
    .from(organizations)
    .where(eq(organizations.id, organizationId));
  if (!row) throw organizationNotFound();
  return row;
}

/** Changes what is given; the key never changes. */
export async function updateOrganization(
  db: Database,
  organizationId: string,
  change: NameChange,
): Promise<OrganizationRow> {
  const [row] = await db
    .update(organizations)
    .set({ ...change, updatedAt: new Date() })
    .where(eq(organizations.id, organizationId))
    .returning(organizationColumns(db));
  if (!row) throw organizationNotFound();
  return row;
}
