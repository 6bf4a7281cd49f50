import { logBackgroundFailure } from "../http/request-log.ts";
import type { PoolStore } from "./pool-store.ts";
import type { WorkEvent, Work } from "./work.ts";

/** The first wait after an owner could not be told, in milliseconds; it doubles with each attempt. */
const RETRY_MS = 2_000;
/** Attempts after which an event is given up: an hour. */
const MAX_ATTEMPTS = 12;

/** Tells owners what becomes of their work, from what is stored, so that nothing is lost with the object. */
export class Messenger {
  readonly #store: PoolStore;
  readonly #tell: (work: Work, event: WorkEvent) => Promise<void>;
  #delivering: Promise<void> | undefined;

  constructor(store: PoolStore, tell: (work: Work, event: WorkEvent) => Promise<void>) {
    this.#store = store;
    this.#tell = tell;
  }

  /** Tells all that is due. Settles with the time at which the next is due, in milliseconds since 1970. */
  async deliver(): Promise<number | undefined> {
    this.#delivering ??= this.#deliverDue().finally(() => {
      this.#delivering = undefined;
    });
    await this.#delivering;
    return this.#store.nextEvent()?.due;
  }

  async #deliverDue(): Promise<void> {
    for (let next = this.#store.nextEvent(); next && next.due <= Date.now(); next = this.#store.nextEvent()) {
      const { number, work, event, attempts } = next;
      try {
        await this.#tell(work, event);
        this.#store.forgetEvent(number);
      } catch (error) {
        logBackgroundFailure(`tell ${work.kind} ${event.kind}`, error);
        if (attempts + 1 >= MAX_ATTEMPTS) this.#store.forgetEvent(number);
        else this.#store.postpone(number, Date.now() + RETRY_MS * 2 ** attempts);
      }
    }
  }
}
