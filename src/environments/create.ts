import { v7 as uuid } from "uuid";
import type { z } from "@hono/zod-openapi";
import { findWorkspace } from "../admin/organizations/workspace-store.ts";
import type { Caller } from "../auth/caller.ts";
import { hashText } from "../auth/text-hash.ts";
import { readConfig } from "../config.ts";
import { connect, type Database } from "../db/client.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { requireFound } from "../registry/read/read-access.ts";
import { findDetail } from "../registry/read/published-store.ts";
import type { DetailRow } from "../registry/read/published-task-view.ts";
import { chooseSecrets } from "../secrets/choose-secrets.ts";
import type { TaskServices } from "../sandbox/container-task.ts";
import type { SandboxTask } from "../sandbox/port.ts";
import { offeredKinds, traitsOf } from "../sandbox/providers.ts";
import { makeToken, unwrap } from "./environment-access.ts";
import { askAgain } from "../objects/ask-again.ts";
import { openEnvironment } from "./object/environment-handle.ts";
import { refuseUnfitTask, toContainerTask } from "./container-needs.ts";
import { describeTask, type EnvironmentRecord, type EnvironmentRow, isOver } from "./object/environment-record.ts";
import { type Inputs, missingServices, resolvedLength, templateVariables } from "./instruction.ts";
import type { newEnvironment } from "./environment-schemas.ts";
import {
  findByIdempotencyKey,
  findPublicOwners,
  hasProject,
  insertWithinCapacity,
  removeEnvironment,
} from "./environment-store.ts";

export type NewEnvironment = z.output<typeof newEnvironment>;

/** How long the answer waits for an environment that is quickly ready, in milliseconds; clients poll the others. */
const PATIENCE_MS = 2_000;

/** Characters of an instruction with its placeholders filled in: a row of D1 holds 2 MB. */
const INSTRUCTION_MAX_LENGTH = 400_000;

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
 * `sandbox_capacity_exceeded`. `more`: what nobody asks for over the API.
 */
export async function createEnvironment(
  env: Cloudflare.Env,
  caller: Caller,
  ws: string,
  wanted: NewEnvironment,
  idempotencyKey: string | undefined,
  more: Pick<EnvironmentRecord, "isShownLate"> = {},
): Promise<CreatedEnvironment> {
  const db = connect(env.DB);
  const workspace = await findWorkspace(db, caller, ws);
  const requestHash = await hashText(JSON.stringify(wanted));
  const { organizationId } = caller;
  const before =
    idempotencyKey === undefined
      ? undefined
      : await findByIdempotencyKey(db, organizationId, workspace.id, idempotencyKey);
  const made = before && (await admitAgain(env, caller, before, requestHash));
  if (made) return made;
  const detail = await findTask(db, caller, wanted.task_ref);
  const projectId = await chooseProject(db, caller, workspace.id, wanted.project_id ?? null);
  const secrets = await chooseSecrets(db, caller, wanted.secret_ids ?? []);
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
  const begun = beginRecord(env, wanted, detail, owner, await hashText(token), before?.id ?? uuid());
  const record = { ...begun, ...more, ...(secrets.length > 0 && { secrets }) };
  if (!before) {
    const insertion = await insertWithinCapacity(db, record.row, readConfig(env).SANDBOX_CAPACITY);
    if (insertion === "full") throw new ApiError("sandbox_capacity_exceeded");
    // The row of the request that was quicker is there now, and stays.
    if (insertion === "taken") return createEnvironment(env, caller, ws, wanted, idempotencyKey, more);
  }
  const create = () => openEnvironment(env, record.row.id).create(record, PATIENCE_MS);
  const row = await askAgain(create).catch(async (error: unknown) => {
    // With a key the same request goes on with the row; without one nobody could.
    if (idempotencyKey === undefined) await removeEnvironment(db, record.row);
    throw error;
  });
  return { row, token, repeated: before !== undefined };
}

/** What an earlier request has made; undefined when it has stored its row and did not come to more, or not yet. */
async function admitAgain(
  env: Cloudflare.Env,
  caller: Caller,
  made: EnvironmentRow,
  requestHash: string,
): Promise<CreatedEnvironment | undefined> {
  if (made.requestHash !== requestHash) {
    throw new ApiError("conflict", "This Idempotency-Key was used for another request in this workspace.");
  }
  const isUnmade = made.revision === 0;
  // Swept (environment-projection.ts): it had its time.
  if (isUnmade && isOver(made)) return { row: made, token: null, repeated: true };
  const token = makeToken();
  const scope = { organizationId: caller.organizationId, workspace: made.workspaceId, projectId: caller.projectId };
  const admitted = await openEnvironment(env, made.id).admit(scope, await hashText(token));
  if (!admitted.ok && admitted.reason === "not_found" && isUnmade) return undefined;
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
  id: string,
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
  refuseUnfitTask(version.harbor, provider);
  const inputs = wanted.inputs ?? {};
  const services = traitsOf(provider).services ? servicesToStart(version, inputs) : null;
  const known = { template: version.instruction, inputs, task: { ...toSandboxTask(detail), services } };
  const length = resolvedLength(known.template ?? "", templateVariables({}, known.inputs));
  if (length > INSTRUCTION_MAX_LENGTH) {
    throw new ApiError("invalid_request", `With these inputs the instruction has ${length} characters, too many.`);
  }
  const row: EnvironmentRow = {
    ...owner,
    ...describeTask(known, {}),
    id,
    state: "provisioning",
    taskRef: wanted.task_ref,
    taskOrganizationId: organization.id,
    taskOrganizationKey: organization.key,
    taskName: task.name,
    taskVersion: version.version,
    provider,
    verification: version.verification,
    serviceUrls: null,
    limits: null,
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

/** None where the creator knows an address of each of them. */
function servicesToStart(
  { ports, provision }: Pick<DetailRow["version"], "ports" | "provision">,
  inputs: Inputs,
): TaskServices | null {
  if (!ports || missingServices(ports, {}, inputs).length === 0) return null;
  return { ports, by: provision?.starts_services === true ? "script" : "compose" };
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
    archiveRoot: version.archiveRoot,
    withheldPaths: version.withheldPaths,
    ports: version.ports,
    provision: version.provision,
    teardown: version.teardown,
    container: version.harbor && toContainerTask(version.harbor),
  };
}
