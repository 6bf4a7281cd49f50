import { JOURNAL_SCHEMA } from "../../stream/journal/journal.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import { TIMER_SCHEMA } from "../../objects/timers.ts";

/** The evaluation itself, its tasks, and its items: one of each task in each attempt. */
const EVALUATION_SCHEMA: SchemaPart = {
  name: "evaluation",
  steps: [
    "CREATE TABLE evaluation (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL)",
    `CREATE TABLE tasks (
       number INTEGER PRIMARY KEY,
       name TEXT NOT NULL,
       task TEXT NOT NULL,
       agent_task_id TEXT NOT NULL,
       is_made INTEGER NOT NULL DEFAULT 0
     )`,
    `CREATE TABLE items (
       position INTEGER PRIMARY KEY,
       id TEXT NOT NULL UNIQUE,
       task INTEGER NOT NULL,
       attempt INTEGER NOT NULL,
       status TEXT NOT NULL,
       try INTEGER NOT NULL DEFAULT 0,
       retries INTEGER NOT NULL DEFAULT 0,
       queued_at INTEGER NOT NULL,
       due INTEGER NOT NULL,
       to_begin INTEGER NOT NULL DEFAULT 0,
       to_cancel TEXT,
       state TEXT,
       tries TEXT NOT NULL DEFAULT '[]'
     )`,
    "CREATE INDEX items_status ON items (status, due, position)",
    "CREATE INDEX items_task ON items (task, position)",
    "CREATE INDEX items_to_tell ON items (position) WHERE to_begin = 1 OR to_cancel IS NOT NULL",
    "CREATE TABLE notices (number INTEGER PRIMARY KEY AUTOINCREMENT, notice TEXT NOT NULL)",
    // Agent tasks that are there: tasks of the same version share one.
    "CREATE TABLE made_tasks (id TEXT PRIMARY KEY) WITHOUT ROWID",
    "ALTER TABLE tasks DROP COLUMN is_made",
  ],
};

/** Everything that an evaluation's object stores. */
export const EVALUATION_TABLES: readonly SchemaPart[] = [EVALUATION_SCHEMA, JOURNAL_SCHEMA, TIMER_SCHEMA];
