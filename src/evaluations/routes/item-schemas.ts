import { z } from "@hono/zod-openapi";
import { pageFields } from "../../http/paging.ts";
import { END_REASONS } from "../model/end-reason.ts";
import type { EvaluationRecord } from "../model/evaluation.ts";
import type { TryState } from "../model/plan.ts";
import { durationsOf, passedOf } from "../model/results.ts";
import type { Item } from "../object/item-store.ts";
import { ITEM_STATUSES, type ItemUsage } from "../statistics/item-result.ts";
import { EVALUATION_PATH, evaluationPath } from "./evaluation-schemas.ts";

/** Items of evaluations as clients see them (evaluations 2, EvaluationItemResponse). */

export const ITEMS_PATH = `${EVALUATION_PATH}/items` as const;
export const ITEM_PATH = `${ITEMS_PATH}/{item_id}` as const;

export const ITEM_ID_EXAMPLE = "01a0b6a4-5c1e-5c3a-9d55-1f0c2a6be402";

export const itemPath = evaluationPath.extend({ item_id: z.uuid().openapi({ example: ITEM_ID_EXAMPLE }) });

const time = z.iso.datetime().nullable();
const milliseconds = z.number().nullable();
const rewards = z.record(z.string(), z.number()).nullable();
const endReason = z.enum(END_REASONS).nullable();

const usage = z
  .object({
    input_tokens: z.number().nullable(),
    output_tokens: z.number().nullable(),
    cached_tokens: z.number().nullable(),
    cost_usd: z.number().nullable(),
  })
  .nullable()
  .openapi("EvaluationItemUsage", { description: "What the agent has used; null where nobody said it" });

const tried = z
  .object({
    item_status: z.enum(ITEM_STATUSES),
    end_reason: endReason,
    error: z.string().nullable(),
    reward: z.number().nullable(),
    rewards,
    started_at: time,
    completed_at: time,
    environment_id: z.uuid().nullable(),
    run_id: z.uuid().nullable(),
    usage,
  })
  .openapi("EvaluationItemTry");

export const evaluationItem = z
  .object({
    id: z.uuid(),
    evaluation_id: z.uuid(),
    position: z.int(),
    item_status: z.enum(ITEM_STATUSES),
    task_name_snapshot: z.string(),
    task_ref: z.string().openapi({ description: "`org/name@version`: which version it was is fixed" }),
    attempt: z.int(),
    model: z.string(),
    passed: z
      .boolean()
      .nullable()
      .openapi({ description: "Null until it is known, and where nothing is said of the agent" }),
    reward: z.number().nullable(),
    rewards,
    end_reason: endReason,
    error: z.string().nullable(),
    result_json: z.object({ tries: z.array(tried).openapi({ description: "Earlier tries, oldest first" }) }),
    metadata_json: z.record(z.string(), z.unknown()).nullable().openapi({
      description: "Values of the instruction's placeholders, where the dataset has some",
    }),
    retry_count: z.int(),
    max_retries: z.int(),
    queued_at: z.iso.datetime(),
    started_at: time,
    agent_started_at: time,
    agent_finished_at: time,
    completed_at: time,
    lease_expires_at: time,
    durations: z.object({ provision_ms: milliseconds, agent_ms: milliseconds, verify_ms: milliseconds }),
    environment_id: z.uuid().nullable(),
    env_sandbox_id: z.uuid().nullable(),
    agent_sandbox_id: z.uuid().nullable(),
    run_id: z.uuid().nullable(),
    session_id: z.uuid().nullable(),
    usage,
    links: z
      .object({
        environment: z.string().nullable(),
        environment_logs: z.string().nullable(),
        run: z.string().nullable(),
        stream: z.string().nullable(),
        logs: z.string().nullable(),
        artifacts: z.string().nullable(),
        trajectory: z.string().nullable(),
      })
      .openapi({ description: "Paths of this API" }),
  })
  .openapi("EvaluationItemResponse");

export const itemList = z.object({ items: z.array(evaluationItem), ...pageFields }).openapi("EvaluationItemList");

const toTime = (milliseconds: number | null | undefined) =>
  milliseconds === null || milliseconds === undefined ? null : new Date(milliseconds).toISOString();

function toUsage(used: ItemUsage | null | undefined): z.output<typeof usage> {
  if (!used) return null;
  const { inputTokens, outputTokens, cachedTokens, costUsd } = used;
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cached_tokens: cachedTokens,
    cost_usd: costUsd,
  };
}

function toTry(state: TryState): z.output<typeof tried> {
  return {
    item_status: state.status,
    end_reason: state.endReason,
    error: state.error,
    reward: state.reward,
    rewards: state.rewards,
    started_at: toTime(state.startedAt),
    completed_at: toTime(state.completedAt),
    environment_id: state.environmentId,
    run_id: state.runId,
    usage: toUsage(state.usage),
  };
}

/** An item as its API shows it. */
export function toItem(record: EvaluationRecord, item: Item): z.output<typeof evaluationItem> {
  const { state, task } = item;
  const { provisionMs, agentMs, verifyMs } = durationsOf(state);
  const environmentId = state?.environmentId ?? null;
  return {
    id: item.id,
    evaluation_id: record.id,
    position: item.position,
    item_status: item.status,
    task_name_snapshot: task.name,
    task_ref: task.ref,
    attempt: item.attempt,
    model: record.model,
    passed: passedOf(item),
    reward: state?.reward ?? null,
    rewards: state?.rewards ?? null,
    end_reason: state?.endReason ?? null,
    error: state?.error ?? null,
    result_json: { tries: item.tries.map(toTry) },
    metadata_json: Object.keys(task.inputs).length === 0 ? null : task.inputs,
    retry_count: item.retries,
    max_retries: record.maxRetries,
    queued_at: new Date(item.queuedAt).toISOString(),
    started_at: toTime(state?.startedAt),
    agent_started_at: toTime(state?.agentStartedAt),
    agent_finished_at: toTime(state?.agentFinishedAt),
    completed_at: toTime(state?.completedAt),
    lease_expires_at: null,
    durations: { provision_ms: provisionMs, agent_ms: agentMs, verify_ms: verifyMs },
    environment_id: environmentId,
    env_sandbox_id: environmentId,
    agent_sandbox_id: null,
    run_id: state?.runId ?? null,
    session_id: state?.runId ?? null,
    usage: toUsage(state?.usage),
    links: linksOf(record, item),
  };
}

function below(parent: string | null, path: string): string | null {
  return parent === null ? null : `${parent}/${path}`;
}

function linksOf(record: EvaluationRecord, { id, state, agentTaskId }: Item) {
  const { organizationKey } = record.creator;
  const workspace = `/api/v1/org/${organizationKey}/ws/${record.workspaceKey}`;
  const environment = state?.environmentId ? `${workspace}/environments/${state.environmentId}` : null;
  const run = state?.runId ? `/api/projects/${record.project.number}/tasks/${agentTaskId}/runs/${state.runId}` : null;
  return {
    environment,
    environment_logs: below(environment, "logs"),
    run,
    stream: below(run, "stream"),
    logs: below(run, "logs"),
    artifacts: run,
    trajectory: run === null ? null : `${workspace}/evaluation/${record.id}/items/${id}/trajectory`,
  };
}
