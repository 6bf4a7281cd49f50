/** Who waits for a piece of work: what it is told on the way, and when it no longer wants it. */
export interface Waiter {
  tell: (line: string) => void;
  signal: AbortSignal;
}

interface Going<T> {
  result: Promise<T>;
  isDone: boolean;
  waiters: Set<Waiter>;
  /** Aborted when nobody waits any more. */
  unwanted: AbortController;
}

/** Results that are kept: of the oldest beyond them the work is done anew, which finds what it once made. */
const MAX_KEPT = 1_000;

/**
 * Work that is done once for all who ask for it by the same key, and whose result is kept. It goes on as long as one of them
 * waits; what failed is done anew for the next who asks.
 */
export class SharedWork<T> {
  readonly #going = new Map<string, Going<T>>();

  /** `begin` gets what tells all who wait, and a signal that is aborted when nobody does. Rejects when `waiter` has left. */
  async do(key: string, waiter: Waiter, begin: (all: Waiter) => Promise<T>): Promise<T> {
    const going = this.#going.get(key) ?? this.#begin(key, begin);
    going.waiters.add(waiter);
    const left = Promise.withResolvers<never>();
    const leave = () => {
      going.waiters.delete(waiter);
      if (going.waiters.size === 0 && !going.isDone) {
        this.#drop(key, going);
        going.unwanted.abort("nobody wants it any more");
      }
      left.reject(new Error(String(waiter.signal.reason)));
    };
    waiter.signal.addEventListener("abort", leave, { once: true });
    if (waiter.signal.aborted) leave();
    try {
      return await Promise.race([left.promise, going.result]);
    } finally {
      going.waiters.delete(waiter);
      waiter.signal.removeEventListener("abort", leave);
    }
  }

  isDone(key: string): boolean {
    return this.#going.get(key)?.isDone === true;
  }

  /** Has the work done anew for the next who asks: its result is no longer there. */
  forget(key: string): void {
    const going = this.#going.get(key);
    if (going?.isDone) this.#drop(key, going);
  }

  #begin(key: string, begin: (all: Waiter) => Promise<T>): Going<T> {
    const waiters = new Set<Waiter>();
    const unwanted = new AbortController();
    const tell = (line: string) => {
      for (const waiter of waiters) waiter.tell(line);
    };
    // In a later turn, so that who has asked is told from the first line on.
    const result = Promise.resolve().then(() => begin({ tell, signal: unwanted.signal }));
    const going: Going<T> = { result, isDone: false, waiters, unwanted };
    this.#going.set(key, going);
    void this.#note(key, going);
    return going;
  }

  async #note(key: string, going: Going<T>): Promise<void> {
    try {
      await going.result;
    } catch {
      // Those who wait hear of it.
      return this.#drop(key, going);
    }
    going.isDone = true;
    const oldest = [...this.#going].find(([, { isDone }]) => isDone);
    if (this.#going.size > MAX_KEPT && oldest) this.#drop(...oldest);
  }

  #drop(key: string, going: Going<T>): void {
    if (this.#going.get(key) === going) this.#going.delete(key);
  }
}
