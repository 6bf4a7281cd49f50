import type { Journal } from "../../stream/journal/journal.ts";
import type { NumberedSource } from "../../stream/journal/numbered-source.ts";
import type { Timers } from "../../objects/timers.ts";
import type { RunRow } from "../model/run-view.ts";
import { isTerminal } from "../model/run-status.ts";

/**
 * What a run's object does by itself: bring its row in D1 up to date, close a journal whose last events never come, move
 * one that is closed to the archive, ask the pool for a runner, keep the time that the queue and the runner may take, tell
 * its owner of its status, and look whether those who are connected still may be.
 */
export type RunTimer = "project" | "close" | "archive" | "dispatch" | "waiting" | "deadline" | "passes" | "owner";

/** How long a run that has ended waits for the rest of its events: several of the retries of a client that was cut off. */
const LAST_EVENTS_MS = 60_000;

/** How long entries stay in the object after the end: who has just followed the run looks at it then, and late ones come. */
const ARCHIVE_DELAY_MS = 300_000;

/**
 * Says when a run's journal is closed, which is when its readers are told that this is all: with the entry that tells of
 * the run's end; but with the last event where the agent has begun to send events and not said that it is through, since
 * those on their way would be lost to who has left. It waits for them only so long.
 */
export class RunEnding {
  readonly #journal: Journal;
  readonly #events: NumberedSource;
  readonly #timers: Timers<RunTimer>;

  constructor(journal: Journal, events: NumberedSource, timers: Timers<RunTimer>) {
    this.#journal = journal;
    this.#events = events;
    this.#timers = timers;
  }

  /** Call it in the transaction of each change of the run and of whatever is appended. `now` is in milliseconds. */
  settle(run: RunRow, now: number): void {
    if (!isTerminal(run.status)) return;
    const { last, completed } = this.#events.state;
    if (this.#journal.isClosed || last === 0 || completed) this.close(now);
    else if (!this.#timers.has("close")) this.#timers.set("close", now + LAST_EVENTS_MS);
  }

  /** Closes the journal, whatever is still on its way. What comes later is archived later. */
  close(now: number): void {
    this.#timers.clear("close");
    this.#journal.close();
    if (!this.#timers.has("archive")) this.#timers.set("archive", now + ARCHIVE_DELAY_MS);
  }
}
