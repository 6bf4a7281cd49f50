import type { SchemaPart } from "../../objects/object-schema.ts";

/**
 * Idempotent producers: who numbers its batches can send one again without its being stored twice. Each producer has an
 * epoch, which its restart raises and which shuts its predecessor out, and numbers its batches from 0 within an epoch.
 */

export const PRODUCER_SCHEMA: SchemaPart = {
  name: "producers",
  steps: [
    `CREATE TABLE producers (
       id TEXT PRIMARY KEY,
       epoch INTEGER NOT NULL,
       seq INTEGER NOT NULL,
       entry INTEGER NOT NULL
     ) WITHOUT ROWID`,
  ],
};

/** Producers that an object remembers: more than ever write to one journal at a time, less than a megabyte of rows. */
export const MAX_PRODUCERS = 1_000;

/** Where a producer's batch belongs. */
export interface ProducerPosition {
  id: string;
  epoch: number;
  seq: number;
}

/** Why a batch is not taken: a later epoch has begun, or batches before it are missing, where `opensEpoch` of a new epoch. */
export type ProducerRefusal =
  | { ok: false; reason: "stale_epoch"; epoch: number }
  | { ok: false; reason: "sequence_gap"; expected: number; received: number; opensEpoch: boolean };

/** `duplicate` is true for a batch that is stored already; `last` is the producer's last number in its epoch, with this batch. */
export type ProducerVerdict = { ok: true; duplicate: boolean; last: number } | ProducerRefusal;

export class Producers {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Judges a batch, and notes nothing. */
  judge({ id, epoch, seq }: ProducerPosition): ProducerVerdict {
    const known = this.#find(id);
    if (known && epoch < known.epoch) return { ok: false, reason: "stale_epoch", epoch: known.epoch };
    const last = known?.epoch === epoch ? known.seq : -1;
    if (seq <= last) return { ok: true, duplicate: true, last };
    if (seq === last + 1) return { ok: true, duplicate: false, last: seq };
    const opensEpoch = known !== undefined && epoch > known.epoch;
    return { ok: false, reason: "sequence_gap", expected: last + 1, received: seq, opensEpoch };
  }

  /**
   * Judges a batch and notes it when it is to be stored, as the journal's entry number `entry` and on. Call it in the
   * transaction that appends the batch: the two commit together or not at all.
   */
  accept(position: ProducerPosition, entry: number): ProducerVerdict {
    const { id, epoch, seq } = position;
    const verdict = this.judge(position);
    if (!verdict.ok || verdict.duplicate) return verdict;
    const isNew = this.#find(id) === undefined;
    this.#sql.exec(
      `INSERT INTO producers (id, epoch, seq, entry) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, entry = excluded.entry`,
      id,
      epoch,
      seq,
      entry,
    );
    if (isNew) this.#forgetOldest();
    return verdict;
  }

  /** Forgets all of them; call it inside a transaction. */
  clear(): void {
    this.#sql.exec("DELETE FROM producers");
  }

  #find(id: string): { epoch: number; seq: number } | undefined {
    return this.#sql
      .exec<{ epoch: number; seq: number }>("SELECT epoch, seq FROM producers WHERE id = ?", id)
      .toArray()[0];
  }

  /** Idle is who wrote longest ago by the journal's order: a clock may go back. */
  #forgetOldest(): void {
    this.#sql.exec(
      "DELETE FROM producers WHERE id IN (SELECT id FROM producers ORDER BY entry DESC LIMIT -1 OFFSET ?)",
      MAX_PRODUCERS,
    );
  }
}
