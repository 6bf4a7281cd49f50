import type { SchemaPart } from "./object-schema.ts";

/** A Durable Object has one alarm; these are as many timers as there are names, and outlive the object like the alarm. */

export const TIMER_SCHEMA: SchemaPart = {
  name: "timers",
  steps: ["CREATE TABLE timers (name TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID"],
};

export class Timers<Name extends string> {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Sets a timer, or sets it anew, to a time in milliseconds. Commits with the transaction around it; then call `arm`. */
  set(name: Name, due: number): void {
    this.#storage.sql.exec(
      "INSERT INTO timers (name, due) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET due = excluded.due",
      name,
      due,
    );
  }

  /** Takes a timer off, whether it is set or not; then call `arm`. */
  clear(name: Name): void {
    this.#storage.sql.exec("DELETE FROM timers WHERE name = ?", name);
  }

  has(name: Name): boolean {
    return this.#storage.sql.exec("SELECT 1 FROM timers WHERE name = ?", name).toArray().length > 0;
  }

  /**
   * The timers that an alarm at `now` is for, oldest first: those whose time has come and the earliest in any case, since
   * the clock may have gone back after it was set. Each stays set until it is cleared, because an alarm may be cut short.
   */
  due(now: number): Name[] {
    return this.#storage.sql
      .exec<{ name: Name }>(
        "SELECT name FROM timers WHERE due <= max(?, (SELECT min(due) FROM timers)) ORDER BY due, name",
        now,
      )
      .toArray()
      .map(({ name }) => name);
  }

  /** Sets the object's alarm to the earliest timer. Begun without an await after the change, it commits with it. */
  async arm(): Promise<void> {
    const { due } = this.#storage.sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM timers").one();
    await (due === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(due));
  }
}
