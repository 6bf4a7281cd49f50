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

/** Why a batch is not taken: a later epoch has begun, or batches before it are missing. */
export type ProducerRefusal =
  | { ok: false; reason: "stale_epoch"; epoch: number }
  | { ok: false; reason: "sequence_gap"; expected: number; received: number };

/** `duplicate` is true for a batch that is stored already. */
export type ProducerVerdict = { ok: true; duplicate: boolean } | ProducerRefusal;

export class Producers {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Judges a batch and notes it when it is to be stored, as the journal's entry number `entry` and on. Call it in the
   * transaction that appends the batch: the two commit together or not at all.
   */
  accept({ id, epoch, seq }: ProducerPosition, entry: number): ProducerVerdict {
    const [known] = this.#sql
      .exec<{ epoch: number; seq: number }>("SELECT epoch, seq FROM producers WHERE id = ?", id)
      .toArray();
    if (known && epoch < known.epoch) return { ok: false, reason: "stale_epoch", epoch: known.epoch };
    const last = known?.epoch === epoch ? known.seq : -1;
    if (seq <= last) return { ok: true, duplicate: true };
    if (seq > last + 1) return { ok: false, reason: "sequence_gap", expected: last + 1, received: seq };
    this.#sql.exec(
      `INSERT INTO producers (id, epoch, seq, entry) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, entry = excluded.entry`,
      id,
      epoch,
      seq,
      entry,
    );
    if (!known) this.#forgetOldest();
    return { ok: true, duplicate: false };
  }

  /** Idle is who wrote longest ago by the journal's order: a clock may go back. */
  #forgetOldest(): void {
    this.#sql.exec(
      "DELETE FROM producers WHERE id IN (SELECT id FROM producers ORDER BY entry DESC LIMIT -1 OFFSET ?)",
      MAX_PRODUCERS,
    );
  }
}
