import { z } from "@hono/zod-openapi";
import { KEY_FORMATS, maskKey } from "../auth/api-keys.ts";
import { type Scope, SCOPES } from "../auth/scopes.ts";
import { pageFields } from "../http/paging.ts";
import { closedObject } from "../http/unknown-fields.ts";
import { displayName, expiry, identifier, organizationPath, timestamp } from "./fields.ts";

export const scopeList = z
  .array(z.enum(SCOPES))
  .min(1)
  .max(SCOPES.length)
  .transform((scopes) => [...new Set(scopes)])
  .openapi({ example: ["task:write"], description: "What the key may do; `:write` implies `:read`, `admin` all" });

const storedScopes = z.array(z.string()).openapi({ example: ["task:write"] });

/** A key as lists and reads show it: enough to recognise it, nothing to use it (A6). */
export const apiKey = z
  .object({
    id: identifier,
    name: z.string(),
    masked_key: z.string().openapi({ description: "The key's look-up part; the secret is not kept" }),
    active: z.boolean().openapi({ description: "Neither switched off nor revoked nor expired" }),
    scopes: storedScopes,
    allowed_scopes: storedScopes.openapi({ description: "The same as `scopes`, as published clients name it" }),
    user_id: identifier,
    username: z.string(),
    org_id: identifier,
    project_id: identifier.nullable().openapi({ description: "The only project that the key acts in, or null" }),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    suspended_at: timestamp.nullable().openapi({ description: "Since when the key is switched off, or null" }),
    last_used_at: timestamp.nullable().openapi({ description: "Exact to a minute" }),
  })
  .openapi("ApiKey");

export const API_KEY_EXAMPLE: z.input<typeof apiKey> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be006",
  name: "ci",
  masked_key: "ty_8c1f0a7d2b94e6035a71c8de_…",
  active: true,
  scopes: ["task:write"],
  allowed_scopes: ["task:write"],
  user_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  username: "ada",
  org_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  project_id: null,
  created_at: "2026-11-01T09:30:00.000Z",
  expires_at: null,
  revoked_at: null,
  suspended_at: null,
  last_used_at: "2026-11-02T10:00:00.000Z",
};

/** A new key, the only time that its secret is shown. */
export const createdApiKey = apiKey
  .extend({ key: z.string().openapi({ description: "The API key. It is shown this once." }) })
  .openapi("CreatedApiKey");

export const CREATED_API_KEY_EXAMPLE: z.input<typeof createdApiKey> = {
  ...API_KEY_EXAMPLE,
  last_used_at: null,
  key: `ty_8c1f0a7d2b94e6035a71c8de_${"0".repeat(64)}`,
};

export const apiKeyList = z.object({ api_keys: z.array(apiKey), ...pageFields }).openapi("ApiKeyList");

/** Both names of the scopes of a key that is asked for: ours and that of published clients. */
const scopeFields = {
  scopes: scopeList.nullish().openapi({ description: "What the key may do. One of the two names is required" }),
  allowed_scopes: scopeList.nullish().openapi({ description: "The same as `scopes`, as published clients name it" }),
};

interface AskedScopes {
  scopes?: Scope[] | null | undefined;
  allowed_scopes?: Scope[] | null | undefined;
}

/** Reads the scopes that are asked for, under either name; a key whose scopes are not said is refused. */
function withScopes<B extends AskedScopes>({ scopes, allowed_scopes, ...body }: B, context: z.RefinementCtx) {
  const refuse = (message: string, code: string) => {
    context.addIssue({ code: "custom", path: ["scopes"], message, params: { code } });
    return z.NEVER;
  };
  const asked = scopes ?? allowed_scopes;
  if (!asked) return refuse(`Say what the key may do: scopes, a list of ${SCOPES.join(", ")}`, "missing");
  if (allowed_scopes && allowed_scopes.toSorted().join() !== asked.toSorted().join()) {
    return refuse("scopes and allowed_scopes are two names of one list, and differ: send one of them", "conflict");
  }
  return { ...body, scopes: asked };
}

export const newApiKey = closedObject({
  name: displayName,
  ...scopeFields,
  user_id: identifier.optional().openapi({ description: "Whose key it is; the caller's by default" }),
  project_id: identifier.nullish().openapi({ description: "Binds the key to this project" }),
  expires_at: expiry,
  format: z
    .enum(KEY_FORMATS)
    .default("ty")
    .openapi({ example: "ty", description: "What the key looks like: `ty_…`, or `ca_…` as workflow clients expect" }),
})
  .transform(withScopes)
  .openapi("NewApiKey");

/** What PATCH changes of a key. */
export const apiKeyChange = closedObject({
  active: z.boolean().openapi({ description: "False switches the key off, true on again" }),
}).openapi("ApiKeyChange");

export const newOwnApiKey = closedObject({
  name: displayName,
  ...scopeFields,
  org_id: identifier.nullish().openapi({ description: "The presented key's own organization" }),
  workspace_id: z
    .null("Keys are not bound to workspaces: leave it out, or send project_id")
    .optional()
    .openapi({ description: "Null or absent: keys are not bound to workspaces" }),
  project_id: identifier.nullish().openapi({ description: "Binds the key to this project" }),
  allow_self_revoke: z.boolean().optional().openapi({ description: "Accepted and true of every key" }),
  expires_at: expiry.openapi({ description: "No later than the presented key's own, which is the default" }),
})
  .transform(withScopes)
  .openapi("NewOwnApiKey");

/** Which keys a list shows beside its page. */
export const apiKeyFilter = z.object({
  include_revoked: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .openapi({ type: "boolean", example: false, description: "Also the keys that are revoked" }),
});

export const apiKeyPath = organizationPath.extend({
  key_id: identifier.openapi({ description: "Id of the key" }),
});

/** What the stores know of a key for the wire; never its hash. */
export interface ApiKeyRow {
  id: string;
  organizationId: string;
  userId: string;
  username: string;
  projectId: string | null;
  name: string;
  lookup: string;
  scopes: string[];
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  suspendedAt: Date | null;
  lastUsedAt: Date | null;
}

/** The wire form of a key at the instant `now`. */
export function toApiKey(row: ApiKeyRow, now = new Date()): z.output<typeof apiKey> {
  const isExpired = row.expiresAt !== null && row.expiresAt <= now;
  return {
    id: row.id,
    name: row.name,
    masked_key: maskKey(row.lookup),
    active: row.revokedAt === null && row.suspendedAt === null && !isExpired,
    scopes: row.scopes,
    allowed_scopes: row.scopes,
    user_id: row.userId,
    username: row.username,
    org_id: row.organizationId,
    project_id: row.projectId,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    suspended_at: row.suspendedAt?.toISOString() ?? null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
  };
}
