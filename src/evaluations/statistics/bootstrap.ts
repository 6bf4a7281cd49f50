import { type Interval, Z } from "./intervals.ts";
import { Mean } from "./mean.ts";
import { quantile } from "./quantile.ts";

/** Enough that the interval's ends move by some hundredths of its width from seed to seed. */
const RESAMPLES = 2000;

/** Values whose mean is as good as normally distributed, so that resampling them would only burn time. */
const MANY = 500;

/**
 * The 95% percentile interval of the mean, by the bootstrap: as many values as there are, drawn with putting back, again and
 * again. The same values in the same order and the same seed give the same interval. For more than 500 values it is the
 * normal interval, which the bootstrap's is by then.
 */
export function bootstrapInterval(values: readonly number[], seed: number): Interval {
  if (values.length > MANY) return normalInterval(values);
  const random = generator(seed);
  const means = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[Math.floor(random() * values.length)] ?? 0;
    means[resample] = sum / values.length;
  }
  means.sort();
  return { low: quantile(means, 0.025) ?? 0, high: quantile(means, 0.975) ?? 0 };
}

function normalInterval(values: readonly number[]): Interval {
  const mean = new Mean();
  for (const value of values) mean.add(value);
  const margin = Z * (mean.standardError ?? 0);
  return { low: mean.value - margin, high: mean.value + margin };
}

/** Numbers from 0 to below 1 that look random: the small fast counter generator sfc32 (PractRand). */
function generator(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, (seed / 2 ** 32) | 0, 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  // Neighbouring seeds give unrelated numbers only after some rounds.
  for (let round = 0; round < 15; round++) next();
  return next;
}
