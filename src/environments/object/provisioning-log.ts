import type { SchemaPart } from "../../objects/object-schema.ts";

/** What provisioning and teardown do, line by line (`GET …/logs`). */
export const LOG_SCHEMA: SchemaPart = {
  name: "provisioning_log",
  steps: [
    "CREATE TABLE log_lines (number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, text TEXT NOT NULL)",
  ],
};

/** Lines that are kept, the latest ones, and characters of one: all of them are one answer. */
const KEPT_LINES = 1_000;
const LINE_MAX_LENGTH = 4 * 1024;

export class ProvisioningLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds one line, or as many as the text has. */
  add(text: string): void {
    const now = Date.now();
    for (const line of text.split("\n").slice(-KEPT_LINES)) {
      this.#sql.exec("INSERT INTO log_lines (time, text) VALUES (?, ?)", now, line.slice(0, LINE_MAX_LENGTH));
    }
    this.#sql.exec(`DELETE FROM log_lines WHERE number <= (SELECT max(number) FROM log_lines) - ${KEPT_LINES}`);
  }

  /** Each line with its time in front. */
  text(): string {
    return this.#sql
      .exec<{ time: number; text: string }>("SELECT time, text FROM log_lines ORDER BY number")
      .toArray()
      .map(({ time, text }) => `${new Date(time).toISOString()} ${text}\n`)
      .join("");
  }

  clear(): void {
    this.#sql.exec("DELETE FROM log_lines");
  }
}
