import { env, exports } from "cloudflare:workers";
import { v7 as uuid } from "uuid";
import { generateApiKey } from "../src/auth/api-keys.ts";
import type { Scope } from "../src/auth/scopes.ts";
import { connect } from "../src/db/client.ts";
import { apiKeys, organizations, projects, users, workspaces } from "../src/db/schema.ts";

/** Calls the Worker as a client would: through its fetch. */
export function call(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(`https://taskyard.test${path}`, init));
}

/** An organization of one test's own, with its default workspace and project, its owner and keys. */
export interface Tenant {
  id: string;
  org: string;
  userId: string;
  workspace: string;
  projectId: string;
  /** A key with the admin scope. */
  adminKey: string;
  /** Makes another key; `fields` sets expiry, revocation, suspension or a project. */
  makeKey: (
    scopes: Scope[],
    fields?: { expiresAt?: Date; revokedAt?: Date; suspendedAt?: Date; projectId?: string },
  ) => Promise<string>;
  /** Calls the API with the admin key, or with `key`. `path` begins at `/api/v1`. */
  api: (path: string, init?: RequestInit & { key?: string; json?: unknown }) => Promise<Response>;
}

/** Makes a tenant straight in the database, so that a test of one feature does not lean on another. */
export async function createTenant(): Promise<Tenant> {
  const db = connect(env.DB);
  const id = uuid();
  const org = `org-${id.slice(-12)}`;
  const [userId, workspaceId, projectId] = [uuid(), uuid(), uuid()];
  await db.batch([
    db.insert(organizations).values({ id, key: org, name: org }),
    db
      .insert(users)
      .values({ id: userId, organizationId: id, username: "owner", email: "owner@example.com", role: "owner" }),
    db.insert(workspaces).values({ id: workspaceId, organizationId: id, key: "main", name: "Main", isDefault: true }),
    db
      .insert(projects)
      .values({ id: projectId, organizationId: id, workspaceId, key: "default", name: "Default", isDefault: true }),
  ]);
  const makeKey: Tenant["makeKey"] = async (scopes, fields = {}) => {
    const { key, lookup, hash } = await generateApiKey();
    await db
      .insert(apiKeys)
      .values({ id: uuid(), organizationId: id, userId, name: scopes.join(" "), lookup, hash, scopes, ...fields });
    return key;
  };
  const adminKey = await makeKey(["admin"]);
  const api: Tenant["api"] = (path, { key = adminKey, json, ...init } = {}) => {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${key}`);
    if (json !== undefined) headers.set("Content-Type", "application/json");
    const body = json === undefined ? init.body : JSON.stringify(json);
    return call(`/api/v1${path}`, { ...init, headers, ...(body !== undefined && { body }) });
  };
  return { id, org, userId, workspace: "main", projectId, adminKey, makeKey, api };
}
