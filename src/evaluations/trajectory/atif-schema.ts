import { z } from "@hono/zod-openapi";

/**
 * ATIF, the Agent Trajectory Interchange Format (contract of evaluations, section 4; Harbor's RFC 0001), as far as Taskyard
 * reads it. Fields of later versions than are named here pass as they are.
 */

/** What Taskyard writes: the version that all of its fields are in. */
export const ATIF_VERSION = "ATIF-v1.4";

const tokens = z.int().min(0).nullish();
const usd = z.number().min(0).nullish();
const extra = z.record(z.string(), z.unknown()).nullish();
/** Text, or from ATIF 1.6 on parts of which some may be images. */
const content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);

const toolCall = z.looseObject({
  tool_call_id: z.string(),
  function_name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
});

const metrics = z.looseObject({
  /** All of the prompt, what came from a cache included. */
  prompt_tokens: tokens,
  completion_tokens: tokens,
  cached_tokens: tokens,
  cost_usd: usd,
});

const step = z.looseObject({
  step_id: z.int(),
  timestamp: z.string().nullish(),
  source: z.enum(["system", "user", "agent"]),
  model_name: z.string().nullish(),
  message: content,
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  observation: z
    .looseObject({
      results: z.array(z.looseObject({ source_call_id: z.string().nullish(), content: content.nullish() })),
    })
    .nullish(),
  metrics: metrics.nullish(),
  extra,
});

export const trajectory = z
  .looseObject({
    schema_version: z.string().regex(/^ATIF-v1\.\d{1,3}$/, "must be ATIF-v1.x"),
    session_id: z.string().nullish(),
    agent: z.looseObject({ name: z.string(), version: z.string(), model_name: z.string().nullish(), extra }),
    steps: z.array(step).min(1, "has to have a step"),
    notes: z.string().nullish(),
    final_metrics: z
      .looseObject({
        total_prompt_tokens: tokens,
        total_completion_tokens: tokens,
        total_cached_tokens: tokens,
        total_cost_usd: usd,
        total_steps: z.int().min(0).nullish(),
      })
      .nullish(),
    extra,
  })
  .openapi("Trajectory", { description: "An ATIF trajectory" });

export type Trajectory = z.infer<typeof trajectory>;
export type TrajectoryStep = z.infer<typeof step>;
export type StepMetrics = z.infer<typeof metrics>;
