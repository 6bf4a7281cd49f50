import { isCounted } from "../statistics/item-result.ts";
import type { ExportedItem } from "./exported-item.ts";

/** The JSON files of a job folder as Harbor writes and reads them (its models JobConfig, JobResult, TrialConfig, TrialResult). */

/** What is the same for all items of an evaluation. */
export interface ExportedEvaluation {
  evaluationId: string;
  name: string;
  model: string;
  attempts: number;
  concurrency: number;
  agent: { name: string; version: string };
  /** Task refs, versions fixed: `org/name@version`. */
  taskRefs: readonly string[];
  startedAt: string;
  completedAt: string | null;
}

/** What a trial is called, and its folder: Harbor's `<task>__<something>`, here the position, which no other item has. */
export function trialName({ taskName, position }: ExportedItem): string {
  const name = (taskName.split("/").at(-1) ?? "").replaceAll(/[^\w.-]/g, "_");
  return `${name.slice(0, 32).replace(/[_.-]+$/, "") || "task"}__${String(position).padStart(5, "0")}`;
}

/** A task of a registry as Harbor names it. */
function taskOf(ref: string): { name: string; ref?: string } {
  const [name = ref, version] = ref.split("@");
  return { name, ...(version !== undefined && { ref: version }) };
}

const agentConfig = ({ agent, model }: ExportedEvaluation) => ({ name: agent.name, model_name: model });

/** `config.json` of the job. */
export function jobConfig(evaluation: ExportedEvaluation): Record<string, unknown> {
  return {
    job_name: evaluation.name,
    jobs_dir: "jobs",
    n_attempts: evaluation.attempts,
    timeout_multiplier: 1,
    n_concurrent_trials: evaluation.concurrency,
    agents: [agentConfig(evaluation)],
    datasets: [],
    tasks: evaluation.taskRefs.map(taskOf),
  };
}

/** `config.json` of a trial. */
export function trialConfig(evaluation: ExportedEvaluation, item: ExportedItem): Record<string, unknown> {
  return {
    task: taskOf(item.taskRef),
    trial_name: trialName(item),
    trials_dir: `jobs/${evaluation.name}`,
    timeout_multiplier: 1,
    agent: agentConfig(evaluation),
    job_id: evaluation.evaluationId,
  };
}

/** `result.json` of a trial. */
export function trialResult(evaluation: ExportedEvaluation, item: ExportedItem): Record<string, unknown> {
  const { name, ref } = taskOf(item.taskRef);
  const [org = "", task = ""] = name.split("/");
  const { usage } = item;
  return {
    id: item.itemId,
    task_name: name,
    trial_name: trialName(item),
    trial_uri: `jobs/${evaluation.name}/${trialName(item)}`,
    task_id: { org, name: task, ref: ref ?? null },
    source: null,
    task_checksum: item.taskRef,
    config: trialConfig(evaluation, item),
    agent_info: { ...evaluation.agent, model_info: modelInfo(item.model) },
    agent_result: {
      n_input_tokens: usage?.inputTokens ?? null,
      n_cache_tokens: usage?.cachedTokens ?? null,
      n_output_tokens: usage?.outputTokens ?? null,
      cost_usd: usage?.costUsd ?? null,
      rollout_details: null,
      metadata: null,
    },
    verifier_result: rewardsOf(item) && { rewards: rewardsOf(item) },
    exception_info: exceptionInfo(evaluation, item),
    started_at: item.startedAt,
    finished_at: item.completedAt,
    ...timings(item),
  };
}

function rewardsOf({ reward, rewards }: ExportedItem): Record<string, number> | null {
  return rewards ?? (reward === null ? null : { reward });
}

/** `provider/model`, as Harbor writes models. */
function modelInfo(model: string): { name: string; provider: string } {
  const slash = model.indexOf("/");
  return slash === -1
    ? { name: model, provider: "unknown" }
    : { name: model.slice(slash + 1), provider: model.slice(0, slash) };
}

/** What Harbor calls an end that is no verdict; undefined for one that is, and for an item that goes on. */
export function exceptionType({ status, endReason }: ExportedItem): string | undefined {
  if (status === "timed_out") return "AgentTimeoutError";
  if (status === "cancelled") return "CancelledError";
  if (status !== "infra_error") return undefined;
  return endReason === "verifier_no_reward" ? "RewardFileNotFoundError" : "EnvironmentError";
}

function exceptionInfo({ startedAt }: ExportedEvaluation, item: ExportedItem): Record<string, string> | null {
  const type = exceptionType(item);
  return type === undefined
    ? null
    : {
        exception_type: type,
        exception_message: [item.endReason, item.error].filter((part) => part !== null).join(": "),
        exception_traceback: "",
        occurred_at: item.completedAt ?? item.agentFinishedAt ?? item.startedAt ?? startedAt,
      };
}

/** When each phase was, as far as the item's times and durations tell. */
function timings(item: ExportedItem): Record<string, unknown> {
  const { startedAt, agentFinishedAt, completedAt, provisionMs, agentMs, verifyMs } = item;
  return {
    environment_setup: phaseFrom(startedAt, provisionMs),
    agent_setup: null,
    agent_execution: phaseUntil(agentFinishedAt, agentMs),
    verifier: phaseUntil(completedAt, verifyMs),
  };
}

const later = (time: string, ms: number) => new Date(Date.parse(time) + ms).toISOString();

function phaseFrom(start: string | null, ms: number | null): Record<string, string> | null {
  return start === null || ms === null ? null : { started_at: start, finished_at: later(start, ms) };
}

function phaseUntil(end: string | null, ms: number | null): Record<string, string> | null {
  return end === null || ms === null ? null : { started_at: later(end, -ms), finished_at: end };
}

/** Adds up `result.json` of the job from its trials. Holds a name an item. */
export class JobSummary {
  #trials = 0;
  #errors = 0;
  #counted = 0;
  #rewardSum = 0;
  readonly #rewards = new Map<number, string[]>();
  readonly #exceptions = new Map<string, string[]>();

  add(item: ExportedItem): void {
    const name = trialName(item);
    this.#trials++;
    const exception = exceptionType(item);
    if (exception !== undefined) {
      this.#errors++;
      append(this.#exceptions, exception, name);
    }
    if (item.reward === null) return;
    append(this.#rewards, item.reward, name);
    if (!isCounted(item.status)) return;
    this.#counted++;
    this.#rewardSum += item.reward;
  }

  result(evaluation: ExportedEvaluation): Record<string, unknown> {
    const counts = { n_trials: this.#trials, n_errors: this.#errors };
    return {
      id: evaluation.evaluationId,
      started_at: evaluation.startedAt,
      finished_at: evaluation.completedAt,
      n_total_trials: this.#trials,
      stats: {
        ...counts,
        // The same under the names of later versions.
        n_completed_trials: this.#trials,
        n_errored_trials: this.#errors,
        evals: {
          [`${evaluation.agent.name}__${evaluation.model}__${evaluation.name}`]: {
            ...counts,
            metrics: [{ mean: this.#counted === 0 ? null : this.#rewardSum / this.#counted }],
            reward_stats: { reward: Object.fromEntries(this.#rewards) },
            exception_stats: Object.fromEntries(this.#exceptions),
          },
        },
      },
    };
  }
}

function append<K>(names: Map<K, string[]>, key: K, name: string): void {
  const list = names.get(key);
  if (list === undefined) names.set(key, [name]);
  else list.push(name);
}
