import { and, eq } from "drizzle-orm";
import { grants } from "../auth/scopes.ts";
import { environments } from "../db/schema.ts";
import { ApiError } from "../http/errors/error-table.ts";
import type { FindSandboxInstruction } from "../registry/read/published-task-routes.ts";

/** The instruction of an environment of the task, which the key may see (A2, `sandbox_id`). */
export const findSandboxInstruction: FindSandboxInstruction = async (db, caller, { org, name }, sandboxId) => {
  if (!grants(caller.scopes, "environment:read")) {
    throw new ApiError("scope_missing", "API key missing required scope 'environment:read'");
  }
  const [row] = await db
    .select({ instruction: environments.instruction })
    .from(environments)
    .where(
      and(
        eq(environments.id, sandboxId.toLowerCase()),
        eq(environments.organizationId, caller.organizationId),
        eq(environments.taskOrganizationKey, org),
        eq(environments.taskName, name),
        caller.projectId === null ? undefined : eq(environments.projectId, caller.projectId),
      ),
    );
  return row;
};
