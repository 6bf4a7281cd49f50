import type { AttemptEnd } from "../dispatch/dispatch-table.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import { EVENT_TAG, LOG_TAG } from "./run-log.ts";
import type { RunJournal } from "./run-journal.ts";

/** Where the attempts at a run begin in its journal, by entry and by what of the log stands before it. */
export const ATTEMPT_SCHEMA: SchemaPart = {
  name: "attempts",
  steps: [
    `CREATE TABLE attempts (
       attempt INTEGER PRIMARY KEY,
       first_seq INTEGER NOT NULL,
       log_entries INTEGER NOT NULL,
       log_bytes INTEGER NOT NULL,
       event_entries INTEGER NOT NULL,
       event_bytes INTEGER NOT NULL
     )`,
  ],
};

/** The method of the entry that stands between two attempts (docs/runner.md, "A second attempt"). */
export const ATTEMPT_METHOD = "_taskyard/attempt";

/** What of the journal belongs to one attempt: entries `first` to `last`, which is undefined while they still come. */
export interface AttemptPart {
  first: number;
  last: number | undefined;
}

/** What of the log belongs to one attempt, in entries and bytes from its beginning; ends are undefined as above. */
export interface AttemptLog {
  entries: { from: number; to: number | undefined };
  bytes: { from: number; to: number | undefined };
}

type Beginning = {
  attempt: number;
  first_seq: number;
  log_entries: number;
  log_bytes: number;
  event_entries: number;
  event_bytes: number;
};

/** Of the first attempt, which has no row. */
const START: Beginning = {
  attempt: 1,
  first_seq: 1,
  log_entries: 0,
  log_bytes: 0,
  event_entries: 0,
  event_bytes: 0,
};

/** The attempts at a run: the first begins with the run, each further one with an entry that says so. */
export class RunAttempts {
  readonly #sql: SqlStorage;
  readonly #journal: RunJournal;
  #begun: readonly number[] | undefined;

  constructor(sql: SqlStorage, journal: RunJournal) {
    this.#sql = sql;
    this.#journal = journal;
  }

  /** How many there are: 1 before a runner was ever lost. */
  get count(): number {
    return this.#sql.exec<{ last: number }>("SELECT coalesce(max(attempt), 1) AS last FROM attempts").one().last;
  }

  /**
   * Begins a further attempt, with an entry that says why. Call it inside a transaction. `now` is in microseconds since
   * 1970.
   */
  begin(attempt: number, end: AttemptEnd, reason: string, now: number): void {
    const { index, tail } = this.#journal.entries;
    const [log, event] = [index.count(LOG_TAG), index.count(EVENT_TAG)];
    this.#sql.exec(
      "INSERT INTO attempts (attempt, first_seq, log_entries, log_bytes, event_entries, event_bytes) VALUES (?, ?, ?, ?, ?, ?)",
      attempt,
      tail + 1,
      log.entries,
      log.bytes,
      event.entries,
      event.bytes,
    );
    this.#begun = undefined;
    const previous = { attempt: attempt - 1, end, reason };
    this.#journal.notify(ATTEMPT_METHOD, { attempt, previous }, now);
  }

  /** `to`, or the end of the attempt that entry `from` belongs to, where that comes before. */
  cut(from: number, to: number): number {
    const next = this.#firsts().find((first) => first > from);
    return next === undefined ? to : Math.min(to, next - 1);
  }

  /** Where all but the first attempt begin. Kept, because each reader asks for it before each frame. */
  #firsts(): readonly number[] {
    return (this.#begun ??= this.#sql
      .exec<{ first_seq: number }>("SELECT first_seq FROM attempts ORDER BY attempt")
      .toArray()
      .map(({ first_seq }) => first_seq));
  }

  /** What of the journal belongs to an attempt; undefined for one that there is not. */
  partOf(attempt: number): AttemptPart | undefined {
    const found = this.#find(attempt);
    return found && { first: found.begin.first_seq, last: found.end && found.end.first_seq - 1 };
  }

  /** What of the log of `tag` belongs to an attempt; undefined for one that there is not. */
  logOf(attempt: number, tag: string): AttemptLog | undefined {
    const found = this.#find(attempt);
    if (!found) return undefined;
    const { begin, end } = found;
    return tag === LOG_TAG
      ? {
          entries: { from: begin.log_entries, to: end?.log_entries },
          bytes: { from: begin.log_bytes, to: end?.log_bytes },
        }
      : {
          entries: { from: begin.event_entries, to: end?.event_entries },
          bytes: { from: begin.event_bytes, to: end?.event_bytes },
        };
  }

  #find(attempt: number): { begin: Beginning; end: Beginning | undefined } | undefined {
    const rows = this.#sql
      .exec<Beginning>("SELECT * FROM attempts WHERE attempt IN (?, ?) ORDER BY attempt", attempt, attempt + 1)
      .toArray();
    const begin = attempt === 1 ? START : rows.find((row) => row.attempt === attempt);
    return begin && { begin, end: rows.find((row) => row.attempt === attempt + 1) };
  }
}
