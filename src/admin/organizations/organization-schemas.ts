import { z } from "@hono/zod-openapi";
import type { Config } from "../../config.ts";
import type { organizations } from "../../db/schema.ts";
import { closedObject } from "../../http/unknown-fields.ts";
import { createdApiKey } from "../api-key-schemas.ts";
import { description, displayName, emailAddress, identifier, organizationKey, timestamp, username } from "../fields.ts";
import { MAX_MEMBERS } from "./organization-limits.ts";
import { project } from "./project-schemas.ts";
import { user } from "../user-schemas.ts";
import { workspace } from "./workspace-schemas.ts";

const runtimeSource = z.literal("platform").openapi({ description: "The limit is the deployment's" });

/** The deployment's limits, told of every organization: none has limits of its own. */
function sandboxRuntime({ SANDBOX_MAX_SECONDS, SANDBOX_DEFAULT_SECONDS }: SandboxLimits) {
  return {
    effective_max_sandbox_runtime_seconds: SANDBOX_MAX_SECONDS,
    max_sandbox_runtime_source_level: "platform",
    effective_default_sandbox_runtime_seconds: SANDBOX_DEFAULT_SECONDS,
    default_sandbox_runtime_source_level: "platform",
    platform_max_sandbox_runtime_seconds: SANDBOX_MAX_SECONDS,
    platform_default_sandbox_runtime_seconds: SANDBOX_DEFAULT_SECONDS,
  } as const;
}

type SandboxLimits = Pick<Config, "SANDBOX_MAX_SECONDS" | "SANDBOX_DEFAULT_SECONDS">;

/** An organization (A1), with the fields that published clients cannot parse it without. */
export const organization = z
  .object({
    id: identifier,
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    is_active: z.boolean().openapi({ description: "Always true: an organization is there or not" }),
    allow_external_invites: z.boolean().openapi({ description: "Always false: administrators add members" }),
    max_members: z.int(),
    member_count: z.int(),
    can_manage_members: z.boolean().openapi({ description: "Whether the presented key may add and remove users" }),
    effective_max_sandbox_runtime_seconds: z.int(),
    max_sandbox_runtime_source_level: runtimeSource,
    effective_default_sandbox_runtime_seconds: z.int(),
    default_sandbox_runtime_source_level: runtimeSource,
    platform_max_sandbox_runtime_seconds: z.int(),
    platform_default_sandbox_runtime_seconds: z.int(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi("Organization");

export const ORGANIZATION_EXAMPLE: z.input<typeof organization> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  key: "acme",
  name: "Acme",
  description: null,
  is_active: true,
  allow_external_invites: false,
  max_members: MAX_MEMBERS,
  member_count: 1,
  can_manage_members: true,
  ...sandboxRuntime({ SANDBOX_MAX_SECONDS: 86_400, SANDBOX_DEFAULT_SECONDS: 3_600 }),
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
};

/** Bare, because published clients read an array. A key acts in one organization. */
export const organizationList = z.array(organization).openapi("OrganizationList");

export const newOrganization = closedObject({
  key: organizationKey,
  name: displayName,
  description,
  owner: closedObject({ username, email: emailAddress, name: displayName.nullish().openapi({ example: "Ada" }) })
    .optional()
    .openapi({ description: "Its first user; who calls with an admin key, by default" }),
}).openapi("NewOrganization");

export const createdOrganization = z
  .object({ organization, user, workspace, project, api_key: createdApiKey })
  .openapi("CreatedOrganization");

/** An organization with what its row alone does not tell. */
export type OrganizationRow = typeof organizations.$inferSelect & { memberCount: number };

/** The wire form of an organization, for a key that may or may not manage its members. */
export function toOrganization(
  row: OrganizationRow,
  canManageMembers: boolean,
  limits: SandboxLimits,
): z.output<typeof organization> {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    description: row.description,
    is_active: true,
    allow_external_invites: false,
    max_members: MAX_MEMBERS,
    member_count: row.memberCount,
    can_manage_members: canManageMembers,
    ...sandboxRuntime(limits),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
