import type { Quantiles } from "./analytics-schema.ts";

/** The quantile of ascending numbers, linear between neighbours (type 7 of Hyndman and Fan, numpy's default). */
export function quantile(ascending: ArrayLike<number>, share: number): number | null {
  const position = (ascending.length - 1) * share;
  const [low, high] = [ascending[Math.floor(position)], ascending[Math.ceil(position)]];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (position - Math.floor(position));
}

/** p50 and p95 of milliseconds in any order. */
export function durationQuantiles(durations: readonly number[]): Quantiles {
  const ascending = durations.toSorted((a, b) => a - b);
  return { p50: quantile(ascending, 0.5), p95: quantile(ascending, 0.95), n: ascending.length };
}
