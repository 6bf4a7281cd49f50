/** Milliseconds between two rounds of work while there is always something new: what one round brings is one frame. */
const TICK_MS = 25;

/**
 * Turns any number of wake-ups into few rounds of work: the first after a pause starts one at once, those that follow
 * share one at the end of the tick. Every wake-up is followed by the beginning of a round.
 */
export class WakeLatch {
  readonly #work: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #isSet = false;
  /** Milliseconds since 1970 at which the next round may begin. */
  #earliest = 0;

  constructor(work: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#work = work;
    this.#onFailure = onFailure;
  }

  /** Whether a round is to come already. */
  get isSet(): boolean {
    return this.#isSet;
  }

  wake(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    // Never longer than a tick, though the clock went back.
    const wait = Math.min(this.#earliest - Date.now(), TICK_MS);
    // A microtask: the transaction that wakes has to be through, and what it changes in memory as well.
    if (wait <= 0) queueMicrotask(() => void this.#round());
    else setTimeout(() => void this.#round(), wait);
  }

  async #round(): Promise<void> {
    this.#isSet = false;
    this.#earliest = Date.now() + TICK_MS;
    try {
      await this.#work();
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
