import { z } from "zod";
import type { SchemaPart } from "../../objects/object-schema.ts";
import { type EnvironmentMessage, environmentMessage } from "../runner-protocol.ts";

/** What an environment's object keeps of commands until their machine has them, and until they have ended. */
export const RUNNER_SCHEMA: SchemaPart = {
  name: "runner",
  steps: [
    `CREATE TABLE runner_commands (
       number INTEGER PRIMARY KEY AUTOINCREMENT,
       id TEXT NOT NULL UNIQUE,
       message TEXT NOT NULL,
       is_taken INTEGER NOT NULL DEFAULT 0,
       is_killed INTEGER NOT NULL DEFAULT 0
     )`,
    `ALTER TABLE runner_commands ADD COLUMN input_total INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE runner_commands ADD COLUMN input_taken INTEGER NOT NULL DEFAULT 0`,
    `CREATE TABLE runner_input (
       id TEXT NOT NULL,
       at INTEGER NOT NULL,
       bytes BLOB NOT NULL,
       is_last INTEGER NOT NULL,
       PRIMARY KEY (id, at)
     )`,
  ],
};

export type StartMessage = Extract<EnvironmentMessage, { type: "start" }>;

export interface RunnerCommand {
  id: string;
  isTaken: boolean;
  isKilled: boolean;
}

/** A piece of a command's input; `at` is where it begins. */
export interface InputPiece {
  at: number;
  bytes: Uint8Array;
  isLast: boolean;
}

const LINK = "runner_link";

/** Where an environment stands with its machine. */
const linkState = z.object({
  /** Which time it is that a machine is asked for. */
  attempt: z.int(),
  /** SHA-256 in hex of the token of the machine that has the work; undefined while none has. */
  tokenHash: z.string().optional(),
  /** Name of that machine. */
  runner: z.string().optional(),
  isReady: z.boolean(),
  isOver: z.boolean(),
  /** Since when there has been no connection, in milliseconds since 1970. */
  downSince: z.number().optional(),
  /** Whether that machine gives commands terminals. */
  terminals: z.boolean().optional(),
  /** What the environment's log has said last of what is waited for. */
  waitLogged: z.string().optional(),
});

export type LinkState = z.output<typeof linkState>;

const FIRST: LinkState = { attempt: 1, isReady: false, isOver: false };

export class RunnerStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  get link(): LinkState {
    return linkState.parse(this.#storage.kv.get(LINK) ?? FIRST);
  }

  changeLink(change: Partial<LinkState>): LinkState {
    const link = { ...this.link, ...change };
    this.#storage.kv.put(LINK, link);
    return link;
  }

  addCommand(message: StartMessage): void {
    this.#storage.sql.exec(
      "INSERT INTO runner_commands (id, message) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
      message.id,
      JSON.stringify(message),
    );
  }

  command(id: string): RunnerCommand | undefined {
    return this.#select("WHERE id = ?", id)[0];
  }

  commands(): RunnerCommand[] {
    return this.#select("ORDER BY number");
  }

  /** The message that starts a command. */
  message(id: string): StartMessage | undefined {
    const [row] = this.#storage.sql
      .exec<{ message: string }>("SELECT message FROM runner_commands WHERE id = ?", id)
      .toArray();
    const message = row && environmentMessage.parse(JSON.parse(row.message));
    return message?.type === "start" ? message : undefined;
  }

  mark(id: string, what: "taken" | "killed"): void {
    this.#storage.sql.exec(`UPDATE runner_commands SET is_${what} = 1 WHERE id = ?`, id);
  }

  /** Changes the message that starts a command, where the command is there. */
  changeMessage(id: string, change: Partial<StartMessage>): void {
    const message = this.message(id);
    if (!message) return;
    const changed = JSON.stringify({ ...message, ...change });
    this.#storage.sql.exec("UPDATE runner_commands SET message = ? WHERE id = ?", changed, id);
  }

  removeCommand(id: string): void {
    this.#storage.sql.exec("DELETE FROM runner_input WHERE id = ?", id);
    this.#storage.sql.exec("DELETE FROM runner_commands WHERE id = ?", id);
  }

  clear(): void {
    this.#storage.sql.exec("DELETE FROM runner_input");
    this.#storage.sql.exec("DELETE FROM runner_commands");
  }

  /** Adds a piece of a command's input and says where it begins; undefined for a command that is not there. */
  addInput(id: string, bytes: Uint8Array, isLast: boolean): number | undefined {
    const at = this.inputOf(id)?.total;
    if (at === undefined) return undefined;
    const { sql } = this.#storage;
    sql.exec("INSERT INTO runner_input VALUES (?, ?, ?, ?)", id, at, new Uint8Array(bytes), isLast ? 1 : 0);
    sql.exec("UPDATE runner_commands SET input_total = ? WHERE id = ?", at + bytes.byteLength, id);
    return at;
  }

  /** How many bytes of a command's input there were, and are taken. */
  inputOf(id: string): { total: number; taken: number } | undefined {
    return this.#storage.sql
      .exec<{ total: number; taken: number }>(
        "SELECT input_total AS total, input_taken AS taken FROM runner_commands WHERE id = ?",
        id,
      )
      .toArray()[0];
  }

  /** Forgets the pieces of a command's input that end at `bytes` or before. */
  takeInput(id: string, bytes: number): void {
    const { sql } = this.#storage;
    sql.exec("UPDATE runner_commands SET input_taken = ? WHERE id = ?", bytes, id);
    sql.exec("DELETE FROM runner_input WHERE id = ? AND at + length(bytes) <= ? AND is_last = 0", id, bytes);
  }

  /** The pieces of a command's input that begin from `from` on, and before `to`. */
  pieces(id: string, from: number, to: number): InputPiece[] {
    return this.#storage.sql
      .exec<{ at: number; bytes: ArrayBuffer; is_last: number }>(
        "SELECT at, bytes, is_last FROM runner_input WHERE id = ? AND at >= ? AND at < ? ORDER BY at",
        id,
        from,
        to,
      )
      .toArray()
      .map(({ at, bytes, is_last }) => ({ at, bytes: new Uint8Array(bytes), isLast: is_last === 1 }));
  }

  #select(where: string, ...bindings: string[]): RunnerCommand[] {
    return this.#storage.sql
      .exec<{ id: string; is_taken: number; is_killed: number }>(
        `SELECT id, is_taken, is_killed FROM runner_commands ${where}`,
        ...bindings,
      )
      .toArray()
      .map((row) => ({ id: row.id, isTaken: row.is_taken === 1, isKilled: row.is_killed === 1 }));
  }
}
