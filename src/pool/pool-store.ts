import { z } from "zod";
import type { SchemaPart } from "../objects/object-schema.ts";
import { type WorkKind, workKind } from "./pool-protocol.ts";
import type { WorkEvent, Work } from "./work.ts";

/** The SQLite of a pool: runners, the work that is queued or held, and events that their owners have not heard. */
export const POOL_SCHEMA: SchemaPart = {
  name: "pool",
  steps: [
    `CREATE TABLE runners (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL,
       slots INTEGER NOT NULL,
       labels TEXT NOT NULL,
       kinds TEXT NOT NULL,
       -- When something of it was heard last besides pings, in milliseconds since 1970.
       heard_at INTEGER NOT NULL
     ) WITHOUT ROWID`,
    `CREATE TABLE work (
       number INTEGER PRIMARY KEY AUTOINCREMENT,
       id TEXT NOT NULL UNIQUE,
       kind TEXT NOT NULL,
       labels TEXT NOT NULL,
       reference TEXT NOT NULL,
       -- Who holds it; null while it is queued.
       runner_id TEXT
     )`,
    "CREATE INDEX work_of_runner ON work (runner_id)",
    `CREATE TABLE tidings (
       number INTEGER PRIMARY KEY AUTOINCREMENT,
       work_id TEXT NOT NULL,
       work TEXT NOT NULL,
       tidings TEXT NOT NULL,
       attempts INTEGER NOT NULL DEFAULT 0,
       -- Milliseconds since 1970.
       due INTEGER NOT NULL
     )`,
    "CREATE INDEX tidings_of_work ON tidings (work_id, number)",
    // Milliseconds since 1970.
    "ALTER TABLE work ADD COLUMN queued_at INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tidings RENAME COLUMN tidings TO event",
    "ALTER TABLE tidings RENAME TO work_events",
    "ALTER TABLE runners ADD COLUMN capabilities TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE work ADD COLUMN capabilities TEXT NOT NULL DEFAULT '[]'",
  ],
};

/** A runner as its pool knows it. */
export interface RunnerRow {
  id: string;
  name: string;
  slots: number;
  labels: string[];
  capabilities: string[];
  kinds: WorkKind[];
  heardAt: number;
}

export interface WorkRow extends Work {
  runnerId: string | null;
}

export interface WorkEventRow {
  number: number;
  work: Work;
  event: WorkEvent;
  attempts: number;
  /** Milliseconds since 1970. */
  due: number;
}

type RunnerColumns = {
  id: string;
  name: string;
  slots: number;
  labels: string;
  capabilities: string;
  kinds: string;
  heard_at: number;
};
type WorkColumns = {
  id: string;
  kind: WorkKind;
  labels: string;
  capabilities: string;
  reference: string;
  runner_id: string | null;
};
type WorkEventColumns = { number: number; pair: string; attempts: number; due: number };

const texts = z.array(z.string());
const kinds = z.array(workKind);
const reference = z.record(z.string(), z.unknown());

function toRunner({ heard_at, ...row }: RunnerColumns): RunnerRow {
  const labels = texts.parse(JSON.parse(row.labels));
  const capabilities = texts.parse(JSON.parse(row.capabilities));
  return { ...row, labels, capabilities, kinds: kinds.parse(JSON.parse(row.kinds)), heardAt: heard_at };
}

function toWork({ id, kind, labels, capabilities, reference: text, runner_id }: WorkColumns): WorkRow {
  return {
    id,
    kind,
    labels: texts.parse(JSON.parse(labels)),
    capabilities: texts.parse(JSON.parse(capabilities)),
    reference: reference.parse(JSON.parse(text)),
    runnerId: runner_id,
  };
}

function toWorkEvent({ pair, ...row }: WorkEventColumns): WorkEventRow {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `tell` alone
  return { ...row, ...(JSON.parse(pair) as { work: Work; event: WorkEvent }) };
}

export class PoolStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  saveRunner({ id, name, slots, labels, capabilities, kinds, heardAt }: RunnerRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO runners (id, name, slots, labels, capabilities, kinds, heard_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      id,
      name,
      slots,
      JSON.stringify(labels),
      JSON.stringify(capabilities),
      JSON.stringify(kinds),
      heardAt,
    );
  }

  runner(id: string): RunnerRow | undefined {
    return this.#sql.exec<RunnerColumns>("SELECT * FROM runners WHERE id = ?", id).toArray().map(toRunner)[0];
  }

  runners(): RunnerRow[] {
    return this.#sql.exec<RunnerColumns>("SELECT * FROM runners ORDER BY name, id").toArray().map(toRunner);
  }

  forgetRunner(id: string): void {
    this.#sql.exec("DELETE FROM runners WHERE id = ?", id);
  }

  /** False when work of this id is there already. */
  queue({ id, kind, labels, capabilities, reference }: Work, now: number): boolean {
    const added = this.#sql.exec(
      `INSERT INTO work (id, kind, labels, capabilities, reference, queued_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      id,
      kind,
      JSON.stringify(labels),
      JSON.stringify(capabilities),
      JSON.stringify(reference),
      now,
    );
    return added.toArray().length > 0;
  }

  work(id: string): WorkRow | undefined {
    return this.#sql
      .exec<WorkColumns>("SELECT id, kind, labels, capabilities, reference, runner_id FROM work WHERE id = ?", id)
      .toArray()
      .map(toWork)[0];
  }

  workOf(runnerId: string): WorkRow[] {
    return this.#sql
      .exec<WorkColumns>(
        "SELECT id, kind, labels, capabilities, reference, runner_id FROM work WHERE runner_id = ? ORDER BY number",
        runnerId,
      )
      .toArray()
      .map(toWork);
  }

  /** How many pieces of work runners hold, or with null how many are queued. */
  countWork(runnerId: string | null): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM work WHERE runner_id IS ?", runnerId).one().n;
  }

  /** The attempt at this environment or run that is queued, and since when. */
  queuedAttempt(ownerId: string): (Work & { queuedAt: number }) | undefined {
    const [row] = this.#sql
      .exec<WorkColumns & { queued_at: number }>(
        // From `ID.` to before `ID/`: the ids of its attempts, by their index.
        `SELECT id, kind, labels, capabilities, reference, runner_id, queued_at FROM work
         WHERE id > ? || '.' AND id < ? || '/' AND runner_id IS NULL ORDER BY number DESC LIMIT 1`,
        ownerId,
        ownerId,
      )
      .toArray();
    return row && { ...toWork(row), queuedAt: row.queued_at };
  }

  isAnyHeld(): boolean {
    return this.#sql.exec("SELECT 1 FROM work WHERE runner_id IS NOT NULL LIMIT 1").toArray().length > 0;
  }

  /** The work that is queued longest and that the runner may have, `limit` pieces at most. */
  queuedFor(runner: RunnerRow, limit: number): WorkRow[] {
    return this.#sql
      .exec<WorkColumns>(
        `SELECT id, kind, labels, capabilities, reference, runner_id FROM work WHERE runner_id IS NULL
           AND kind IN (SELECT value FROM json_each(?))
           AND NOT EXISTS (SELECT 1 FROM json_each(work.labels) WHERE value NOT IN (SELECT value FROM json_each(?)))
           AND NOT EXISTS (SELECT 1 FROM json_each(work.capabilities) WHERE value NOT IN (SELECT value FROM json_each(?)))
         ORDER BY number LIMIT ?`,
        JSON.stringify(runner.kinds),
        JSON.stringify(runner.labels),
        JSON.stringify(runner.capabilities),
        limit,
      )
      .toArray()
      .map(toWork);
  }

  /** Gives work to a runner, or with null back to the queue. */
  assign(id: string, runnerId: string | null): void {
    this.#sql.exec("UPDATE work SET runner_id = ? WHERE id = ?", runnerId, id);
  }

  removeWork(id: string): void {
    this.#sql.exec("DELETE FROM work WHERE id = ?", id);
  }

  /** Keeps an event until the owner of the work has heard it. */
  tell({ id, kind, labels, capabilities, reference }: Work, event: WorkEvent, now: number): void {
    const work = JSON.stringify({ id, kind, labels, capabilities, reference });
    this.#sql.exec(
      "INSERT INTO work_events (work_id, work, event, due) VALUES (?, ?, ?, ?)",
      id,
      work,
      JSON.stringify(event),
      now,
    );
  }

  /** The event to tell next: those of one piece of work in their order, whatever keeps the owner of another from hearing. */
  nextEvent(): WorkEventRow | undefined {
    return this.#sql
      .exec<WorkEventColumns>(
        `SELECT number, json_object('work', json(work), 'event', json(event)) AS pair, attempts, due FROM work_events AS t
         WHERE NOT EXISTS (SELECT 1 FROM work_events WHERE work_id = t.work_id AND number < t.number)
         ORDER BY due, number LIMIT 1`,
      )
      .toArray()
      .map(toWorkEvent)[0];
  }

  /** Whether the owner of this work has yet to hear of it. */
  hasUntold(workId: string): boolean {
    return this.#sql.exec("SELECT 1 FROM work_events WHERE work_id = ? LIMIT 1", workId).toArray().length > 0;
  }

  /** Puts an event off that its owner could not be told. */
  postpone(number: number, due: number): void {
    this.#sql.exec("UPDATE work_events SET attempts = attempts + 1, due = ? WHERE number = ?", due, number);
  }

  forgetEvent(number: number): void {
    this.#sql.exec("DELETE FROM work_events WHERE number = ?", number);
  }
}
