import { z } from "@hono/zod-openapi";
import { ITEM_STATUSES } from "./item-result.ts";

/** The numbers of an evaluation as clients see them (docs/evaluation-statistics.md). None comes without its n. */

const count = z.int().min(0);
const n = count.openapi({ description: "How many it is made of" });

/** A share with its 95% Wilson score interval; null without a single counted attempt. */
export const passRate = z
  .object({ value: z.number().nullable(), low: z.number().nullable(), high: z.number().nullable(), n })
  .openapi("PassRate", {
    example: { value: 0.75, low: 0.3006, high: 0.9544, n: 4 },
    description: "Passed of counted attempts (passed, failed, timed_out), with its 95% Wilson score interval",
  });

export const meanReward = z
  .object({ value: z.number().nullable(), standard_error: z.number().nullable(), n })
  .openapi("MeanReward", {
    example: { value: 0.75, standard_error: 0.25, n: 4 },
    description: "Mean reward of counted attempts. The standard error takes attempts at one task for one cluster",
  });

const atK = z
  .object({
    k: z.int().min(1),
    value: z.number().nullable(),
    tasks: count.openapi({ description: "Tasks with at least k counted attempts, whose mean it is" }),
  })
  .openapi("PassAtK", { example: { k: 1, value: 0.75, tasks: 2 } });

const quantiles = z
  .object({ p50: z.number().nullable(), p95: z.number().nullable(), n })
  .openapi("DurationQuantiles", { example: { p50: 1200, p95: 3400.5, n: 4 }, description: "Milliseconds" });

const usageSum = z
  .object({
    sum: z.number().nullable().openapi({ description: "Of the items that said it; null where none did" }),
    known: count.openapi({ description: "Items that said it" }),
    n: count.openapi({ description: "Items whose agent ran" }),
  })
  .openapi("UsageSum", { example: { sum: 18_250, known: 3, n: 4 } });

const numbers = {
  counts: z
    .record(z.enum(ITEM_STATUSES), count)
    .openapi({ example: { passed: 3, failed: 1 }, description: "Items per status, each status named" }),
  pass_rate: passRate,
  mean_reward: meanReward,
  pass_at_k: z
    .array(atK)
    .openapi({ description: "The chance that one of k attempts passes: unbiased, the mean over tasks" }),
  pass_hat_k: z
    .array(atK)
    .openapi({ description: "The chance that all of k attempts pass: unbiased, the mean over tasks" }),
  durations: z.object({ provision_ms: quantiles, agent_ms: quantiles, verify_ms: quantiles }),
  usage: z.object({
    input_tokens: usageSum,
    output_tokens: usageSum,
    cached_tokens: usageSum,
    cost_usd: usageSum,
  }),
};

export const summary = z.object(numbers).openapi("EvaluationSummary");
export const taskAnalytics = z
  .object({ task_ref: z.string(), task_name: z.string(), ...numbers })
  .openapi("EvaluationTaskAnalytics");
export const analytics = z
  .object({ ...numbers, tasks: z.array(taskAnalytics) })
  .openapi("EvaluationAnalytics", { description: "The numbers of all items, and the same per task" });

export type PassRate = z.infer<typeof passRate>;
export type MeanReward = z.infer<typeof meanReward>;
export type AtK = z.infer<typeof atK>;
export type Quantiles = z.infer<typeof quantiles>;
export type UsageSum = z.infer<typeof usageSum>;
export type Summary = z.infer<typeof summary>;
export type TaskAnalytics = z.infer<typeof taskAnalytics>;
export type Analytics = z.infer<typeof analytics>;
