/** Microseconds of one bucket, and how many buckets there are: the last one holds all that took longer. */
const BUCKET_MICROS = 50;
const BUCKETS = 400_000;

/** Counts durations without keeping them: a flood has millions. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;

  add(micros: number): void {
    const bucket = Math.min(Math.max(Math.floor(micros / BUCKET_MICROS), 0), BUCKETS - 1);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The duration in milliseconds that `share` of all do not exceed. */
  quantile(share: number): number {
    let left = share * this.#count;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#buckets[bucket] ?? 0;
      if (left <= 0) return ((bucket + 1) * BUCKET_MICROS) / 1000;
    }
    return (BUCKETS * BUCKET_MICROS) / 1000;
  }
}
