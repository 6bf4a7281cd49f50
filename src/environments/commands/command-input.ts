import type { SchemaPart } from "../../objects/object-schema.ts";
import type { SandboxInteraction } from "../../sandbox/port.ts";
import type { Refused } from "../object/environment-outcome.ts";
import { type CommandLog, type CommandRow, hasTerminal } from "./command-log.ts";

/** How much of their input those who write to a command have got through, so that nothing is read twice. */
export const INPUT_SCHEMA: SchemaPart = {
  name: "command_input",
  steps: [
    `CREATE TABLE input_writers (
       number INTEGER NOT NULL,
       writer TEXT NOT NULL,
       accepted INTEGER NOT NULL,
       used INTEGER NOT NULL,
       PRIMARY KEY (number, writer)
     )`,
  ],
};

/** Writers of one command that are told apart; those who have not written for longest are forgotten. */
const KEPT_WRITERS = 64;

/** Bytes of a command's input that may wait until it reads them. */
export const BACKLOG_MAX_BYTES = 1024 * 1024;

/** Input of one writer. */
export interface Writing {
  /** Who writes; each has a stream of its own, and the command reads all of them as they come. */
  writer: string;
  /** Where it begins in the writer's stream; undefined for what follows the last. */
  offset?: number | undefined;
  bytes: Uint8Array;
  /** Whether the command's input ends behind it. */
  isLast?: boolean | undefined;
}

const NO_END = "The input of a terminal has no end: the byte 4 (Ctrl-D) says that to its programs.";

export type Written = { ok: true; offset: number } | Refused;

const conflict = (message: string, mayRetry = false): Refused => ({ ok: false, reason: "conflict", message, mayRetry });

/** What is written to commands whose input stays open. */
export class CommandInput {
  readonly #storage: DurableObjectStorage;
  readonly #commands: CommandLog;
  readonly #interaction: () => SandboxInteraction | undefined;

  constructor(storage: DurableObjectStorage, commands: CommandLog, interaction: () => SandboxInteraction | undefined) {
    this.#storage = storage;
    this.#commands = commands;
    this.#interaction = interaction;
  }

  /** Bytes of a writer's stream that the command has, or will get. */
  accepted({ number }: CommandRow, writer: string): number {
    const [row] = this.#storage.sql
      .exec<{ accepted: number }>("SELECT accepted FROM input_writers WHERE number = ? AND writer = ?", number, writer)
      .toArray();
    return row?.accepted ?? 0;
  }

  /** Adds to a command's input; what the writer has written before is left out. */
  write(row: CommandRow, { writer, offset, bytes, isLast = false }: Writing): Written {
    const accepted = this.accepted(row, writer);
    const begin = offset ?? accepted;
    if (begin > accepted)
      return conflict(`Input is missing: ${accepted} bytes have come, and this begins at ${begin}.`);
    const fresh = bytes.subarray(accepted - begin);
    if (isLast && hasTerminal(row)) return { ok: false, reason: "unsupported", message: NO_END };
    if (fresh.byteLength === 0 && (!isLast || row.input === "closed")) return { ok: true, offset: accepted };
    const interaction = this.#interaction();
    if (row.ended !== null || !interaction) return conflict("The command is over.");
    if (row.input === "closed") return conflict("The command's input is closed.");
    const waiting = interaction.backlog(row.id);
    if (fresh.byteLength > 0 && waiting + fresh.byteLength > BACKLOG_MAX_BYTES) {
      return conflict(`The command has ${waiting} bytes of input to read: that is as much as may wait.`, true);
    }
    return this.#storage.transactionSync(() => {
      interaction.input(row.id, fresh, isLast);
      if (isLast) this.#commands.closeInput(row.id);
      if (accepted === 0) this.#forgetOld(row.number);
      this.#record(row.number, writer, accepted + fresh.byteLength);
      return { ok: true, offset: accepted + fresh.byteLength };
    });
  }

  clear(): void {
    this.#storage.sql.exec("DELETE FROM input_writers");
  }

  #record(number: number, writer: string, accepted: number): void {
    const { sql } = this.#storage;
    sql.exec(
      `INSERT INTO input_writers VALUES (?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM input_writers WHERE number = ?))
       ON CONFLICT (number, writer) DO UPDATE SET accepted = excluded.accepted, used = excluded.used`,
      number,
      writer,
      accepted,
      number,
    );
  }

  #forgetOld(number: number): void {
    const { sql } = this.#storage;
    sql.exec(
      `DELETE FROM input_writers WHERE number = ? AND writer NOT IN
         (SELECT writer FROM input_writers WHERE number = ? ORDER BY used DESC LIMIT ${KEPT_WRITERS - 1})`,
      number,
      number,
    );
    sql.exec("DELETE FROM input_writers WHERE number NOT IN (SELECT number FROM commands WHERE ended IS NULL)");
  }
}
