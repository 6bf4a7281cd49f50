import type { z } from "@hono/zod-openapi";
import { ITEM_STATUSES } from "../statistics/item-result.ts";
import type { Summary } from "../statistics/analytics-schema.ts";
import type { Comparison } from "../statistics/comparison-schema.ts";
import { EVALUATION_ID_EXAMPLE, type evaluationJob, type newEvaluation } from "./evaluation-schemas.ts";
import type { evaluationItem } from "./item-schemas.ts";

/** What the document shows of evaluations: one of two attempts at one task, of which one passed. */

export const NEW_EVALUATION_EXAMPLE: z.input<typeof newEvaluation> = {
  name: "nightly",
  model: "example/model",
  task_names: ["log-triage"],
  agent: "oracle",
  attempts: 2,
  concurrency: 2,
};

const noCounts = Object.fromEntries(ITEM_STATUSES.map((status) => [status, 0]));
const COUNTS = { ...noCounts, passed: 1, failed: 1 };

export const JOB_EXAMPLE: Omit<z.output<typeof evaluationJob>, "counts"> & { counts: Record<string, number> } = {
  id: EVALUATION_ID_EXAMPLE,
  name: "nightly",
  model: "example/model",
  status: "completed",
  agent_type: "oracle",
  params: { agent: "oracle", attempts: 2, concurrency: 2, task_names: ["log-triage"] },
  dataset_size: 1,
  scenario_count: 1,
  iterations: 2,
  total_samples: 2,
  counts: COUNTS,
  passed_count: 1,
  failed_count: 1,
  timed_out_count: 0,
  cancelled_count: 0,
  error_count: 0,
  pass_rate: 0.5,
  mean_scores: { reward: 0.5 },
  duration_ms: 8_400,
  timestamp: "2026-11-01T09:30:00.000Z",
  completed_at: "2026-11-01T09:30:08.400Z",
  stop_reason: null,
  tags: [],
  metadata: null,
  project_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003",
  task_id: null,
  trace_id: null,
  span_id: null,
  cancel_requested_at: null,
};

const NO_USAGE = { sum: null, known: 0, n: 2 };

const SUMMARY_EXAMPLE: Omit<Summary, "counts"> & { counts: Record<string, number> } = {
  counts: COUNTS,
  pass_rate: { value: 0.5, low: 0.0945, high: 0.9055, n: 2 },
  mean_reward: { value: 0.5, standard_error: null, n: 2 },
  pass_at_k: [
    { k: 1, value: 0.5, tasks: 1 },
    { k: 2, value: 1, tasks: 1 },
  ],
  pass_hat_k: [
    { k: 1, value: 0.5, tasks: 1 },
    { k: 2, value: 0, tasks: 1 },
  ],
  durations: {
    provision_ms: { p50: 310, p95: 350, n: 2 },
    agent_ms: { p50: 1_200, p95: 1_400, n: 2 },
    verify_ms: { p50: 90, p95: 110, n: 2 },
  },
  usage: { input_tokens: NO_USAGE, output_tokens: NO_USAGE, cached_tokens: NO_USAGE, cost_usd: NO_USAGE },
};

export const DETAIL_EXAMPLE = {
  ...JOB_EXAMPLE,
  analytics: {
    ...SUMMARY_EXAMPLE,
    tasks: [{ task_ref: "acme/log-triage@1.2.0", task_name: "log-triage", ...SUMMARY_EXAMPLE }],
  },
};

const ITEM_ID = "01a0b6a4-5c1e-5c3a-9d55-1f0c2a6be402";
const ENVIRONMENT_ID = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201";
const RUN_ID = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102";
const WORKSPACE = "/api/v1/org/acme/ws/main";
const RUN = `/api/projects/1/tasks/01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101/runs/${RUN_ID}`;

export const ITEM_EXAMPLE: z.output<typeof evaluationItem> = {
  id: ITEM_ID,
  evaluation_id: EVALUATION_ID_EXAMPLE,
  position: 0,
  item_status: "passed",
  task_name_snapshot: "log-triage",
  task_ref: "acme/log-triage@1.2.0",
  attempt: 1,
  model: "example/model",
  passed: true,
  reward: 1,
  rewards: null,
  end_reason: "reward_reached",
  error: null,
  result_json: { tries: [] },
  metadata_json: null,
  retry_count: 0,
  max_retries: 1,
  queued_at: "2026-11-01T09:30:00.000Z",
  started_at: "2026-11-01T09:30:00.010Z",
  agent_started_at: "2026-11-01T09:30:00.320Z",
  agent_finished_at: "2026-11-01T09:30:01.520Z",
  completed_at: "2026-11-01T09:30:01.640Z",
  lease_expires_at: null,
  durations: { provision_ms: 310, agent_ms: 1_200, verify_ms: 90 },
  environment_id: ENVIRONMENT_ID,
  env_sandbox_id: ENVIRONMENT_ID,
  agent_sandbox_id: null,
  run_id: RUN_ID,
  session_id: RUN_ID,
  usage: null,
  links: {
    environment: `${WORKSPACE}/environments/${ENVIRONMENT_ID}`,
    environment_logs: `${WORKSPACE}/environments/${ENVIRONMENT_ID}/logs`,
    run: RUN,
    stream: `${RUN}/stream`,
    logs: `${RUN}/logs`,
    artifacts: RUN,
    trajectory: `${WORKSPACE}/evaluation/${EVALUATION_ID_EXAMPLE}/items/${ITEM_ID}/trajectory`,
  },
};

export const PAGE_EXAMPLE = { page: 1, limit: 50, total: 1, total_pages: 1, has_next: false, has_previous: false };

export const TRACE_EXAMPLE = {
  evaluation_id: EVALUATION_ID_EXAMPLE,
  item_id: ITEM_ID,
  position: 0,
  item_status: "passed",
  task_name_snapshot: "log-triage",
  has_trace: true,
  trace_status: "completed",
  duration_ms: 1_200,
  timestamp: "2026-11-01T09:30:00.010Z",
  runtime_run_id: RUN_ID,
  trace_id: RUN_ID,
  span_id: null,
  trace_name: "acme/log-triage@1.2.0 #1",
  trace_type: "run",
};

export const COMPARISON_EXAMPLE: Comparison = {
  common_tasks: 1,
  only_a: 0,
  only_b: 0,
  a: { value: 0.5, n: 1 },
  b: { value: 1, n: 1 },
  difference: { value: 0.5, low: 0.5, high: 0.5, n: 1 },
  mcnemar: null,
  method: "paired_bootstrap",
  within_noise: true,
  verdict: "within_noise",
  tasks: [
    {
      task_ref: "acme/log-triage@1.2.0",
      task_name: "log-triage",
      a: { value: 0.5, low: 0.0945, high: 0.9055, n: 2 },
      b: { value: 1, low: 0.3424, high: 1, n: 2 },
      difference: { value: 0.5, low: -0.2, high: 0.91 },
      within_noise: true,
    },
  ],
};

export const TRAJECTORY_EXAMPLE = {
  schema_version: "ATIF-v1.4",
  session_id: RUN_ID,
  agent: { name: "inside", version: "unknown", model_name: "example/model" },
  steps: [
    { step_id: 1, source: "user", message: "Read /task/access.log and write the answer to /tmp/answer." },
    { step_id: 2, timestamp: "2026-11-01T09:30:01.000Z", source: "agent", message: "Done." },
  ],
  final_metrics: { total_prompt_tokens: 10, total_completion_tokens: 4, total_steps: 2 },
};
