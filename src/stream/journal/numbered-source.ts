import type { Journal } from "./journal.ts";
import { dropLines } from "./journal-lines.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";

/**
 * A source that numbers each of its entries from 1, sends some of them again after a break, and says at the end how many
 * there were. Each entry is in the journal once, in the order of the numbers, under the source's own tag.
 */

export const SOURCE_SCHEMA: SchemaPart = {
  name: "numbered_sources",
  steps: [
    `CREATE TABLE numbered_sources (
       tag TEXT PRIMARY KEY,
       last INTEGER NOT NULL,
       completed INTEGER NOT NULL
     ) WITHOUT ROWID`,
  ],
};

/** What a source sends: a question how far it is, `count` lines numbered from `first`, or its last number. */
export type SourceStep =
  | { kind: "ask" }
  | { kind: "append"; first: number; count: number; lines: Uint8Array }
  | { kind: "complete"; final: number };

/** How far a source is: the number of its last entry, 0 before the first, and whether it said that this is all. */
export interface SourceState {
  last: number;
  completed: boolean;
}

/** What became of a step. Where it is refused nothing of it is stored. */
export interface SourceAnswer extends SourceState {
  /** Entries of the step that were stored, and that were stored before. */
  accepted: number;
  duplicate: number;
  refused?: "gap" | "completed" | "wrong_final";
}

export class NumberedSource {
  readonly #sql: SqlStorage;
  readonly #journal: Journal;
  readonly #tag: string;

  constructor(sql: SqlStorage, journal: Journal, tag: string) {
    this.#sql = sql;
    this.#journal = journal;
    this.#tag = tag;
  }

  get state(): SourceState {
    const [row] = this.#sql
      .exec<{ last: number; completed: number }>(
        "SELECT last, completed FROM numbered_sources WHERE tag = ?",
        this.#tag,
      )
      .toArray();
    return { last: row?.last ?? 0, completed: row?.completed === 1 };
  }

  /**
   * Carries out a step. Call it inside a transaction: entries and numbers commit together or not at all. Throws
   * JournalFullError where the object's storage would come to hold more than `maxBytes`.
   */
  take(step: SourceStep, maxBytes = Infinity): SourceAnswer {
    const { state } = this;
    const unchanged = { ...state, accepted: 0, duplicate: 0 };
    if (step.kind === "ask") return unchanged;
    if (state.completed) return { ...unchanged, refused: "completed" };
    if (step.kind === "complete") {
      if (step.final !== state.last) return { ...unchanged, refused: "wrong_final" };
      return { ...unchanged, ...this.#save({ ...state, completed: true }) };
    }
    const { first, count, lines } = step;
    if (first > state.last + 1) return { ...unchanged, refused: "gap" };
    const duplicate = Math.min(state.last + 1 - first, count);
    const accepted = count - duplicate;
    if (accepted === 0) return { ...unchanged, duplicate };
    this.#journal.append(this.#tag, dropLines(lines, duplicate), maxBytes);
    return { ...this.#save({ ...state, last: state.last + accepted }), accepted, duplicate };
  }

  #save(state: SourceState): SourceState {
    this.#sql.exec(
      `INSERT INTO numbered_sources (tag, last, completed) VALUES (?, ?, ?)
       ON CONFLICT (tag) DO UPDATE SET last = excluded.last, completed = excluded.completed`,
      this.#tag,
      state.last,
      Number(state.completed),
    );
    return state;
  }
}
