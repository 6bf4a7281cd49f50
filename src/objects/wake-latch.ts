/**
 * Turns any number of wake-ups into few rounds of work: the first after a pause starts one at once, those of the tick
 * after it share one at its end. Every wake-up is followed by the beginning of a round.
 */
export class WakeLatch {
  readonly #work: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #tickMs: () => number;
  /** Of the last round. */
  #tick = 0;
  #isSet = false;
  /** Milliseconds since 1970 at which the next round may begin. */
  #earliest = 0;

  /** `tickMs` says as a round begins how many milliseconds later the next one may begin. */
  constructor(work: () => Promise<void>, onFailure: (error: unknown) => void, tickMs: () => number) {
    this.#work = work;
    this.#onFailure = onFailure;
    this.#tickMs = tickMs;
  }

  /** Whether a round is to come already. */
  get isSet(): boolean {
    return this.#isSet;
  }

  wake(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    // Never longer than a tick, though the clock went back.
    const wait = Math.min(this.#earliest - Date.now(), this.#tick);
    // A microtask: the transaction that wakes has to be through, and what it changes in memory as well.
    if (wait <= 0) queueMicrotask(() => void this.#round());
    else setTimeout(() => void this.#round(), wait);
  }

  async #round(): Promise<void> {
    this.#isSet = false;
    this.#tick = this.#tickMs();
    this.#earliest = Date.now() + this.#tick;
    try {
      await this.#work();
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
