import { and, asc, eq } from "drizzle-orm";
import { v5 as nameUuid } from "uuid";
import type { z } from "@hono/zod-openapi";
import { findWorkspace } from "../../admin/organizations/workspace-store.ts";
import type { Caller } from "../../auth/caller.ts";
import { readConfig } from "../../config.ts";
import { connect, type Database } from "../../db/client.ts";
import { projects } from "../../db/schema.ts";
import { ApiError, type ErrorItem } from "../../http/errors/error-table.ts";
import { askAgain } from "../../objects/ask-again.ts";
import { chooseSecrets } from "../../secrets/choose-secrets.ts";
import { offeredKinds } from "../../sandbox/providers.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { AgentPlan } from "../model/plan.ts";
import type { Job } from "../model/job-view.ts";
import { resolveTaskSet } from "../../task-sets/resolve-task-set.ts";
import { openEvaluation } from "../object/evaluation-handle.ts";
import type { NewEvaluation, newEvaluation } from "./evaluation-schemas.ts";
import { planTasks, type TaskRow } from "./resolve-tasks.ts";

/** Problems that one answer names. */
const MAX_PROBLEMS = 100;

/**
 * Makes an evaluation and begins it (evaluations 2). Everything is checked before anything is stored; with the id of one that is
 * there it is that one. Throws ApiError: `not_found` for the workspace, `validation_failed` with every task that cannot be
 * evaluated.
 */
export async function createEvaluation(
  env: Cloudflare.Env,
  caller: Caller,
  ws: string,
  id: string,
  wanted: NewEvaluation,
): Promise<{ job: Job; workspaceKey: string }> {
  const db = connect(env.DB);
  const workspace = await findWorkspace(db, caller, ws);
  const project = await chooseProject(db, caller, workspace.id, wanted.project_id ?? null);
  refuseUnoffered(wanted);
  const { rows, taskSet } = await readRows(db, caller, wanted);
  const most = readConfig(env).EVALUATION_MAX_ITEMS;
  if (rows.length * wanted.attempts > most) {
    const msg = `These are ${rows.length * wanted.attempts} items; an evaluation has at most ${most}. Use fewer tasks or attempts.`;
    throw refuse([{ loc: ["body", "attempts"], msg, type: "too_many_items" }]);
  }
  const agent = toAgent(wanted);
  const { tasks, problems } = await planTasks(db, caller, rows, {
    agentSeconds: typeof wanted.agent === "object" ? (wanted.agent.timeout_sec ?? null) : null,
    mostSeconds: wanted.task_timeout_sec ?? null,
    passThreshold: wanted.task_config?.pass_threshold ?? null,
    timeoutsMayPass: wanted.task_config?.timeouts_may_pass ?? null,
    needsSolution: agent.kind === "oracle",
  });
  if (problems.length > 0) throw refuse(problems);
  // Better refused now than by each item.
  await chooseSecrets(db, caller, wanted.secret_ids ?? []);
  const record = toRecord(id, caller, workspace, project, agent, { ...wanted, task_set: taskSet });
  const planned = tasks.map((task) => ({ task, agentTaskId: nameUuid(`task ${task.ref}`, id) }));
  const job = await askAgain(() => openEvaluation(env, id).create(record, planned));
  return { job, workspaceKey: workspace.key };
}

function refuse(problems: readonly ErrorItem[]): ApiError {
  const errors = problems.slice(0, MAX_PROBLEMS);
  const more = problems.length > errors.length ? ` (${problems.length} in all)` : "";
  return new ApiError("validation_failed", `${errors[0]?.msg ?? "Request validation failed."}${more}`, { errors });
}

function refuseUnoffered({ sandbox_provider: provider }: NewEvaluation): void {
  const offered = offeredKinds();
  if (!provider || offered.includes(provider)) return;
  const msg = `This deployment has no '${provider}' sandboxes, only: ${offered.join(", ")}.`;
  throw refuse([{ loc: ["body", "sandbox_provider"], msg, type: "not_offered" }]);
}

/** The rows of the evaluation, from the one place that has them, and the version of the task set where it is one. */
async function readRows(
  db: Database,
  caller: Caller,
  { task_names: names, dataset, task_set: set }: NewEvaluation,
): Promise<{ rows: TaskRow[]; taskSet?: string }> {
  const given = [names, dataset, set].filter((source) => source !== undefined);
  if (given.length !== 1) {
    const msg = "Say by one of task_names, dataset and task_set which tasks are meant.";
    throw refuse([{ loc: ["body", "task_names"], msg, type: "tasks_missing" }]);
  }
  if (set !== undefined) {
    const found = await resolveTaskSet(db, caller, set);
    if (!found.ok) throw refuse([{ loc: ["body", "task_set"], msg: found.msg, type: found.type }]);
    const rows = found.tasks.map((reference) => ({ reference, inputs: {}, loc: ["body", "task_set"] }));
    return { rows, taskSet: found.ref };
  }
  if (names) {
    return { rows: names.map((reference, index) => ({ reference, inputs: {}, loc: ["body", "task_names", index] })) };
  }
  const isList = Array.isArray(dataset);
  const place = isList ? ["body", "dataset"] : ["body", "dataset", "rows"];
  const listed = (isList ? dataset : dataset?.rows) ?? [];
  return {
    rows: listed.map(({ task_name: reference, ...inputs }, index) => ({
      reference,
      inputs,
      loc: [...place, index, "task_name"],
    })),
  };
}

function toAgent({ agent }: NewEvaluation): AgentPlan {
  if (agent === "oracle" || agent === "nop") return { kind: agent };
  const { command = null, inside = false, env = {}, labels = [] } = agent ?? {};
  if (inside && command !== null) return { kind: "inside", command, env };
  return { kind: "outside", command, env, labels };
}

/** The project that runs belong to: the one that is asked for, the key's own, or the workspace's first. */
async function chooseProject(
  db: Database,
  { organizationId, projectId }: Caller,
  workspaceId: string,
  asked: string | null,
): Promise<{ id: string; number: number }> {
  const wanted = asked?.toLowerCase() ?? projectId;
  const inWorkspace = and(eq(projects.organizationId, organizationId), eq(projects.workspaceId, workspaceId));
  const isOwn = projectId === null || wanted === projectId;
  const [project] = isOwn
    ? await db
        .select({ id: projects.id, number: projects.number })
        .from(projects)
        .where(wanted === null ? inWorkspace : and(inWorkspace, eq(projects.id, wanted)))
        .orderBy(asc(projects.number))
        .limit(1)
    : [];
  if (project) return project;
  const msg =
    wanted === null
      ? "This workspace has no project for the runs: create one, or use another workspace."
      : `Project '${wanted}' is not in this workspace, or not one of this key.`;
  throw refuse([{ loc: ["body", "project_id"], msg, type: "project_not_found" }]);
}

function toRecord(
  id: string,
  caller: Caller,
  workspace: { id: string; key: string },
  project: { id: string; number: number },
  agent: AgentPlan,
  wanted: NewEvaluation,
): EvaluationRecord {
  return {
    id,
    organizationId: caller.organizationId,
    workspaceId: workspace.id,
    workspaceKey: workspace.key,
    project,
    creator: caller,
    name: wanted.name,
    model: wanted.model,
    params: toParams(wanted),
    tags: wanted.tags,
    metadata: wanted.metadata ?? null,
    agent,
    provider: wanted.sandbox_provider ?? null,
    secretIds: wanted.secret_ids ?? [],
    concurrency: wanted.concurrency,
    attempts: wanted.attempts,
    maxRetries: wanted.max_retries,
    keepsFailed: wanted.cleanup_policy === "on_success",
    maxCostUsd: wanted.max_cost_usd ?? null,
    cost: 0,
    costBase: 0,
    status: "pending",
    stopReason: null,
    cancelRequestedAt: null,
    createdAt: Date.now(),
    endedAt: null,
    ends: 0,
  };
}

/** What was asked for, as answers show it: without what may be long, and without values of variables, which may be secret. */
function toParams(wanted: z.output<typeof newEvaluation>): Record<string, unknown> {
  const { name: _name, model: _model, task_names, dataset, tags: _tags, metadata: _metadata, agent, ...rest } = wanted;
  const shown = typeof agent === "object" ? { ...agent, env: Object.keys(agent.env) } : (agent ?? null);
  const rows = Array.isArray(dataset) ? dataset : dataset?.rows;
  return { ...rest, agent: shown, task_names: task_names ?? null, dataset_rows: rows?.length ?? null };
}
