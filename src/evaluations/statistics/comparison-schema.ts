import { z } from "@hono/zod-openapi";
import { passRate } from "./analytics-schema.ts";

/** The comparison of two evaluations as clients see it (docs/evaluation-statistics.md). */

const difference = z.object({ value: z.number(), low: z.number(), high: z.number() });

const comparedTask = z
  .object({
    task_ref: z.string(),
    task_name: z.string(),
    a: passRate,
    b: passRate,
    difference: difference.openapi({ description: "b - a, with its 95% interval (Newcombe)" }),
    within_noise: z.boolean().openapi({ description: "Whether the interval has 0 in it" }),
  })
  .openapi("ComparedTask");

export const comparison = z
  .object({
    common_tasks: z.int().openapi({ description: "Tasks with counted attempts in both; only these are compared" }),
    only_a: z.int().openapi({ description: "Further tasks of a: not in b, or without a counted attempt in either" }),
    only_b: z.int().openapi({ description: "Further tasks of b, likewise" }),
    a: z
      .object({ value: z.number().nullable(), n: z.int() })
      .openapi({ description: "Mean pass rate of common tasks" }),
    b: z
      .object({ value: z.number().nullable(), n: z.int() })
      .openapi({ description: "Mean pass rate of common tasks" }),
    difference: difference.extend({ n: z.int() }).nullable().openapi({
      description: "b - a, with the 95% interval of a paired bootstrap over tasks; null without common tasks",
    }),
    mcnemar: z
      .object({ only_a: z.int(), only_b: z.int(), p_value: z.number(), n: z.int() })
      .nullable()
      .openapi({ description: "McNemar's exact test, where each common task has one counted attempt in both" }),
    method: z.enum(["mcnemar", "paired_bootstrap"]).nullable().openapi({ description: "What the verdict stands on" }),
    within_noise: z.boolean().nullable(),
    verdict: z.enum(["a_better", "b_better", "within_noise", "no_common_tasks"]),
    tasks: z.array(comparedTask),
  })
  .openapi("EvaluationComparison");

export type Comparison = z.infer<typeof comparison>;
export type ComparedTask = z.infer<typeof comparedTask>;
