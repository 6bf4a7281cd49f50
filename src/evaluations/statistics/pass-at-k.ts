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
export function passAtK(tasks: Iterable<Passes>, attempts: number): { pass_at_k: AtK[]; pass_hat_k: AtK[] } {
  const any = new Float64Array(attempts);
  const all = new Float64Array(attempts);
  const counts = new Uint32Array(attempts);
  for (const task of tasks) {
    for (const estimate of estimates(task)) {
      if (estimate.k > attempts) break;
      const index = estimate.k - 1;
      any[index] = (any[index] ?? 0) + estimate.any;
      all[index] = (all[index] ?? 0) + estimate.all;
      counts[index] = (counts[index] ?? 0) + 1;
    }
  }
  return { pass_at_k: means(any, counts), pass_hat_k: means(all, counts) };
}

function means(sums: Float64Array, counts: Uint32Array): AtK[] {
  return Array.from(sums, (sum, index) => {
    const tasks = counts[index] ?? 0;
    return { k: index + 1, value: tasks === 0 ? null : sum / tasks, tasks };
  });
}
