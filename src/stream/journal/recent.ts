/** What was made last, by key, as far as it has no more than so many bytes together; one larger value is kept alone. */
export class Recent<T> {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #kept = new Map<number, { value: T; bytes: number }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: number): T | undefined {
    return this.#kept.get(key)?.value;
  }

  /** Keeps a value, in place of what the key had. */
  keep(key: number, value: T, bytes: number): void {
    this.delete(key);
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= this.#maxBytes || oldest === key) return;
      this.delete(oldest);
    }
  }

  delete(key: number): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}
