import type { Journal, Segment } from "../stream/journal.ts";
import type { StreamView, Tail } from "../stream/view.ts";
import type { SourceState } from "../stream/numbered-source.ts";
import type { RunRow } from "../tasks/run-view.ts";
import { EVENT_TAG, LOG_TAG } from "./run-log.ts";
import { STATE_TAG } from "./state-entry.ts";

const WITH_LOG = [STATE_TAG, EVENT_TAG, LOG_TAG];
const WITHOUT_LOG = [STATE_TAG, EVENT_TAG];

/** Milliseconds after a run's end in which its last events may come, unless its agent has said that these were all (9). */
const LATE_EVENTS_MS = 60_000;

/** Whether a run has ended and nothing more is to come of it at `now`, in milliseconds since 1970. */
export function isThrough(run: RunRow | undefined, events: () => SourceState, now: number): boolean {
  if (!run || run.completedAt === null) return false;
  const { last, completed } = events();
  return last === 0 || completed || now >= run.completedAt / 1000 + LATE_EVENTS_MS;
}

/**
 * What a run's stream shows: its states, its agent's events, and log entries until the first event. From there on the log
 * holds copies of events. Where an entry stands decides, so that every reader sees the same, whenever it reads.
 */
export class RunStreamView implements StreamView {
  readonly #journal: Journal;
  readonly #isEnded: () => boolean;
  #firstEvent: number | undefined;
  /** Up to here there is no event. */
  #searchedTo = 0;

  constructor(journal: Journal, isEnded: () => boolean) {
    this.#journal = journal;
    this.#isEnded = isEnded;
  }

  tail(): Tail {
    return { seq: this.#journal.tail, ended: this.#isEnded() };
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
    if (this.#isEnded()) return this.#journal.lastOf(STATE_TAG) ?? tail + 1;
    const { segments } = this.#journal.read(head, { tags: [EVENT_TAG, LOG_TAG], maxBytes: 1 });
    return segments.length === 0 ? head : tail + 1;
  }

  read(from: number, to: number, maxBytes: number): { segments: Segment[]; next: number } {
    const firstEvent = this.#findFirstEvent(to);
    if (firstEvent === undefined) return this.#journal.read(from, { tags: WITH_LOG, maxBytes, to });
    if (from >= firstEvent) return this.#journal.read(from, { tags: WITHOUT_LOG, maxBytes, to });
    return this.#journal.read(from, { tags: WITH_LOG, maxBytes, to: Math.min(to, firstEvent - 1) });
  }

  #findFirstEvent(to: number): number | undefined {
    if (this.#firstEvent === undefined && to > this.#searchedTo) {
      this.#firstEvent = this.#journal.firstOf(EVENT_TAG, this.#searchedTo + 1);
      this.#searchedTo = to;
    }
    return this.#firstEvent;
  }
}
