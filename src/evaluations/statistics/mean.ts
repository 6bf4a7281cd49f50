import type { MeanReward } from "./analytics-schema.ts";

/** Mean and variance of numbers that come one after the other (Welford 1962): no sum of squares that cancels out. */
export class Mean {
  n = 0;
  value = 0;
  #squares = 0;

  add(value: number): void {
    this.n++;
    const before = value - this.value;
    this.value += before / this.n;
    this.#squares += before * (value - this.value);
  }

  /** Of the mean, from the sample's standard deviation; null for fewer than two. */
  get standardError(): number | null {
    return this.n < 2 ? null : Math.sqrt(Math.max(0, this.#squares) / (this.n - 1) / this.n);
  }
}

/**
 * The mean reward of all attempts, and its standard error with each task as a cluster: attempts at one task resemble each
 * other, and to take them for independent would make the error look smaller than it is (Miller 2024). With one attempt a
 * task it is the plain standard error; of one task alone, too.
 */
export function clusteredMean(tasks: readonly Mean[]): MeanReward {
  const clusters = tasks.filter((task) => task.n > 0);
  const n = clusters.reduce((sum, task) => sum + task.n, 0);
  const [only] = clusters;
  if (only === undefined) return { value: null, standard_error: null, n };
  if (clusters.length === 1) return { value: only.value, standard_error: only.standardError, n };
  const value = clusters.reduce((sum, task) => sum + (task.value * task.n) / n, 0);
  const squares = clusters.reduce((sum, task) => sum + (task.n * (task.value - value)) ** 2, 0);
  const correction = clusters.length / (clusters.length - 1);
  return { value, standard_error: Math.sqrt(correction * squares) / n, n };
}
