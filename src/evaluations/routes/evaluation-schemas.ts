import { z } from "@hono/zod-openapi";
import { workspacePath } from "../../admin/fields.ts";
import { pageFields } from "../../http/paging.ts";
import { label, MAX_LABELS } from "../../pool/pool-protocol.ts";
import { SANDBOX_KINDS } from "../../sandbox/port.ts";
import { EVALUATION_STATUSES } from "../model/evaluation.ts";
import { analytics } from "../statistics/analytics-schema.ts";
import { ITEM_STATUSES } from "../statistics/item-result.ts";

/** What clients of evaluations send and see (evaluations 2). */

export const EVALUATIONS_PATH = "/api/v1/org/{org}/ws/{ws}/evaluation";
export const EVALUATION_PATH = `${EVALUATIONS_PATH}/{evaluation_id}` as const;

export const EVALUATION_ID_EXAMPLE = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be401";

export const evaluationPath = workspacePath.extend({
  evaluation_id: z.uuid().openapi({ example: EVALUATION_ID_EXAMPLE }),
});

/** A task reference (A1): `[org/]name[@version]`. */
const taskReference = z
  .string()
  .regex(
    /^(?:[a-z0-9][a-z0-9-]{0,62}\/)?[a-z0-9][a-z0-9-]{0,127}(?:@(?:latest|\d{1,9}\.\d{1,9}\.\d{1,9}))?$/,
    "must be [org/]name[@version]",
  );

const NAME_MAX_LENGTH = 255;
const MAX_REFERENCES = 1_000;
const MAX_ROWS = 10_000;
const MAX_VARIABLES = 50;
const MAX_TAGS = 50;
const COMMAND_MAX_LENGTH = 100_000;
/** Seconds of an agent at most: the tokens of its run are good for seven hours. */
const AGENT_MAX_SECONDS = 6 * 3_600;

const datasetRow = z.object({ task_name: taskReference }).catchall(z.unknown());
const datasetRows = z.array(datasetRow).min(1).max(MAX_ROWS);

const agentCommand = z
  .object({
    command: z.string().min(1).max(COMMAND_MAX_LENGTH).nullish().openapi({ example: "my-agent --quiet" }),
    inside: z.boolean().default(false).openapi({
      description: "Whether the command runs in the environment itself, rather than as the agent of a runner",
    }),
    env: z
      .record(z.string().regex(/^[A-Za-z_]\w{0,127}$/, "is no name of a variable"), z.string().max(COMMAND_MAX_LENGTH))
      .refine((env) => Object.keys(env).length <= MAX_VARIABLES, `has more than ${MAX_VARIABLES} variables`)
      .default({}),
    timeout_sec: z.int().min(1).max(AGENT_MAX_SECONDS).nullish().openapi({
      description: "Seconds that the agent has for each task; the task's own where it is left out",
    }),
    labels: z.array(label).max(MAX_LABELS).default([]).openapi({
      description: "Labels that the runner has to have",
    }),
  })
  .refine(({ command, inside }) => !inside || (command ?? "") !== "", {
    path: ["command"],
    error: "is missing: an agent inside of the environment is a command",
  });

const namedAgent = z.enum(["oracle", "nop"]);

export const newEvaluation = z
  .object({
    name: z.string().min(1).max(NAME_MAX_LENGTH),
    model: z.string().min(1).max(NAME_MAX_LENGTH).openapi({
      description: "What the agent works with. Kept, shown, and told to the agent as TASKYARD_MODEL",
    }),
    task_names: z.array(taskReference).min(1).max(MAX_REFERENCES).optional().openapi({
      description: "Tasks, as `[org/]name[@version]`. One of `task_names`, `dataset` and `task_set` is needed",
    }),
    dataset: z
      .union([datasetRows, z.object({ rows: datasetRows })], {
        error: "must be a list of rows with a task_name each, or an object with such a list as its rows",
      })
      .optional()
      .openapi({
        description: "Rows with a `task_name` each; the rest of a row are values of the instruction's placeholders",
      }),
    task_set: z.string().min(1).max(NAME_MAX_LENGTH).optional().openapi({
      description: "A task set, as `[org/]name[@version]`; the answer's `params` say which version it was",
    }),
    agent: z
      .union([namedAgent, agentCommand], {
        error: `must be "oracle", "nop", or an object with a command and what belongs to it: inside, env, timeout_sec, labels`,
      })
      .optional()
      .openapi({
        description:
          "`oracle` carries out the task's own solution, `nop` does nothing; an object is a command. Without it the agent of a runner does the tasks",
      }),
    concurrency: z.int().min(1).max(100).default(1).openapi({ description: "Items that are at work at once" }),
    attempts: z.int().min(1).max(100).default(1).openapi({ description: "Attempts at each task" }),
    max_retries: z.int().min(0).max(10).default(1).openapi({
      description: "How often an item is tried again whose infrastructure failed",
    }),
    cleanup_policy: z.enum(["always", "on_success"]).default("always").openapi({
      description: "`on_success`: environments of items that did not pass stay until their time is up",
    }),
    task_timeout_sec: z.int().min(1).max(AGENT_MAX_SECONDS).nullish().openapi({
      description: "Seconds that an agent has at most for a task, whatever the task says",
    }),
    max_cost_usd: z.number().positive().nullish().openapi({
      description: "Once items have cost so much, no further one begins: it is `cancelled` for `budget`",
    }),
    kind: z.literal("security_task_benchmark").default("security_task_benchmark"),
    sandbox_provider: z.enum(SANDBOX_KINDS).nullish().openapi({ description: "As for environments" }),
    secret_ids: z.array(z.string().min(1).max(200)).max(MAX_VARIABLES).nullish(),
    project_id: z.uuid().nullish().openapi({
      description: "A project of the workspace, which the runs belong to; the workspace's first one when left out",
    }),
    agent_type: z.string().max(NAME_MAX_LENGTH).nullish(),
    capability: z.string().max(NAME_MAX_LENGTH).nullish(),
    runtime_id: z.string().max(NAME_MAX_LENGTH).nullish(),
    task_config: z
      .looseObject({
        pass_threshold: z
          .number()
          .optional()
          .openapi({ description: "The reward from which on an item passes, in place of the task's own" }),
        timeouts_may_pass: z.boolean().optional().openapi({
          description:
            "Whether an item passes whose agent's time was up and whose reward is enough, in place of what the task says",
        }),
      })
      .nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    tags: z.array(z.string().min(1).max(100)).max(MAX_TAGS).default([]),
  })
  .openapi("CreateEvaluationRequest");

export type NewEvaluation = z.output<typeof newEvaluation>;

const count = z.int().min(0);
const time = z.iso.datetime();

export const evaluationJob = z
  .object({
    id: z.uuid(),
    name: z.string(),
    model: z.string(),
    status: z.enum(EVALUATION_STATUSES),
    agent_type: z.string(),
    params: z.record(z.string(), z.unknown()).openapi({ description: "What was asked for" }),
    dataset_size: count.openapi({ description: "Tasks, or rows of the dataset" }),
    scenario_count: count,
    iterations: count.openapi({ description: "Attempts at each task" }),
    total_samples: count.openapi({ description: "Items: tasks times attempts" }),
    counts: z.record(z.enum(ITEM_STATUSES), count),
    passed_count: count,
    failed_count: count,
    timed_out_count: count,
    cancelled_count: count,
    error_count: count.openapi({ description: "Items whose infrastructure failed: they are in no rate" }),
    pass_rate: z.number().nullable().openapi({ description: "Null before the first item that counts" }),
    mean_scores: z.record(z.string(), z.number()).openapi({ description: "Means of the verifiers' numbers" }),
    duration_ms: count.nullable(),
    timestamp: time.openapi({ description: "When it was made" }),
    completed_at: time.nullable(),
    stop_reason: z.enum(["user", "budget"]).nullable(),
    tags: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    project_id: z.uuid(),
    task_id: z.string().nullable(),
    trace_id: z.string().nullable(),
    span_id: z.string().nullable(),
    cancel_requested_at: time.nullable(),
  })
  .openapi("EvaluationJobResponse");

export const createdEvaluation = evaluationJob.extend({
  warnings: z.array(z.string()).openapi({ description: "What of the request was ignored" }),
});

export const analysedEvaluation = evaluationJob
  .extend({ analytics })
  .openapi("EvaluationDetailResponse", { description: "An evaluation with all of its numbers" });

export const evaluationList = z
  .object({ evaluations: z.array(evaluationJob), ...pageFields })
  .openapi("EvaluationList");

export const retriedEvaluation = evaluationJob.extend({
  queued: count.openapi({ description: "Items that were queued again" }),
});
