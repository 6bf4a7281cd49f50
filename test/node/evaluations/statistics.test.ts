import { readFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { END_REASONS, endingOf } from "../../../src/evaluations/model/end-reason.ts";
import { analytics, type Analytics } from "../../../src/evaluations/statistics/analytics-schema.ts";
import { compareEvaluations } from "../../../src/evaluations/statistics/comparison.ts";
import { comparison } from "../../../src/evaluations/statistics/comparison-schema.ts";
import { differenceInterval, passRateOf } from "../../../src/evaluations/statistics/intervals.ts";
import { ITEM_STATUSES, type ItemResult, type ItemStatus } from "../../../src/evaluations/statistics/item-result.ts";
import { mcnemar } from "../../../src/evaluations/statistics/mcnemar.ts";
import { analyticsOf } from "../../../src/evaluations/statistics/tally.ts";

const COUNTED = new Set<ItemStatus>(["passed", "failed", "timed_out"]);

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const tokens = maybe(fc.nat(1_000_000));

const result: fc.Arbitrary<Omit<ItemResult, "taskRef" | "taskName" | "attempt">> = fc.record({
  // Half of them count, so that tasks have several counted attempts.
  status: fc.oneof(fc.constantFrom(...ITEM_STATUSES), fc.constantFrom<ItemStatus>("passed", "failed", "timed_out")),
  reward: maybe(fc.double({ min: -1, max: 2, noNaN: true })),
  provisionMs: maybe(fc.nat(100_000)),
  agentMs: maybe(fc.nat(100_000)),
  verifyMs: maybe(fc.nat(100_000)),
  usage: maybe(
    fc.record({
      inputTokens: tokens,
      outputTokens: tokens,
      cachedTokens: tokens,
      costUsd: maybe(fc.nat(10_000_000).map((micros) => micros / 1e6)),
    }),
  ),
});

/** Up to five tasks with up to seven attempts each. */
const evaluation: fc.Arbitrary<ItemResult[]> = fc
  .array(fc.array(result, { minLength: 1, maxLength: 7 }), { maxLength: 5 })
  .map((tasks) =>
    tasks.flatMap((attempts, task) =>
      attempts.map((each, index) => ({
        ...each,
        taskRef: `acme/task-${task}@1.0.0`,
        taskName: `task-${task}`,
        attempt: index + 1,
      })),
    ),
  );

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const mean = (numbers: readonly number[]) => (numbers.length === 0 ? null : sum(numbers) / numbers.length);
const counted = (items: readonly ItemResult[]) => items.filter(({ status }) => COUNTED.has(status));
const tasksOf = (items: readonly ItemResult[]) => [...Map.groupBy(items, ({ taskRef }) => taskRef).values()];
const known = (values: readonly (number | null | undefined)[]) => values.filter((each) => typeof each === "number");

function near(actual: number | null = null, expected: number | null): void {
  const distance = actual === null || expected === null ? Number(actual !== expected) : Math.abs(actual - expected);
  expect(distance, `${actual} instead of ${expected}`).toBeLessThan(1e-9);
}

/** Every way to draw k of the attempts. */
function* draws<T>(attempts: readonly T[], k: number): Generator<T[]> {
  if (k === 0) yield [];
  for (const [index, first] of k === 0 ? [] : attempts.entries()) {
    for (const rest of draws(attempts.slice(index + 1), k - 1)) yield [first, ...rest];
  }
}

/** The share of draws of k counted attempts at a task of which `enough` of the draw passed. */
function enumerated(items: readonly ItemResult[], k: number, enough: "some" | "every"): number | null {
  const all = [...draws(counted(items), k)];
  return mean(all.map((draw) => (draw[enough](({ status }) => status === "passed") ? 1 : 0)));
}

/** By sorting and counting out the two neighbours. */
function slowQuantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below === undefined ? null : below + (at % 1) * ((sorted[Math.ceil(at)] ?? below) - below);
}

type Check = (items: ItemResult[], numbers: Analytics) => void;
const forEach = (check: Check) =>
  fc.assert(
    fc.property(evaluation, (items) => {
      check(items, analyticsOf(items, 7));
    }),
  );

describe("the numbers of an evaluation equal a slow reference", () => {
  test("counts of every status, in all and per task", () => {
    forEach((items, numbers) => {
      for (const status of ITEM_STATUSES) {
        expect(numbers.counts[status]).toBe(items.filter((item) => item.status === status).length);
      }
      expect(numbers.tasks.map(({ counts }) => sum(Object.values(counts)))).toEqual(
        tasksOf(items).map((task) => task.length),
      );
      expect(analytics.parse(numbers)).toEqual(numbers);
    });
  });

  test("the pass rate leaves out infrastructure, cancelled items and those that go on", () => {
    forEach((items, { pass_rate: { value, n } }) => {
      const outcomes = counted(items).map(({ status }) => (status === "passed" ? 1 : 0));
      near(value, mean(outcomes));
      expect(n).toBe(outcomes.length);
    });
  });

  test("pass@k and pass^k: every draw of k attempts, the mean over tasks that have k", () => {
    forEach((items, numbers) => {
      for (let k = 1; k <= 7; k++) {
        for (const [list, enough] of [
          ["pass_at_k", "some"],
          ["pass_hat_k", "every"],
        ] as const) {
          const perTask = known(tasksOf(items).map((task) => enumerated(task, k, enough)));
          const entry = numbers[list][k - 1];
          expect(entry).toMatchObject({ k, tasks: perTask.length });
          near(entry?.value, mean(perTask));
        }
      }
    });
  });

  test("the mean reward, with the standard error of clusters", () => {
    forEach((items, { mean_reward, tasks }) => {
      const rewards = known(counted(items).map(({ reward }) => reward));
      const value = mean(rewards);
      near(mean_reward.value, value);
      expect(mean_reward.n).toBe(rewards.length);
      const clusters = tasksOf(items)
        .map((task) => known(counted(task).map(({ reward }) => reward)))
        .filter((cluster) => cluster.length > 0);
      const [only] = clusters;
      if (value === null || only === undefined) return near(mean_reward.standard_error, null);
      if (clusters.length === 1) return near(mean_reward.standard_error, plainError(only));
      const residues = clusters.map((cluster) => sum(cluster.map((reward) => reward - value)) ** 2);
      const scale = clusters.length / (clusters.length - 1);
      near(mean_reward.standard_error, Math.sqrt(scale * sum(residues)) / rewards.length);
      // With one attempt a task it is what everybody knows.
      if (clusters.every(({ length }) => length === 1)) near(mean_reward.standard_error, plainError(rewards));
      expect(tasks.map((task) => task.mean_reward.n)).toEqual(
        tasksOf(items).map((task) => known(counted(task).map(({ reward }) => reward)).length),
      );
    });
  });

  test("durations and usage: what is known, of how many", () => {
    forEach((items, { durations, usage }) => {
      for (const [name, key] of [
        ["provision_ms", "provisionMs"],
        ["agent_ms", "agentMs"],
        ["verify_ms", "verifyMs"],
      ] as const) {
        const values = known(items.map((item) => item[key]));
        expect(durations[name].n).toBe(values.length);
        near(durations[name].p50, slowQuantile(values, 0.5));
        near(durations[name].p95, slowQuantile(values, 0.95));
      }
      const ran = items.filter((item) => item.agentMs !== null || item.usage !== null).length;
      for (const [name, key] of [
        ["input_tokens", "inputTokens"],
        ["output_tokens", "outputTokens"],
        ["cached_tokens", "cachedTokens"],
        ["cost_usd", "costUsd"],
      ] as const) {
        const values = known(items.map((item) => item.usage?.[key]));
        near(usage[name].sum, values.length === 0 ? null : sum(values));
        expect(usage[name]).toMatchObject({ known: values.length, n: ran });
      }
    });
  });

  test("numbers of a task are those of an evaluation of that task alone", () => {
    forEach((items, { tasks }) => {
      expect(tasks).toEqual(
        tasksOf(items).map((task) => {
          const { tasks: _, ...alone } = analyticsOf(task, 7);
          return { task_ref: task[0]?.taskRef, task_name: task[0]?.taskName, ...alone };
        }),
      );
    });
  });
});

function plainError(values: readonly number[]): number | null {
  const centre = mean(values);
  if (centre === null || values.length < 2) return null;
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1) / values.length);
}

test("unknown usage is null, and never 0", () => {
  const [item] = attempts("t", "passed");
  const { usage } = analyticsOf(item === undefined ? [] : [{ ...item, agentMs: 5 }], 1);
  expect(usage.cost_usd).toEqual({ sum: null, known: 0, n: 1 });
  expect(usage.input_tokens).toEqual({ sum: null, known: 0, n: 1 });
});

test("prices add up to a decimal", () => {
  const usage = { inputTokens: null, outputTokens: null, cachedTokens: null };
  const items = attempts("t", "passed", "passed").map((item, index) => ({
    ...item,
    usage: { ...usage, costUsd: index === 0 ? 0.1 : 0.2 },
  }));
  expect(analyticsOf(items, 2).usage.cost_usd).toEqual({ sum: 0.3, known: 2, n: 2 });
});

test("no item at all: nulls with n = 0", () => {
  expect(analyticsOf([], 2)).toMatchObject({
    pass_rate: { value: null, low: null, high: null, n: 0 },
    mean_reward: { value: null, standard_error: null, n: 0 },
    pass_at_k: [
      { k: 1, value: null, tasks: 0 },
      { k: 2, value: null, tasks: 0 },
    ],
    durations: { agent_ms: { p50: null, p95: null, n: 0 } },
    tasks: [],
  });
});

describe("intervals", () => {
  // scipy.stats.binomtest(k, n).proportion_ci(method="wilson"), and its textbook values.
  test.each([
    [0, 10, 0, 0.2775327998628892],
    [1, 10, 0.01787621005, 0.4041500268],
    [3, 4, 0.3006418423, 0.9544127392],
    [50, 100, 0.4038315304, 0.5961684696],
    [10, 10, 0.7224672001, 1],
  ])("%i of %i", (passed, n, low, high) => {
    const interval = passRateOf(passed, n);
    expect(interval.low).toBeCloseTo(low, 8);
    expect(interval.high).toBeCloseTo(high, 8);
  });

  test("their ends are the shares whose score test is just at 5%", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const passed = Math.round(share * n);
        const { value, low, high } = passRateOf(passed, n);
        if (value === null || low === null || high === null) throw new Error("no interval");
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        for (const end of [low, high].filter((each) => each > 0 && each < 1)) {
          expect(Math.abs(value - end) / Math.sqrt((end * (1 - end)) / n)).toBeCloseTo(1.959964, 5);
        }
      }),
    );
  });

  // Newcombe 1998, table II: 56/70 against 48/80, and the others of its examples.
  test.each([
    [48, 80, 56, 70, 0.0524, 0.3339],
    [3, 10, 9, 10, 0.1705, 0.809],
    [0, 20, 10, 10, 0.6791, 1],
  ])("of the difference of %i/%i and %i/%i", (a, m, b, n, low, high) => {
    const interval = differenceInterval({ passed: a, n: m }, { passed: b, n });
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe("McNemar's test", () => {
  test("adds up every split that is as uneven", () => {
    fc.assert(
      fc.property(fc.nat(7), fc.nat(7), (a, b) => {
        const n = a + b;
        let uneven = 0;
        const splits = 2 ** n;
        for (let split = 0; split < splits; split++) {
          const heads = split.toString(2).replaceAll("0", "").length;
          if (Math.abs(2 * heads - n) >= Math.abs(a - b)) uneven++;
        }
        expect(mcnemar(a, b)).toBeCloseTo(uneven / splits, 10);
        expect(mcnemar(a, b)).toBe(mcnemar(b, a));
      }),
    );
  });

  test("does not underflow for thousands of tasks", () => {
    expect(mcnemar(5000, 5000)).toBe(1);
    // Normal approximation with continuity: z = (|5100 - 4900| - 1) / 100 = 1.99, p = 0.0466.
    expect(mcnemar(5100, 4900)).toBeCloseTo(0.0466, 3);
  });
});

function attempts(task: string, ...statuses: ItemStatus[]): ItemResult[] {
  return statuses.map((status, index) => ({
    taskRef: `acme/${task}@1.0.0`,
    taskName: task,
    attempt: index + 1,
    status,
    reward: null,
    provisionMs: null,
    agentMs: null,
    verifyMs: null,
    usage: null,
  }));
}

const many = (tasks: number, ...statuses: ItemStatus[]) =>
  Array.from({ length: tasks }, (_, index) => attempts(`t${index}`, ...statuses)).flat();

const itemsOf = (tasks: boolean[][]) =>
  tasks.flatMap((passes, task) => attempts(`t${task}`, ...passes.map((it): ItemStatus => (it ? "passed" : "failed"))));

describe("two evaluations", () => {
  test("one attempt each: McNemar decides", () => {
    expect(compareEvaluations(many(5, "failed"), many(5, "passed"))).toMatchObject({
      method: "mcnemar",
      mcnemar: { only_a: 0, only_b: 5, p_value: 0.0625, n: 5 },
      verdict: "within_noise",
      within_noise: true,
    });
    expect(compareEvaluations(many(6, "failed"), many(6, "passed"))).toMatchObject({
      mcnemar: { only_a: 0, only_b: 6, p_value: 0.03125, n: 6 },
      difference: { value: 1, n: 6 },
      verdict: "b_better",
    });
    expect(compareEvaluations(many(6, "passed"), many(6, "timed_out")).verdict).toBe("a_better");
  });

  test("several attempts: the bootstrap decides, but not on a handful of tasks", () => {
    const [poor, good] = [["passed", "failed"] as const, ["passed", "passed"] as const];
    expect(compareEvaluations(many(5, ...poor), many(5, ...good))).toMatchObject({
      method: "paired_bootstrap",
      mcnemar: null,
      difference: { value: 0.5, low: 0.5, high: 0.5, n: 5 },
      verdict: "within_noise",
    });
    expect(compareEvaluations(many(6, ...poor), many(6, ...good)).verdict).toBe("b_better");
    expect(compareEvaluations(many(6, ...good), many(6, ...poor)).verdict).toBe("a_better");
  });

  test("only tasks that both have counted attempts at are compared, by version", () => {
    const a = [
      ...attempts("both", "passed", "infra_error"),
      ...attempts("lost", "infra_error"),
      ...attempts("a", "failed"),
    ];
    const b = [...attempts("both", "failed"), ...attempts("lost", "passed"), ...attempts("b", "passed")];
    const newer = b.map((item) => ({ ...item, taskRef: item.taskRef.replace("1.0.0", "2.0.0") }));
    expect(compareEvaluations(a, b)).toMatchObject({
      common_tasks: 1,
      only_a: 2,
      only_b: 2,
      a: { value: 1, n: 1 },
      b: { value: 0, n: 1 },
      mcnemar: { only_a: 1, only_b: 0, p_value: 1, n: 1 },
      tasks: [{ task_name: "both", a: { value: 1, n: 1 }, b: { value: 0, n: 1 }, within_noise: true }],
    });
    expect(compareEvaluations(a, newer)).toMatchObject({
      verdict: "no_common_tasks",
      difference: null,
      within_noise: null,
    });
  });

  test("of one agent with itself are within noise, but for the 5% that the interval allows", () => {
    const pass = fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { minLength: 40, maxLength: 40 });
    const verdicts = fc
      .sample(fc.tuple(pass, pass), { numRuns: 200, seed: 7 })
      .map(([a, b]) => compareEvaluations(itemsOf(a), itemsOf(b)).within_noise);
    expect(verdicts.filter((within) => within === false).length).toBeLessThan(25);
  });

  test("the answer is the same each time, mirrored the other way round, and has the documented shape", () => {
    fc.assert(
      fc.property(evaluation, evaluation, (a, b) => {
        const forth = compareEvaluations(a, b);
        expect(compareEvaluations(a, b)).toEqual(forth);
        expect(comparison.parse(forth)).toEqual(forth);
        const back = compareEvaluations(b, a);
        near(back.difference?.value, forth.difference === null ? null : -forth.difference.value);
        expect([back.a, back.b, back.only_a, back.only_b]).toEqual([forth.b, forth.a, forth.only_b, forth.only_a]);
        expect(back.mcnemar?.p_value).toBe(forth.mcnemar?.p_value);
      }),
      { numRuns: 30 },
    );
  });

  // Half of the tasks differ by 1, so the standard error is 0.5 / sqrt(tasks); from 501 tasks on it is not resampled.
  test.each([400, 500, 504, 4000])("the interval of %i tasks is as wide as theory says", (tasks) => {
    const a = many(tasks, "failed", "failed");
    const b = a.map((item, index) => ({ ...item, status: (index % 4 < 2 ? "passed" : "failed") as ItemStatus }));
    const { difference } = compareEvaluations(a, b);
    expect(difference?.value).toBeCloseTo(0.5, 3);
    expect(difference?.low).toBeCloseTo(0.5 - (1.96 * 0.5) / Math.sqrt(tasks), 2);
    expect(difference?.high).toBeCloseTo(0.5 + (1.96 * 0.5) / Math.sqrt(tasks), 2);
  });
});

/** How often statistics look at something of the items. */
function readsOf(count: number): number {
  let reads = 0;
  const counting: ProxyHandler<ItemResult> = {
    get(item, key) {
      reads += 1;
      return Reflect.get(item, key);
    },
  };
  const items = many(count, "passed").map((item) => new Proxy(item, counting));
  analyticsOf(items, 1);
  compareEvaluations(items, items);
  return reads;
}

test("20,000 items are no more work each than 2,000", () => {
  const small = readsOf(2000);
  expect(small).toBeGreaterThan(2000);
  expect(readsOf(20_000)).toBeLessThanOrEqual(small * 10);
});

test("docs/evaluations.md has every end reason with its status, whether it counts, and whether it is tried again", async () => {
  const page = await readFile(path.join(import.meta.dirname, "../../../docs/evaluations.md"), "utf8");
  const rows = [...page.matchAll(/^\| ((?:`\w+`(?:, )?)+) \| `(\w+)` \| (yes|no) \| (?:(yes|no) )?\|/gm)];
  const documented = rows.flatMap(([, reasons = "", status, counts, again]) =>
    Array.from(reasons.matchAll(/\w+/g), ([reason]) => [reason, status, counts === "yes", again === "yes"]),
  );
  const known = END_REASONS.map((reason) => {
    const { status, isCounted, isRetried } = endingOf(reason);
    return [reason, status, isCounted, isRetried];
  });
  expect(new Map(documented.map((row) => [row[0], row]))).toEqual(new Map(known.map((row) => [row[0], row])));
  expect(documented).toHaveLength(known.length);
});
