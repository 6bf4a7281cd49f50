import type { EndReason } from "../model/end-reason.ts";
import { ACTIVE_STATUSES, isEnded } from "../model/item-status.ts";
import { beginTry, type PlannedTask, type TryState } from "../model/plan.ts";
import { type Scored, toResult } from "../model/results.ts";
import { emptyCounts, type ItemStatus } from "../statistics/item-result.ts";

/** Earlier tries that an item keeps; of more, the oldest go. */
const MAX_TRIES_KEPT = 20;

/** An item as it is stored, with its task. Times are milliseconds since 1970. */
export interface Item {
  position: number;
  id: string;
  /** From 1. */
  attempt: number;
  status: ItemStatus;
  /** Number of the present try; 0 before the first. */
  tryNumber: number;
  /** Tries that followed a failure of infrastructure, or `retry-failed`. */
  retries: number;
  queuedAt: number;
  /** What is known of the present or last try; null before the first. */
  state: TryState | null;
  /** The tries before it, oldest first. */
  tries: TryState[];
  taskNumber: number;
  task: PlannedTask;
  agentTaskId: string;
}

/** Which items are wanted: those in one of these statuses, of the task with this name. */
export interface ItemFilter {
  statuses: readonly ItemStatus[];
  taskName: string | undefined;
}

interface Row extends Record<string, SqlStorageValue> {
  position: number;
  id: string;
  attempt: number;
  status: ItemStatus;
  try: number;
  retries: number;
  queued_at: number;
  state: string | null;
  tries: string;
  task_number: number;
  task: string;
  agent_task_id: string;
}

const SELECT = `SELECT position, id, attempt, status, try, retries, queued_at, state, tries,
  number AS task_number, tasks.task AS task, agent_task_id FROM items JOIN tasks ON number = items.task`;

function toItem(row: Row): Item {
  return {
    position: row.position,
    id: row.id,
    attempt: row.attempt,
    status: row.status,
    tryNumber: row.try,
    retries: row.retries,
    queuedAt: row.queued_at,
    state: row.state === null ? null : JSON.parse(row.state),
    tries: JSON.parse(row.tries),
    taskNumber: row.task_number,
    task: JSON.parse(row.task),
    agentTaskId: row.agent_task_id,
  };
}

/** A task with the id of the agent task whose runs are the attempts at it. */
export interface NewTask {
  task: PlannedTask;
  agentTaskId: string;
}

/** The items of an evaluation, in the SQLite of its object. */
export class ItemStore {
  readonly #sql: SqlStorage;
  /** How many items are in each status; undefined until it is asked for, and after a transaction that failed. */
  #counts: Map<ItemStatus, number> | undefined;
  /** Agent tasks in whose runs something has happened; undefined while that is not known. */
  #touched: Set<string> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Forgets what it has counted: what was stored since may have been undone. */
  recount(): void {
    this.#counts = undefined;
  }

  /**
   * Stores the items: the first attempt at every task before the second one at any, so that what is there early says
   * something about all tasks. Call it in the transaction that creates the evaluation.
   */
  create(tasks: readonly NewTask[], attempts: number, idOf: (position: number) => string, now: number): void {
    for (const [number, { task, agentTaskId }] of tasks.entries()) {
      this.#sql.exec(
        "INSERT INTO tasks (number, name, task, agent_task_id) VALUES (?, ?, ?, ?)",
        number,
        task.name,
        JSON.stringify(task),
        agentTaskId,
      );
    }
    for (let position = 0; position < tasks.length * attempts; position += 1) {
      this.#sql.exec(
        "INSERT INTO items (position, id, task, attempt, status, queued_at, due) VALUES (?, ?, ?, ?, 'queued', ?, ?)",
        position,
        idOf(position),
        position % tasks.length,
        Math.floor(position / tasks.length) + 1,
        now,
        now,
      );
    }
  }

  find(id: string): Item | undefined {
    const [row] = this.#sql.exec<Row>(`${SELECT} WHERE id = ?`, id).toArray();
    return row && toItem(row);
  }

  /** A page of the items, in the order of their positions, and the number of all that are wanted. */
  list(filter: ItemFilter, limit: number, offset: number): { items: Item[]; total: number } {
    const [where, values] = conditionOf(filter);
    const [counted] = this.#sql
      .exec<{ total: number }>(
        `SELECT count(*) AS total FROM items JOIN tasks ON number = items.task ${where}`,
        ...values,
      )
      .toArray();
    const rows = this.#sql.exec<Row>(`${SELECT} ${where} ORDER BY position LIMIT ? OFFSET ?`, ...values, limit, offset);
    return { items: [...rows].map(toItem), total: counted?.total ?? 0 };
  }

  /** The results of all items, one after the other: what statistics are made of. */
  *results(): Generator<Scored> {
    const tasks = new Map(
      [...this.#sql.exec<{ number: number; task: string }>("SELECT number, task FROM tasks")].map((row) => {
        const { ref, name }: PlannedTask = JSON.parse(row.task);
        return [row.number, { ref, name }];
      }),
    );
    const rows = this.#sql.exec<{ task: number; attempt: number; status: ItemStatus; state: string | null }>(
      "SELECT task, attempt, status, state FROM items ORDER BY position",
    );
    for (const { task, attempt, status, state } of rows) {
      const of = tasks.get(task) ?? { ref: "", name: "" };
      yield toResult({ attempt, status, state: state === null ? null : JSON.parse(state), task: of });
    }
  }

  /** How many items are in each status. */
  counts(): Record<ItemStatus, number> {
    const counts = emptyCounts();
    for (const [status, items] of this.#counted()) counts[status] = items;
    return counts;
  }

  #counted(): Map<ItemStatus, number> {
    this.#counts ??= new Map(
      [
        ...this.#sql.exec<{ status: ItemStatus; items: number }>(
          "SELECT status, count(*) AS items FROM items GROUP BY status",
        ),
      ].map(({ status, items }) => [status, items]),
    );
    return this.#counts;
  }

  #move(from: ItemStatus, to: ItemStatus): void {
    const counts = this.#counted();
    counts.set(from, (counts.get(from) ?? 0) - 1);
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }

  taskCount(): number {
    return this.#sql.exec<{ tasks: number }>("SELECT count(*) AS tasks FROM tasks").one().tasks;
  }

  /** References of the tasks, each once. */
  taskRefs(): string[] {
    const rows = this.#sql.exec<{ ref: string }>("SELECT DISTINCT task ->> '$.ref' AS ref FROM tasks ORDER BY number");
    return [...rows].map(({ ref }) => ref);
  }

  /** How many items hold one of the evaluation's places. */
  countActive(): number {
    const counts = this.#counted();
    return ACTIVE_STATUSES.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
  }

  /** When the next queued item may begin; undefined where none is queued. */
  nextDue(): number | undefined {
    const { due } = this.#sql
      .exec<{ due: number | null }>("SELECT min(due) AS due FROM items WHERE status = 'queued'")
      .one();
    return due ?? undefined;
  }

  /** Begins the next try of up to `limit` queued items whose time has come; their objects are to be told. */
  claim(limit: number, now: number): Item[] {
    const rows = this.#sql
      .exec<{ position: number; id: string }>(
        // By the index: thousands of others may wait.
        "SELECT position, id FROM items WHERE status = 'queued' AND due <= ? ORDER BY due, position LIMIT ?",
        now,
        limit,
      )
      .toArray();
    for (const { position } of rows) {
      this.#sql.exec(
        "UPDATE items SET status = 'claiming', try = try + 1, to_begin = 1, to_cancel = NULL, state = ? WHERE position = ?",
        JSON.stringify(beginTry(now)),
        position,
      );
      this.#move("queued", "claiming");
    }
    return rows.flatMap(({ id }) => this.find(id) ?? []);
  }

  /** Items whose objects have yet to be told to begin, or to stop: then `cancels` says why. */
  toTell(limit: number): { item: Item; cancels: EndReason | null }[] {
    const rows = this.#sql.exec<Row & { to_cancel: EndReason | null }>(
      `${SELECT.replace("SELECT ", "SELECT to_cancel, ")} WHERE to_begin = 1 OR to_cancel IS NOT NULL
       ORDER BY position LIMIT ?`,
      limit,
    );
    return [...rows].map((row) => ({ item: toItem(row), cancels: row.to_cancel }));
  }

  /** The item's object was told what it had to be told of this try. */
  told(id: string, tryNumber: number, what: "to_begin" | "to_cancel"): void {
    const value = what === "to_begin" ? "0" : "NULL";
    this.#sql.exec(`UPDATE items SET ${what} = ${value} WHERE id = ? AND try = ?`, id, tryNumber);
  }

  /** Stores how the present try stands. An end leaves nothing to tell. */
  save({ id, status, agentTaskId }: Item, state: TryState): void {
    this.touch([agentTaskId]);
    const end = isEnded(state.status) ? ", to_begin = 0, to_cancel = NULL" : "";
    this.#move(status, state.status);
    this.#sql.exec(
      `UPDATE items SET status = ?, state = ?${end} WHERE id = ?`,
      state.status,
      JSON.stringify(state),
      id,
    );
  }

  /** Queues an item for another try from `due` on; the present one is kept among those before. */
  requeue({ id, status, state, tries }: Item, retries: number, now: number, due: number): void {
    this.#move(status, "queued");
    const kept = [...tries, ...(state ? [state] : [])].slice(-MAX_TRIES_KEPT);
    this.#sql.exec(
      `UPDATE items SET status = 'queued', state = NULL, tries = ?, retries = ?, queued_at = ?, due = ?,
         to_begin = 0, to_cancel = NULL WHERE id = ?`,
      JSON.stringify(kept),
      retries,
      now,
      due,
      id,
    );
  }

  /** Ends the items that wait, with this state. */
  endQueued(state: TryState): void {
    const counts = this.#counted();
    counts.set(state.status, (counts.get(state.status) ?? 0) + (counts.get("queued") ?? 0));
    counts.set("queued", 0);
    this.#sql.exec(
      "UPDATE items SET status = ?, state = ? WHERE status = 'queued'",
      state.status,
      JSON.stringify(state),
    );
  }

  /** Asks for the end of the items that are at work. */
  cancelActive(reason: EndReason): void {
    this.#sql.exec(`UPDATE items SET to_cancel = ? WHERE status IN (${listOf(ACTIVE_STATUSES)})`, reason);
  }

  /** Whether this agent task was made. */
  isTaskMade(agentTaskId: string): boolean {
    return this.#sql.exec("SELECT 1 FROM made_tasks WHERE id = ?", agentTaskId).toArray().length > 0;
  }

  taskMade(agentTaskId: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO made_tasks (id) VALUES (?)", agentTaskId);
  }

  /** Something has happened in runs of these agent tasks. */
  touch(agentTaskIds: readonly string[]): void {
    for (const id of agentTaskIds) this.#touched?.add(id);
  }

  /** Agent tasks in whose runs something has happened since this was asked last; after a loss, those of items at work. */
  takeTouched(): string[] {
    const rows = this.#touched
      ? [...this.#touched]
      : this.#sql
          .exec<{ id: string }>(
            `SELECT DISTINCT agent_task_id AS id FROM items JOIN tasks ON number = items.task
             WHERE status IN (${listOf(ACTIVE_STATUSES)})`,
          )
          .toArray()
          .map(({ id }) => id);
    this.#touched = new Set();
    return rows;
  }
}

function listOf(statuses: readonly ItemStatus[]): string {
  return statuses.map((status) => `'${status}'`).join(", ");
}

function conditionOf({ statuses, taskName }: ItemFilter): [string, string[]] {
  const conditions: string[] = [];
  if (statuses.length > 0) conditions.push(`status IN (${listOf(statuses)})`);
  if (taskName !== undefined) conditions.push("tasks.name = ?");
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return [where, taskName === undefined ? [] : [taskName]];
}
