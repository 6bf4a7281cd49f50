import type { AtK } from "./analytics-schema.ts";
import type { Passes } from "./intervals.ts";

/**
 * The unbiased estimates of one task for k = 1, 2, … n: of n attempts, c passed, and k are drawn without putting back.
 * pass@k, one of them passed: `1 - C(n-c, k) / C(n, k)` (Chen et al. 2021); pass^k, all did: `C(c, k) / C(n, k)` (Yao et al.
 * 2024). Both from k to k + 1 by one factor, so that no binomial is ever computed.
 */
export function* estimates({ passed, n }: Passes): Generator<{ k: number; any: number; all: number }> {
  let none = 1;
  let all = 1;
  for (let k = 1; k <= n; k++) {
    const left = n - k + 1;
    none *= Math.max(0, left - passed) / left;
    all *= Math.max(0, passed - k + 1) / left;
    yield { k, any: 1 - none, all };
  }
}

/** pass@k and pass^k for each k up to `attempts`: the mean of the tasks that have k counted attempts at least. */
export function passAtK(tasks: readonly Passes[], attempts: number): { pass_at_k: AtK[]; pass_hat_k: AtK[] } {
  const sums = Array.from({ length: attempts }, () => ({ any: 0, all: 0, tasks: 0 }));
  for (const task of tasks) {
    for (const { k, any, all } of estimates(task)) {
      const sum = sums[k - 1];
      if (sum === undefined) break;
      sum.any += any;
      sum.all += all;
      sum.tasks++;
    }
  }
  const meanOf = (which: "any" | "all") =>
    sums.map((sum, index) => ({
      k: index + 1,
      value: sum.tasks === 0 ? null : sum[which] / sum.tasks,
      tasks: sum.tasks,
    }));
  return { pass_at_k: meanOf("any"), pass_hat_k: meanOf("all") };
}
