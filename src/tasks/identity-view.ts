import { z } from "@hono/zod-openapi";
import type { apiKeys, organizations, projects, users } from "../db/schema.ts";
import { taskUser, TASK_USER_EXAMPLE, toTaskUser } from "./user-view.ts";

const isoTime = z.string().openapi({ format: "date-time" });

/** A project as agent clients know it: a "team" to some of them. */
export const agentProject = z
  .object({
    id: z.int(),
    uuid: z.uuid(),
    name: z.string(),
    organization: z.uuid(),
    project_id: z.int().openapi({ description: "The same integer as `id`" }),
    timezone: z.string(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi("AgentProject");

export const AGENT_PROJECT_EXAMPLE: z.output<typeof agentProject> = {
  id: 1,
  uuid: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be004",
  name: "Default",
  organization: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  project_id: 1,
  timezone: "UTC",
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
};

export function toAgentProject(row: typeof projects.$inferSelect): z.output<typeof agentProject> {
  return {
    id: row.number,
    uuid: row.id,
    name: row.name,
    organization: row.organizationId,
    project_id: row.number,
    timezone: "UTC",
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** An organization as agent clients know it. */
const agentOrganization = z
  .object({ id: z.uuid(), name: z.string(), slug: z.string(), created_at: isoTime })
  .openapi("AgentOrganization");

const AGENT_ORGANIZATION_EXAMPLE: z.output<typeof agentOrganization> = {
  id: AGENT_PROJECT_EXAMPLE.organization,
  name: "Acme",
  slug: "acme",
  created_at: "2026-11-01T09:30:00.000Z",
};

/** The answer of `GET /api/users/@me` (agent-tasks 9). */
export const agentCaller = taskUser
  .extend({
    team: agentProject,
    organization: agentOrganization,
    organizations: z.array(agentOrganization).openapi({ description: "The one that the key acts in" }),
    scopes: z.array(z.string()).openapi({ description: "What the key may do; `*` is everything" }),
  })
  .openapi("AgentCaller");

export const AGENT_CALLER_EXAMPLE: z.output<typeof agentCaller> = {
  ...TASK_USER_EXAMPLE,
  team: AGENT_PROJECT_EXAMPLE,
  organization: AGENT_ORGANIZATION_EXAMPLE,
  organizations: [AGENT_ORGANIZATION_EXAMPLE],
  scopes: ["task:write"],
};

interface CallerRow {
  key: typeof apiKeys.$inferSelect;
  user: typeof users.$inferSelect;
  organization: typeof organizations.$inferSelect;
  project: typeof projects.$inferSelect;
}

/** Agent clients know the scope that holds all others as `*` (1.2). */
const toScopes = (held: readonly string[]) => (held.includes("admin") ? ["*"] : [...held]);

export function toAgentCaller({ key, user, organization, project }: CallerRow): z.output<typeof agentCaller> {
  const own = {
    id: organization.id,
    name: organization.name,
    slug: organization.key,
    created_at: organization.createdAt.toISOString(),
  };
  return {
    ...toTaskUser(user),
    team: toAgentProject(project),
    organization: own,
    organizations: [own],
    scopes: toScopes(key.scopes),
  };
}

/** The answer of `GET /api/personal_api_keys/@current` (agent-tasks 9). */
export const agentKey = z
  .object({
    id: z.uuid(),
    label: z.string(),
    scopes: z.array(z.string()),
    scoped_teams: z.array(z.int()).openapi({ description: "The project that the key is bound to; empty for all" }),
    scoped_organizations: z.array(z.uuid()),
    user_id: z.int(),
    created_at: isoTime,
    last_used_at: isoTime.nullable(),
  })
  .openapi("AgentApiKey");

export const AGENT_KEY_EXAMPLE: z.output<typeof agentKey> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be005",
  label: "laptop",
  scopes: ["task:write"],
  scoped_teams: [],
  scoped_organizations: [AGENT_PROJECT_EXAMPLE.organization],
  user_id: 1,
  created_at: "2026-11-01T09:30:00.000Z",
  last_used_at: null,
};

export function toAgentKey({ key, user, project }: CallerRow): z.output<typeof agentKey> {
  return {
    id: key.id,
    label: key.name,
    scopes: toScopes(key.scopes),
    scoped_teams: key.projectId === null ? [] : [project.number],
    scoped_organizations: [key.organizationId],
    user_id: user.number,
    created_at: key.createdAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  };
}
