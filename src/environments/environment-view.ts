import type { Caller } from "../auth/caller.ts";
import type { WaitingFor } from "../pool/wait.ts";
import { canSeeWithheld } from "../registry/read/read-access.ts";
import { traitsOf } from "../sandbox/providers.ts";
import { type EnvironmentRow, sandboxStateOf } from "./object/environment-record.ts";
import type { EnvironmentResponse } from "./environment-schemas.ts";

/** The verification block for this reader: with the flag only where the task itself would show it (A5, "Leak risk"). */
function verificationFor(caller: Caller, { verification, taskOrganizationId }: EnvironmentRow) {
  if (verification === null || canSeeWithheld(caller, { id: taskOrganizationId })) return verification;
  const { value: _flag, ...rest } = verification;
  return rest;
}

/** What only some answers tell of an environment. */
interface Also {
  /** In the answer that makes the environment only. */
  token?: string | null;
  /** What its pool says it waits for. */
  wait?: WaitingFor | undefined;
}

/** A3 EnvironmentResponse. */
export function toEnvironment(row: EnvironmentRow, caller: Caller, { token, wait }: Also): EnvironmentResponse {
  const { kind, description, linux, network, services, streams, terminals } = traitsOf(row.provider);
  return {
    id: row.id,
    state: row.state,
    task_ref: row.taskRef,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
    execute_token: token ?? null,
    service_urls: row.serviceUrls,
    instruction: row.instruction,
    error: row.error,
    task_verification: verificationFor(caller, row),
    task: { org_key: row.taskOrganizationKey, name: row.taskName, version: row.taskVersion },
    project_id: row.projectId,
    sandbox_id: row.id,
    sandbox_state: sandboxStateOf(row),
    sandbox_provider: { kind, description, linux, network, services, streams, terminals },
    limits: row.limits ?? null,
    model_overrides: row.modelOverrides,
    warnings: row.warnings,
    waiting_for: wait ?? null,
    ended_at: row.endedAt?.toISOString() ?? null,
    end_reason: row.endReason,
  };
}

/** A3 EnvironmentStatusResponse. */
export function toStatus(row: EnvironmentRow, caller: Caller, also: Also) {
  const { id, state, expires_at, error, service_urls, instruction, task_verification, execute_token, waiting_for } =
    toEnvironment(row, caller, also);
  return { id, state, expires_at, error, service_urls, instruction, task_verification, execute_token, waiting_for };
}
