import { logPrefix } from "../../artifacts/artifact-keys.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { Archive } from "../../stream/journal/archive.ts";
import { Journal, unlessFull } from "../../stream/journal/journal.ts";
import {
  NumberedSource,
  type SourceAnswer,
  type SourceState,
  type SourceStep,
} from "../../stream/journal/numbered-source.ts";
import { type ProducerPosition, type ProducerRefusal, Producers } from "../../stream/journal/producers.ts";
import type { Timers } from "../../objects/timers.ts";
import { type VolumeBucket, Volumes } from "../../stream/journal/volumes.ts";
import type { RunRow } from "../model/run-view.ts";
import { RunEnding, type RunTimer } from "./run-ending.ts";
import { EVENT_TAG, LOG_TAG } from "./run-log.ts";
import { JOURNAL_FULL, type JournalFull } from "../model/run-outcome.ts";
import { nextAttempt } from "./run-projection.ts";
import { isTerminal } from "../model/run-status.ts";
import { STATE_TAG, stateEntry, toEntry } from "../model/state-entry.ts";
import { currentMicroseconds, toWireTime } from "../../db/microseconds.ts";

/** A run's journal with all that writes to it: its changes, logs, events, and in the end the archive. Timers of changes are the caller's to arm. */
export class RunJournal {
  readonly entries: Journal;
  readonly #storage: DurableObjectStorage;
  readonly #producers: Producers;
  readonly #events: NumberedSource;
  readonly #timers: Timers<RunTimer>;
  readonly #ending: RunEnding;
  readonly #archive: Archive;

  constructor(storage: DurableObjectStorage, bucket: VolumeBucket, timers: Timers<RunTimer>, onGrowth: () => void) {
    const volumes = new Volumes(storage.sql, bucket);
    this.entries = new Journal(storage.sql, { onGrowth, volumes });
    this.#storage = storage;
    this.#producers = new Producers(storage.sql);
    this.#events = new NumberedSource(storage.sql, this.entries, EVENT_TAG);
    this.#timers = timers;
    this.#ending = new RunEnding(this.entries, this.#events, timers);
    this.#archive = new Archive(storage, this.entries, volumes, bucket);
  }

  /** Adds the entry that tells of a change, after a notification where one goes with it; call it in the change's transaction. */
  addState(run: RunRow, notification?: Record<string, unknown>): void {
    if (notification) this.entries.append(STATE_TAG, toEntry(notification));
    this.entries.append(STATE_TAG, stateEntry(run));
    this.#ending.settle(run, Date.now());
  }

  /**
   * Adds an entry of our own for everyone who reads the log or the stream; call it in a transaction. The log shows events
   * where nobody wrote log entries, and the stream shows no log entry after the first event. `now` is in microseconds.
   */
  notify(method: string, params: Record<string, unknown>, now: number): void {
    const { index } = this.entries;
    const notification = { jsonrpc: "2.0", method, params };
    const entry = toEntry({ type: "notification", timestamp: toWireTime(now), notification });
    const isLogged = index.count(LOG_TAG).entries > 0;
    if (isLogged) this.entries.append(LOG_TAG, entry);
    if (!isLogged || index.count(EVENT_TAG).entries > 0) this.entries.append(EVENT_TAG, entry);
  }

  /** Adds a line of our own, in the form in which a runner sends an agent's. */
  say(message: string): void {
    const params = { level: "info", message };
    this.#storage.transactionSync(() => this.notify("_posthog/console", params, currentMicroseconds()));
  }

  /** How far the events of the run's agent are. */
  get eventState(): SourceState {
    return this.#events.state;
  }

  /** Appends log entries, unless the journal is full or the producer's number says otherwise. */
  append(
    run: RunRow,
    lines: Uint8Array,
    maxBytes: number,
    producer: ProducerPosition | undefined,
  ): Promise<{ ok: true; duplicate: boolean } | JournalFull | ProducerRefusal> {
    return this.#write(run, () => {
      const verdict = producer && this.#producers.accept(producer, this.entries.tail + 1);
      if (verdict?.ok === false) return verdict;
      const duplicate = verdict?.duplicate ?? false;
      if (!duplicate) this.entries.append(LOG_TAG, lines, maxBytes);
      return { ok: true as const, duplicate };
    });
  }

  /** Carries out a step of the agent's events, also after the run's end: the last ones come late. */
  takeEvents(run: RunRow, step: SourceStep, maxBytes: number): Promise<({ ok: true } & SourceAnswer) | JournalFull> {
    return this.#write(run, () => ({ ok: true as const, ...this.#events.take(step, maxBytes) }));
  }

  /** Carries out what appends, in one transaction with what it means for the journal's end, and arms the timers of that. */
  async #write<T>(run: RunRow, work: () => T): Promise<T | JournalFull> {
    const done = unlessFull(this.#storage, () => {
      const answer = work();
      this.#ending.settle(run, Date.now());
      return answer;
    });
    if (isTerminal(run.status)) await this.#timers.arm();
    return done ?? JOURNAL_FULL;
  }

  /** Closes the journal, though the last events have not come. */
  close(): void {
    this.#storage.transactionSync(() => this.#ending.close(Date.now()));
  }

  /**
   * Moves a part of what was written to the archive; its timer stays set until all is there. What is added to a journal
   * that was dropped is dropped as well.
   */
  async archive(run: RunRow): Promise<void> {
    try {
      if (this.#archive.isDropped) return await this.drop(run);
      const hasMore = await this.#archive.step(logPrefix(run));
      if (hasMore) this.#timers.set("archive", Date.now());
      else this.#timers.clear("archive");
    } catch (error) {
      logBackgroundFailure("archiveRun", error);
      this.#timers.set("archive", nextAttempt(run, Date.now()));
    }
  }

  /** Drops all entries, in the archive as well, but the one that tells how the run ended. Rejects when the bucket fails. */
  async drop(run: RunRow): Promise<void> {
    await this.#archive.drop(STATE_TAG, stateEntry(run));
    this.#timers.clear("archive");
  }
}
