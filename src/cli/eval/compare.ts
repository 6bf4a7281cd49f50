import { compareEvaluations } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { formatPercent } from "../output/units.ts";
import { findEvaluation } from "./find-evaluation.ts";

const VERDICTS = {
  a_better: "The first is better, by more than noise.",
  b_better: "The second is better, by more than noise.",
  within_noise: "The difference is within noise.",
  no_common_tasks: "They have no task in common that counts in both.",
} as const;

/** `taskyard eval compare` */
export async function run(context: Context, first: string, second: string, _options: CommonOptions): Promise<void> {
  const { out, signal } = context;
  const session = await context.session();
  const ids = [await findEvaluation(session, first, signal), await findEvaluation(session, second, signal)];
  const comparison = await compareEvaluations(session.client, { query: { ids: ids.join(",") }, signal });
  const { a, b, difference, mcnemar, verdict, tasks } = comparison;
  out.result(
    comparison,
    () =>
      `${out.fields([
        ["first", `${formatPercent(a.value)} (n = ${a.n})`],
        ["second", `${formatPercent(b.value)} (n = ${b.n})`],
        [
          "difference",
          difference &&
            `${signed(difference.value)} (95% interval ${signed(difference.low)} to ${signed(difference.high)}, n = ${difference.n})`,
        ],
        ["McNemar", mcnemar && `p = ${mcnemar.p_value.toPrecision(2)} (n = ${mcnemar.n})`],
        ["common tasks", String(comparison.common_tasks)],
        ["verdict", out.paint("bold", VERDICTS[verdict])],
      ])}\n\n${out.table(
        ["TASK", "FIRST", "SECOND", "DIFFERENCE", ""],
        tasks.map((task) => [
          task.task_ref,
          `${formatPercent(task.a.value)} (${task.a.n})`,
          `${formatPercent(task.b.value)} (${task.b.n})`,
          signed(task.difference.value),
          task.within_noise
            ? "within noise"
            : out.paint(task.difference.value > 0 ? "green" : "red", "more than noise"),
        ]),
      )}`,
    () => verdict,
  );
}

const signed = (value: number) => `${value > 0 ? "+" : ""}${Math.round(value * 100)}%`;
