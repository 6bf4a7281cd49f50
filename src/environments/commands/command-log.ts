import type { SchemaPart } from "../../objects/object-schema.ts";
import { appendToTerminal } from "./terminal-output.ts";
import type { CommandEnding, OutputStream, Produced, TerminalSize } from "../../sandbox/port.ts";

/** The commands of an environment and what they have written, in the SQLite of its object. */
export const COMMAND_SCHEMA: SchemaPart = {
  name: "commands",
  steps: [
    `CREATE TABLE commands (
       number INTEGER PRIMARY KEY AUTOINCREMENT,
       id TEXT NOT NULL UNIQUE,
       command TEXT NOT NULL,
       cwd TEXT NOT NULL,
       background INTEGER NOT NULL,
       seconds INTEGER NOT NULL,
       started INTEGER NOT NULL,
       ended INTEGER,
       status TEXT NOT NULL,
       exit_code INTEGER,
       reason TEXT,
       stdout_kept INTEGER NOT NULL DEFAULT 0,
       stderr_kept INTEGER NOT NULL DEFAULT 0,
       stdout_total INTEGER NOT NULL DEFAULT 0,
       stderr_total INTEGER NOT NULL DEFAULT 0
     )`,
    `CREATE INDEX commands_running ON commands (number) WHERE ended IS NULL`,
    `CREATE TABLE command_output (
       number INTEGER NOT NULL,
       at INTEGER NOT NULL,
       stream TEXT NOT NULL,
       bytes BLOB NOT NULL,
       PRIMARY KEY (number, at)
     )`,
    `ALTER TABLE commands ADD COLUMN rows INTEGER`,
    `ALTER TABLE commands ADD COLUMN cols INTEGER`,
    `ALTER TABLE commands ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE commands ADD COLUMN input TEXT NOT NULL DEFAULT 'closed'`,
    `ALTER TABLE commands ADD COLUMN idle_seconds INTEGER`,
    `ALTER TABLE commands ADD COLUMN unwatched_since INTEGER`,
  ],
};

/** Commands that are remembered with their output; older ones are forgotten once they are over. */
const KEPT_COMMANDS = 200;

/** Bytes of one row; SQLite rows in an object hold 2 MB. */
const ROW_BYTES = 512 * 1024;

export type CommandStatus = "running" | CommandEnding["status"];

/** A command as its object knows it. Times are milliseconds since 1970. */
export interface CommandRow {
  [column: string]: SqlStorageValue;
  number: number;
  id: string;
  command: string;
  cwd: string;
  background: 0 | 1;
  seconds: number;
  started: number;
  ended: number | null;
  status: CommandStatus;
  exit_code: number | null;
  /** Why it is lost, or who killed it. */
  reason: string | null;
  stdout_kept: number;
  stderr_kept: number;
  stdout_total: number;
  stderr_total: number;
  /** The size of its terminal; null for one that has none. */
  rows: number | null;
  cols: number | null;
  /** Bytes at the beginning of a terminal's output that are no longer there. */
  dropped: number;
  /** Whether its input takes more. */
  input: "open" | "closed";
  /** Seconds that its terminal may be without anybody who is connected; null for ever. */
  idle_seconds: number | null;
  /** Since when nobody is connected to it. */
  unwatched_since: number | null;
}

/** Whether a command runs on a terminal. */
export function hasTerminal(row: CommandRow): row is CommandRow & { rows: number; cols: number } {
  return row.rows !== null;
}

export interface NewCommand {
  id: string;
  command: string;
  cwd: string;
  background: boolean;
  seconds: number;
  tty: TerminalSize | null;
  keepsInput: boolean;
  idleSeconds: number | null;
}

/** A piece of output, as it came. */
export interface OutputPiece {
  stream: OutputStream;
  bytes: Uint8Array;
}

export class CommandLog {
  readonly #sql: SqlStorage;
  readonly #maxBytes: number;

  /** `maxBytes` of each stream of a command are kept, from its beginning; of a terminal's output the last ones. */
  constructor(sql: SqlStorage, maxBytes: number) {
    this.#sql = sql;
    this.#maxBytes = maxBytes;
  }

  /** Records a command as running. */
  begin(asked: NewCommand, now: number): CommandRow {
    this.#forgetOld();
    const { id, command, cwd, background, seconds, tty, keepsInput, idleSeconds } = asked;
    return this.#sql
      .exec<CommandRow>(
        `INSERT INTO commands
           (id, command, cwd, background, seconds, started, status, rows, cols, input, idle_seconds, unwatched_since)
         VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?)
         RETURNING *`,
        id,
        command,
        cwd,
        background ? 1 : 0,
        seconds,
        now,
        tty?.rows ?? null,
        tty?.cols ?? null,
        keepsInput ? "open" : "closed",
        idleSeconds,
        now,
      )
      .one();
  }

  find(id: string): CommandRow | undefined {
    return this.#sql.exec<CommandRow>("SELECT * FROM commands WHERE id = ?", id).toArray()[0];
  }

  running(): CommandRow[] {
    return this.#sql.exec<CommandRow>("SELECT * FROM commands WHERE ended IS NULL ORDER BY number").toArray();
  }

  /** The latest commands first. */
  list(limit: number): CommandRow[] {
    return this.#sql.exec<CommandRow>("SELECT * FROM commands ORDER BY number DESC LIMIT ?", limit).toArray();
  }

  /** The latest commands with a terminal first. */
  listTerminals(limit: number): CommandRow[] {
    return this.#sql
      .exec<CommandRow>("SELECT * FROM commands WHERE rows IS NOT NULL ORDER BY number DESC LIMIT ?", limit)
      .toArray();
  }

  resize(id: string, { rows, cols }: TerminalSize): void {
    this.#sql.exec("UPDATE commands SET rows = ?, cols = ? WHERE id = ?", rows, cols, id);
  }

  closeInput(id: string): void {
    this.#sql.exec("UPDATE commands SET input = 'closed' WHERE id = ?", id);
  }

  /** Says since when nobody is connected to a terminal; null while somebody is. */
  watch(id: string, unwatchedSince: number | null): void {
    this.#sql.exec("UPDATE commands SET unwatched_since = ? WHERE id = ?", unwatchedSince, id);
  }

  /** Says why a command is about to end, for its ending. */
  explain(id: string, reason: string): void {
    this.#sql.exec("UPDATE commands SET reason = ? WHERE id = ? AND ended IS NULL", reason, id);
  }

  /** Adds output of a running command that begins at `offset` of its stream; how many bytes of it are stored then. */
  append(id: string, stream: OutputStream, offset: number, bytes: Uint8Array): number | undefined {
    const row = this.find(id);
    if (!row || row.ended !== null) return undefined;
    if (hasTerminal(row)) return appendToTerminal(this.#sql, row, { offset, bytes, maxBytes: this.#maxBytes });
    const kept = row[`${stream}_kept`];
    const total = Math.max(row[`${stream}_total`], offset + bytes.byteLength);
    const fresh = offset > kept ? new Uint8Array(0) : bytes.subarray(kept - offset, this.#maxBytes - offset);
    let at = row.stdout_kept + row.stderr_kept;
    for (let from = 0; from < fresh.byteLength; from += ROW_BYTES) {
      const part = fresh.slice(from, from + ROW_BYTES);
      this.#sql.exec(
        "INSERT INTO command_output (number, at, stream, bytes) VALUES (?, ?, ?, ?)",
        row.number,
        at,
        stream,
        part,
      );
      at += part.byteLength;
    }
    this.#sql.exec(
      `UPDATE commands SET ${stream}_kept = ?, ${stream}_total = ? WHERE number = ?`,
      kept + fresh.byteLength,
      total,
      row.number,
    );
    return kept + fresh.byteLength;
  }

  /** Ends a command; false when it is over already. */
  end(id: string, ending: CommandEnding, now: number, why: string | null = null): boolean {
    const row = this.find(id);
    if (!row || row.ended !== null) return false;
    const produced: Produced =
      ending.status === "lost" ? { stdout: row.stdout_total, stderr: row.stderr_total } : ending.produced;
    this.#sql.exec(
      `UPDATE commands SET ended = ?, status = ?, exit_code = ?, reason = coalesce(?, reason),
         stdout_total = max(stdout_kept, ?), stderr_total = max(stderr_kept, ?), input = 'closed' WHERE number = ?`,
      now,
      ending.status,
      ending.status === "exited" ? ending.exitCode : null,
      ending.status === "lost" ? ending.reason : why,
      produced.stdout,
      produced.stderr,
      row.number,
    );
    return true;
  }

  /**
   * Output from `offset` on, both streams in the order in which they came; about `maxBytes` of it. `from` is where it begins:
   * further on where a terminal's output there is gone.
   */
  read(
    { number, dropped }: CommandRow,
    offset: number,
    maxBytes: number,
  ): { pieces: OutputPiece[]; from: number; next: number } {
    const pieces: OutputPiece[] = [];
    const from = Math.max(offset, dropped);
    let next = from;
    const rows = this.#sql.exec<{ at: number; stream: OutputStream; bytes: ArrayBuffer }>(
      `SELECT at, stream, bytes FROM command_output
       WHERE number = ? AND at >= coalesce((SELECT max(at) FROM command_output WHERE number = ? AND at <= ?), 0)
       ORDER BY at`,
      number,
      number,
      from,
    );
    for (const { at, stream, bytes } of rows) {
      const part = new Uint8Array(bytes).subarray(Math.max(0, next - at));
      if (part.byteLength === 0) continue;
      pieces.push({ stream, bytes: part });
      next = at + bytes.byteLength;
      if (next - from >= maxBytes) break;
    }
    return { pieces, from, next };
  }

  /** Forgets all commands and their output. */
  clear(): void {
    this.#sql.exec("DELETE FROM command_output");
    this.#sql.exec("DELETE FROM commands");
  }

  #forgetOld(): void {
    const old = `SELECT number FROM commands WHERE ended IS NOT NULL
      AND number <= (SELECT max(number) FROM commands) - ${KEPT_COMMANDS - 1}`;
    this.#sql.exec(`DELETE FROM command_output WHERE number IN (${old})`);
    this.#sql.exec(`DELETE FROM commands WHERE number IN (${old})`);
  }
}
