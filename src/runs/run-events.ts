import { unlessFull } from "../stream/journal.ts";
import type { NumberedSource, SourceAnswer, SourceState, SourceStep } from "../stream/numbered-source.ts";
import type { RunRow } from "../tasks/run-view.ts";
import type { RunEnding } from "./run-ending.ts";
import { JOURNAL_FULL, type JournalFull } from "./run-outcome.ts";

/** What a run's agent sends (agent-tasks 9), by event_stream or over its WebSocket. */
export class RunEvents {
  readonly #storage: DurableObjectStorage;
  readonly #source: NumberedSource;
  readonly #ending: RunEnding;

  constructor(storage: DurableObjectStorage, source: NumberedSource, ending: RunEnding) {
    this.#storage = storage;
    this.#source = source;
    this.#ending = ending;
  }

  get state(): SourceState {
    return this.#source.state;
  }

  /** Carries out a step, also after the run's end: its last events come late. Closes the journal where that was all. */
  take(run: RunRow, step: SourceStep, maxBytes: number): ({ ok: true } & SourceAnswer) | JournalFull {
    const done = unlessFull(this.#storage, () => {
      const answer = this.#source.take(step, maxBytes);
      this.#ending.settle(run, Date.now());
      return { ok: true as const, ...answer };
    });
    return done ?? JOURNAL_FULL;
  }
}
