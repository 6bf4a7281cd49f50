import { v7 as uuid } from "uuid";
import type { z } from "@hono/zod-openapi";
import { findWorkspace } from "../admin/workspace-store.ts";
import type { Caller } from "../auth/caller.ts";
import { readConfig } from "../config.ts";
import { connect, type Database } from "../db/client.ts";
import { ApiError } from "../http/errors.ts";
import { requireFound } from "../registry/read-access.ts";
import { findDetail } from "../registry/store.ts";
import type { DetailRow } from "../registry/task-view.ts";
import type { SandboxTask } from "../sandbox/port.ts";
import { offeredKinds } from "../sandbox/providers.ts";
import { hashToken, makeToken, unwrap } from "./environment-access.ts";
import { openEnvironment } from "./environment-handle.ts";
import { describeTask, type EnvironmentRecord, type EnvironmentRow, isOver } from "./environment-record.ts";
import type { newEnvironment } from "./schemas.ts";
import {
  findByIdempotencyKey,
  findPublicOwners,
  hasProject,
  insertWithinCapacity,
  removeEnvironment,
} from "./store.ts";

export type NewEnvironment = z.output<typeof newEnvironment>;

/** How long the answer waits for an environment that is quickly ready, in milliseconds; clients poll the others. */
const PATIENCE_MS = 2_000;

/** An environment with a token of its own for who asked; `null` once it is over. */
export interface CreatedEnvironment {
  row: EnvironmentRow;
  token: string | null;
  /** Whether it was made by an earlier request with the same idempotency key. */
  repeated: boolean;
}

/**
 * Makes an environment of a task and begins to provision it (A3). Asked again with the same idempotency key, it answers
 * with the same environment and another token that opens it. Throws ApiError: `not_found` for the workspace or the
 * task, `invalid_request` for what the request refers to, `conflict` for a key that was used for something else,
 * `sandbox_capacity_exceeded`.
 */
export async function createEnvironment(
  env: Cloudflare.Env,
  caller: Caller,
  ws: string,
  wanted: NewEnvironment,
  idempotencyKey: string | undefined,
): Promise<CreatedEnvironment> {
  const db = connect(env.DB);
  const workspace = await findWorkspace(db, caller, ws);
  const requestHash = await hashToken(JSON.stringify(wanted));
  const { organizationId } = caller;
  const repeat = async () => {
    const key = idempotencyKey ?? "";
    const made = await findByIdempotencyKey(db, organizationId, workspace.id, key);
    return made && (await admitAgain(env, caller, made, requestHash));
  };
  const before = idempotencyKey === undefined ? undefined : await repeat();
  if (before) return before;
  const detail = await findTask(db, caller, wanted.task_ref);
  const projectId = await chooseProject(db, caller, workspace.id, wanted.project_id ?? null);
  if ((wanted.secret_ids ?? []).length > 0) {
    throw new ApiError("invalid_request", "There are no secrets yet: leave secret_ids out, or empty.");
  }
  const token = makeToken();
  const owner = {
    organizationId,
    workspaceId: workspace.id,
    workspaceKey: workspace.key,
    projectId,
    createdBy: caller.userId,
    idempotencyKey: idempotencyKey ?? null,
    requestHash,
  };
  const record = beginRecord(env, wanted, detail, owner, await hashToken(token));
  const insertion = await insertWithinCapacity(db, record.row, readConfig(env).SANDBOX_CAPACITY);
  if (insertion === "full") throw new ApiError("sandbox_capacity_exceeded");
  if (insertion === "taken") {
    const made = await repeat();
    if (made) return made;
    throw new ApiError("conflict", "Another request with this Idempotency-Key has just failed: send it again.");
  }
  const row = await openEnvironment(env, record.row.id)
    .create(record, PATIENCE_MS)
    .catch(async (error: unknown) => {
      await removeEnvironment(db, record.row);
      throw error;
    });
  return { row, token, repeated: false };
}

async function admitAgain(
  env: Cloudflare.Env,
  caller: Caller,
  made: EnvironmentRow,
  requestHash: string,
): Promise<CreatedEnvironment> {
  if (made.requestHash !== requestHash) {
    throw new ApiError("conflict", "This Idempotency-Key was used for another request in this workspace.");
  }
  const token = makeToken();
  const scope = { organizationId: caller.organizationId, workspace: made.workspaceId, projectId: caller.projectId };
  const admitted = await openEnvironment(env, made.id).admit(scope, await hashToken(token));
  // Without its object yet: the first request is still at it, or was lost on the way.
  if (!admitted.ok && admitted.reason === "not_found" && made.revision === 0) {
    throw new ApiError("conflict", "The first request with this Idempotency-Key is not through yet: send it again.", {
      headers: { "Retry-After": "1" },
    });
  }
  const { row } = unwrap(admitted);
  return { row, token: isOver(row) ? null : token, repeated: true };
}

/** The task of a reference; without an organization the caller's own comes before a public one (A1). */
async function findTask(db: Database, caller: Caller, reference: string): Promise<DetailRow> {
  const [path = "", version = "latest"] = reference.split("@");
  const [name = "", org] = path.split("/").toReversed();
  if (org !== undefined) {
    return requireFound(await findDetail(db, caller, { org, name }, { version }), { org, name }, { version });
  }
  const own = { org: caller.organizationKey, name };
  const found = await findDetail(db, caller, own, { version });
  if (found) return requireFound(found, own, { version });
  const owners = await findPublicOwners(db, name);
  const [owner, ...others] = owners;
  if (others.length > 0) {
    const references = owners.map((key) => `${key}/${reference}`).join(", ");
    throw new ApiError(
      "invalid_request",
      `Several organizations have a public task '${name}': use one of ${references}.`,
    );
  }
  const task = { org: owner ?? own.org, name };
  return requireFound(await findDetail(db, caller, task, { version }), task, { version });
}

async function chooseProject(
  db: Database,
  caller: Caller,
  workspaceId: string,
  asked: string | null,
): Promise<string | null> {
  const projectId = asked?.toLowerCase() ?? caller.projectId;
  if (projectId === null) return null;
  const isOwn = caller.projectId === null || caller.projectId === projectId;
  if (isOwn && (await hasProject(db, caller.organizationId, workspaceId, projectId))) return projectId;
  throw new ApiError("invalid_request", `Project '${projectId}' is not in this workspace, or not one of this key.`);
}

type Owner = Pick<
  EnvironmentRow,
  "organizationId" | "workspaceId" | "workspaceKey" | "projectId" | "createdBy" | "idempotencyKey" | "requestHash"
>;

function beginRecord(
  env: Cloudflare.Env,
  wanted: NewEnvironment,
  detail: DetailRow,
  owner: Owner,
  tokenHash: string,
): EnvironmentRecord {
  const { SANDBOX_PROVIDER, SANDBOX_DEFAULT_SECONDS, SANDBOX_MAX_SECONDS } = readConfig(env);
  const provider = wanted.sandbox_provider ?? SANDBOX_PROVIDER;
  const offered = offeredKinds();
  if (!offered.includes(provider)) {
    throw new ApiError(
      "invalid_request",
      `This deployment has no '${provider}' sandboxes, only: ${offered.join(", ")}.`,
    );
  }
  const { organization, task, version } = detail;
  const now = Date.now();
  const seconds = Math.min(wanted.timeout_sec ?? SANDBOX_DEFAULT_SECONDS, SANDBOX_MAX_SECONDS);
  const known = { template: version.instruction, inputs: wanted.inputs ?? {}, task: toSandboxTask(detail) };
  const row: EnvironmentRow = {
    ...owner,
    ...describeTask(known, {}),
    id: uuid(),
    state: "provisioning",
    taskRef: wanted.task_ref,
    taskOrganizationId: organization.id,
    taskOrganizationKey: organization.key,
    taskName: task.name,
    taskVersion: version.version,
    provider,
    verification: version.verification,
    serviceUrls: null,
    modelOverrides: wanted.model_overrides ?? null,
    error: null,
    endReason: null,
    createdAt: new Date(now),
    expiresAt: new Date(now + seconds * 1000),
    endedAt: null,
    revision: 0,
  };
  const labels = wanted.runner_labels ?? [];
  return { ...known, row, labels, tokenHashes: [tokenHash], latestExpiry: now + SANDBOX_MAX_SECONDS * 1000 };
}

function toSandboxTask({ organization, task, version }: DetailRow): SandboxTask {
  return {
    organizationKey: organization.key,
    name: task.name,
    version: version.version,
    sha256: version.sha256,
    fileSize: version.fileSize,
    archiveKey: version.archiveKey,
    archiveEtag: version.archiveEtag,
    directoryOffset: version.directoryOffset,
    directorySize: version.directorySize,
    entryCount: version.entryCount,
    withheldPaths: version.withheldPaths,
    ports: version.ports,
    provision: version.provision,
    teardown: version.teardown,
  };
}
