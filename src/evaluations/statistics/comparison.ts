import { bootstrapInterval } from "./bootstrap.ts";
import type { ComparedTask, Comparison } from "./comparison-schema.ts";
import { differenceInterval, passRateOf, type Passes } from "./intervals.ts";
import { isCounted, type ItemResult } from "./item-result.ts";
import { mcnemar } from "./mcnemar.ts";

/** The bootstrap's; the same two evaluations always get the same answer. */
const SEED = 1;

/**
 * Tasks that have to differ before a bootstrap may call a difference real: with five, all on one side, chance does as much
 * in one of sixteen cases (sign test), though their bootstrap interval leaves 0 out.
 */
const MIN_DIFFERING = 6;

const SIGNIFICANT = 0.05;

interface Task {
  name: string;
  passes: Passes;
}

/**
 * Whether b does the tasks that both did better than a, task by task and in all, and whether that is more than noise.
 * Tasks are the same where their task_ref is: another version is another task.
 */
export function compareEvaluations(a: Iterable<ItemResult>, b: Iterable<ItemResult>): Comparison {
  const [first, second] = [passesByTask(a), passesByTask(b)];
  const tasks: ComparedTask[] = [];
  const pairs: [Passes, Passes][] = [];
  for (const [ref, { name, passes }] of first) {
    const other = second.get(ref)?.passes;
    if (other === undefined || passes.n === 0 || other.n === 0) continue;
    tasks.push(comparedTask(ref, name, passes, other));
    pairs.push([passes, other]);
  }
  return {
    common_tasks: tasks.length,
    only_a: first.size - tasks.length,
    only_b: second.size - tasks.length,
    a: meanRate(tasks.map((task) => task.a.value)),
    b: meanRate(tasks.map((task) => task.b.value)),
    ...decide(
      tasks.map((task) => task.difference.value),
      pairs,
    ),
    tasks,
  };
}

function passesByTask(items: Iterable<ItemResult>): Map<string, Task> {
  const tasks = new Map<string, Task>();
  for (const { taskRef, taskName, status } of items) {
    const task = tasks.get(taskRef) ?? { name: taskName, passes: { passed: 0, n: 0 } };
    tasks.set(taskRef, task);
    if (!isCounted(status)) continue;
    task.passes.n++;
    if (status === "passed") task.passes.passed++;
  }
  return tasks;
}

function comparedTask(task_ref: string, task_name: string, a: Passes, b: Passes): ComparedTask {
  const { low, high } = differenceInterval(a, b);
  return {
    task_ref,
    task_name,
    a: passRateOf(a.passed, a.n),
    b: passRateOf(b.passed, b.n),
    difference: { value: b.passed / b.n - a.passed / a.n, low, high },
    within_noise: low <= 0 && high >= 0,
  };
}

function meanRate(rates: readonly (number | null)[]): Comparison["a"] {
  const n = rates.length;
  return { value: n === 0 ? null : rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0) / n, n };
}

type Decision = Pick<Comparison, "difference" | "mcnemar" | "method" | "within_noise" | "verdict">;

function decide(differences: readonly number[], pairs: readonly [Passes, Passes][]): Decision {
  const n = differences.length;
  if (n === 0) {
    return { difference: null, mcnemar: null, method: null, within_noise: null, verdict: "no_common_tasks" };
  }
  const value = differences.reduce((sum, each) => sum + each, 0) / n;
  const interval = bootstrapInterval(differences, SEED);
  const test = testOf(pairs);
  const real =
    test === null
      ? (interval.low > 0 || interval.high < 0) && differences.filter((each) => each !== 0).length >= MIN_DIFFERING
      : test.p_value < SIGNIFICANT;
  return {
    difference: { value, ...interval, n },
    mcnemar: test,
    method: test === null ? "paired_bootstrap" : "mcnemar",
    within_noise: !real,
    verdict: real ? (value > 0 ? "b_better" : "a_better") : "within_noise",
  };
}

/** McNemar's test, where it applies: one counted attempt each. */
function testOf(pairs: readonly [Passes, Passes][]): Comparison["mcnemar"] {
  if (pairs.some(([a, b]) => a.n !== 1 || b.n !== 1)) return null;
  const onlyA = pairs.filter(([a, b]) => a.passed > b.passed).length;
  const onlyB = pairs.filter(([a, b]) => b.passed > a.passed).length;
  return { only_a: onlyA, only_b: onlyB, p_value: mcnemar(onlyA, onlyB), n: pairs.length };
}
