import { type EvaluationDetailResponse, getEvaluation } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import type { Output } from "../output/output.ts";
import { safeLine } from "../output/safe-text.ts";
import { formatDuration, formatPercent } from "../output/units.ts";
import { findEvaluation } from "./find-evaluation.ts";
import { paintEvaluationStatus, paintItemStatus } from "./item-view.ts";

/** `taskyard eval show` */
export async function run(context: Context, reference: string, _options: CommonOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const path = { evaluation_id: await findEvaluation(session, reference, signal) };
  const evaluation = await getEvaluation(session.client, { path, signal });
  out.result(
    evaluation,
    () => describeEvaluation(out, evaluation),
    () => evaluation.id,
  );
}

/** The numbers of an evaluation; none stands without how many it is made of. */
export function describeEvaluation(out: Output, evaluation: EvaluationDetailResponse): string {
  const { analytics, counts } = evaluation;
  const { pass_rate: rate, durations, usage } = analytics;
  const shown = Object.entries(counts).filter(([, count]) => count > 0);
  const fields = out.fields([
    ["evaluation", evaluation.id],
    ["name", safeLine(evaluation.name)],
    ["model", safeLine(evaluation.model)],
    [
      "status",
      paintEvaluationStatus(out.paint, evaluation.status) +
        (evaluation.stop_reason ? ` (${evaluation.stop_reason})` : ""),
    ],
    ["items", shown.map(([status, count]) => `${count} ${paintItemStatus(out.paint, status)}`).join(", ")],
    ["pass rate", describeRate(rate)],
    ["pass@k", analytics.pass_at_k.map(({ k, value }) => `${k}: ${formatPercent(value)}`).join("   ")],
    ["pass^k", analytics.pass_hat_k.map(({ k, value }) => `${k}: ${formatPercent(value)}`).join("   ")],
    ["agent", describeTimes(durations.agent_ms)],
    ["tokens", describeTokens(usage)],
    [
      "cost",
      usage.cost_usd.sum === null
        ? null
        : `$${usage.cost_usd.sum.toFixed(2)} (${usage.cost_usd.known} of ${usage.cost_usd.n} items say it)`,
    ],
    ["took", evaluation.duration_ms === null ? null : formatDuration(evaluation.duration_ms)],
  ]);
  const table = out.table(
    ["TASK", "PASSED", "RATE (95% INTERVAL)", "AGENT P50"],
    analytics.tasks.map((task) => [
      task.task_ref,
      `${task.counts["passed"] ?? 0}/${Object.values(task.counts).reduce((sum, count) => sum + count, 0)}`,
      describeRate(task.pass_rate),
      task.durations.agent_ms.p50 === null ? "–" : formatDuration(task.durations.agent_ms.p50),
    ]),
  );
  return `${fields}\n\n${table}`;
}

function describeRate({
  value,
  low,
  high,
  n,
}: {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}): string {
  return value === null
    ? "not known yet"
    : `${formatPercent(value)}  (${formatPercent(low)} to ${formatPercent(high)}, n = ${n})`;
}

function describeTimes({ p50, p95, n }: { p50: number | null; p95: number | null; n: number }): string | null {
  if (p50 === null || p95 === null) return null;
  return `${formatDuration(p50)} in the middle, ${formatDuration(p95)} at the 95th percentile (n = ${n})`;
}

function describeTokens({
  input_tokens: input,
  output_tokens: output,
}: EvaluationDetailResponse["analytics"]["usage"]): string | null {
  if (input.sum === null && output.sum === null) return null;
  return `${formatCount(input.sum)} in, ${formatCount(output.sum)} out (${input.known} of ${input.n} items say it)`;
}

const formatCount = (sum: number | null) => sum?.toLocaleString("en") ?? "–";
