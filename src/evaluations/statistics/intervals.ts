import type { PassRate } from "./analytics-schema.ts";

/** The 97.5% quantile of the standard normal distribution. */
export const Z = 1.959963984540054;

/**
 * The 95% score interval of a share (Wilson 1927). It stays between 0 and 1 and is honest for few attempts and for shares
 * of 0 and 1, where mean ± 2 standard errors would be a point.
 */
export function passRateOf(passed: number, n: number): PassRate {
  if (n === 0) return { value: null, low: null, high: null, n };
  const value = passed / n;
  const scale = 1 + (Z * Z) / n;
  const centre = (value + (Z * Z) / (2 * n)) / scale;
  const margin = (Z / scale) * Math.sqrt((value * (1 - value)) / n + (Z * Z) / (4 * n * n));
  return {
    value,
    low: passed === 0 ? 0 : Math.max(0, centre - margin),
    high: passed === n ? 1 : Math.min(1, centre + margin),
    n,
  };
}

export interface Interval {
  low: number;
  high: number;
}

/** Passed and counted attempts. */
export interface Passes {
  passed: number;
  n: number;
}

/** The 95% interval of the difference `b - a` of two independent shares (Newcombe 1998, method 10). Neither n is 0. */
export function differenceInterval(a: Passes, b: Passes): Interval {
  const [first, second] = [passRateOf(a.passed, a.n), passRateOf(b.passed, b.n)];
  const [p1, l1, u1] = [first.value ?? 0, first.low ?? 0, first.high ?? 1];
  const [p2, l2, u2] = [second.value ?? 0, second.low ?? 0, second.high ?? 1];
  return {
    low: Math.max(-1, p2 - p1 - Math.hypot(p2 - l2, u1 - p1)),
    high: Math.min(1, p2 - p1 + Math.hypot(u2 - p2, p1 - l1)),
  };
}
