import type { Journal, Reading } from "../../stream/journal/journal.ts";
import type { StreamView, Tail } from "../../stream/journal/journal-view.ts";
import type { AttemptPart, RunAttempts } from "./run-attempts.ts";
import { EVENT_TAG, LOG_TAG } from "./run-log.ts";
import { STATE_TAG } from "../model/state-entry.ts";

const WITH_LOG = [STATE_TAG, EVENT_TAG, LOG_TAG];
const WITHOUT_LOG = [STATE_TAG, EVENT_TAG];

/**
 * What a run's stream shows: its states, its agent's events, and log entries until the first event. From there on the log
 * holds copies of events. Where an entry stands decides, so that every reader sees the same, whenever it reads.
 */
export class RunStreamView implements StreamView {
  readonly #journal: Journal;
  readonly #attempts: RunAttempts;
  #firstEvent: number | undefined;
  /** Up to here there is no event. */
  #searchedTo = 0;

  constructor(journal: Journal, attempts: RunAttempts) {
    this.#journal = journal;
    this.#attempts = attempts;
  }

  part(attempt: number): AttemptPart | undefined {
    return this.#attempts.partOf(attempt);
  }

  tail(): Tail {
    return { seq: this.#journal.tail, ended: this.#journal.isClosed };
  }

  head(): number {
    return this.#journal.head;
  }

  /**
   * The end; but the beginning while there is nothing but states, because a client that connects as the run begins would
   * lose its first events (6.3), and the last state of a run that has ended, which says how it ended (6.1).
   */
  latest(): number {
    const { tail, head } = this.#journal;
    if (this.#journal.isClosed) return this.#journal.index.lastOf(STATE_TAG) ?? tail + 1;
    const isBare = [EVENT_TAG, LOG_TAG].every((tag) => this.#journal.index.total(tag).entries === 0);
    return isBare ? head : tail + 1;
  }

  read(from: number, last: number, maxBytes: number): Reading | Promise<Reading> {
    const to = this.#attempts.cut(from, last);
    const firstEvent = this.#findFirstEvent(to);
    if (firstEvent === undefined) return this.#journal.read(from, { tags: WITH_LOG, maxBytes, to });
    if (from >= firstEvent) return this.#journal.read(from, { tags: WITHOUT_LOG, maxBytes, to });
    return this.#journal.read(from, { tags: WITH_LOG, maxBytes, to: Math.min(to, firstEvent - 1) });
  }

  #findFirstEvent(to: number): number | undefined {
    if (this.#firstEvent === undefined && to > this.#searchedTo) {
      this.#firstEvent = this.#journal.index.firstOf(EVENT_TAG, this.#searchedTo + 1);
      this.#searchedTo = to;
    }
    return this.#firstEvent;
  }
}
