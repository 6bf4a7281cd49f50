import { JournalIndex } from "./journal-index.ts";
import { BYTES_TAG, cutBytes, cutRows, dropLines, keepLines } from "./journal-lines.ts";
import type { SchemaPart } from "../../objects/object-schema.ts";
import type { Volumes } from "./volumes.ts";

/**
 * An append-only journal in a Durable Object's SQLite. Entries are lines of bytes, or bytes without lines, kept exactly as
 * they came; each has a sequence number, from 1 and without gaps, and a small tag. Several lie in one row, because a written row costs as much
 * as a large one. An append commits or fails with the `transactionSync` around it. The rows of a journal that has ended
 * lose their bodies to volumes in a bucket (archive.ts); then reading a body takes a while, and all else is as before.
 */

/** The volume of a row that has its body itself. */
export const NO_VOLUME = 0;

export const JOURNAL_SCHEMA: SchemaPart = {
  name: "journal",
  steps: [
    `CREATE TABLE journal (
       first_seq INTEGER PRIMARY KEY,
       count INTEGER NOT NULL,
       tag TEXT NOT NULL,
       bytes INTEGER NOT NULL,
       volume INTEGER NOT NULL DEFAULT ${NO_VOLUME},
       volume_offset INTEGER NOT NULL DEFAULT 0,
       body BLOB NOT NULL
     )`,
    "CREATE TABLE journal_end (seq INTEGER NOT NULL)",
  ],
};

/** An append for which there is no room left. */
class JournalFullError extends RangeError {}

/** Carries out as one transaction what appends; undefined where there is no room for it, and then nothing of it is kept. */
export function unlessFull<T>(storage: DurableObjectStorage, work: () => T): T | undefined {
  try {
    return storage.transactionSync(work);
  } catch (error) {
    if (error instanceof JournalFullError) return undefined;
    throw error;
  }
}

/**
 * Entries that follow one another: `count` lines, each with its line end, from sequence number `first`; under BYTES_TAG one
 * entry, the whole body.
 */
export interface Segment {
  first: number;
  count: number;
  tag: string;
  body: Uint8Array;
}

/** What one read brought; `next` is where to go on. */
export interface Reading {
  segments: Segment[];
  next: number;
}

/** Where `volume` is not NO_VOLUME the body is empty, and its `bytes` begin at `volume_offset` there. */
interface Row extends Record<string, SqlStorageValue> {
  first_seq: number;
  count: number;
  tag: string;
  bytes: number;
  volume: number;
  volume_offset: number;
  body: ArrayBuffer;
}

/** The entries of a row from `from` up to `to`: where the journal ended for a reader may be within one by now. */
function cutRow({ first_seq, count, tag }: Row, body: Uint8Array, from: number, to: number): Segment {
  const end = Math.min(first_seq + count, to + 1);
  const first = Math.max(first_seq, from);
  const left = dropLines(body, first - first_seq);
  return { first, count: end - first, tag, body: end < first_seq + count ? keepLines(left, end - first) : left };
}

interface JournalOptions {
  onGrowth?: () => void;
  volumes?: Volumes;
}

export class Journal {
  /** Answers what can be known of entries without reading them. */
  readonly index: JournalIndex;
  readonly #sql: SqlStorage;
  readonly #onGrowth: () => void;
  readonly #volumes: Volumes | undefined;

  /**
   * `onGrowth` is called within the transaction of each append and of the closing. `volumes` hold what was archived;
   * a journal of which nothing was needs none.
   */
  constructor(sql: SqlStorage, { onGrowth = () => undefined, volumes }: JournalOptions = {}) {
    this.index = new JournalIndex(sql);
    this.#sql = sql;
    this.#onGrowth = onGrowth;
    this.#volumes = volumes;
  }

  /** The sequence number of the last entry; 0 while there is none. */
  get tail(): number {
    return this.index.tail;
  }

  /** The sequence number of the first entry that is still there; 1 while there is none. */
  get head(): number {
    return this.index.head;
  }

  /**
   * Appends lines that end in a line feed each. Returns the number of the first of them and of the next to come. Throws
   * RangeError for an entry above MAX_ENTRY_BYTES or without a line end, and JournalFullError where the object's storage
   * and its volumes would come to hold more than `maxBytes`; call it inside a transaction.
   */
  append(tag: string, lines: Uint8Array, maxBytes = Infinity): { first: number; next: number } {
    return this.#add(tag, cutRows(lines), lines.length, maxBytes);
  }

  /** Appends bytes that are no lines, under BYTES_TAG: as one entry where they fit into one row. Otherwise as `append`. */
  appendBytes(bytes: Uint8Array, maxBytes = Infinity): { first: number; next: number } {
    return this.#add(BYTES_TAG, cutBytes(bytes), bytes.length, maxBytes);
  }

  #add(
    tag: string,
    rows: Iterable<{ count: number; body: Uint8Array }>,
    bytes: number,
    maxBytes: number,
  ): { first: number; next: number } {
    const held = this.#sql.databaseSize + (this.#volumes?.bytes ?? 0);
    if (held + bytes > maxBytes) throw new JournalFullError("The journal is full.");
    const first = this.tail + 1;
    let next = first;
    for (const { count, body } of rows) {
      this.#insert(next, count, tag, body);
      next += count;
    }
    this.#onGrowth();
    return { first, next };
  }

  #insert(first: number, count: number, tag: string, body: Uint8Array): void {
    this.#sql.exec(
      "INSERT INTO journal (first_seq, count, tag, bytes, body) VALUES (?, ?, ?, ?, ?)",
      first,
      count,
      tag,
      body.length,
      body.buffer.slice(body.byteOffset, body.byteOffset + body.length),
    );
  }

  /** Whether readers that have everything are through. What is appended later is kept, and read by who comes later. */
  get isClosed(): boolean {
    return this.#sql.exec("SELECT 1 FROM journal_end").toArray().length > 0;
  }

  /** Closes the journal at its last entry; once, however often it is called. Commits with the transaction around it. */
  close(): void {
    if (this.isClosed) return;
    this.#sql.exec("INSERT INTO journal_end (seq) VALUES (?)", this.tail);
    this.#onGrowth();
  }

  /** Opens a closed journal: there is more to come after all. Commits with the transaction around it. */
  reopen(): void {
    this.#sql.exec("DELETE FROM journal_end");
    this.#onGrowth();
  }

  /** Removes all there is, its end too: what is appended next is its first entry. Call it inside a transaction. */
  clear(): void {
    this.#sql.exec("DELETE FROM journal");
    this.#sql.exec("DELETE FROM journal_end");
    this.index.recount();
    this.#onGrowth();
  }

  /**
   * Puts one line in place of all there is; call it inside a transaction. It keeps its place where it was the last entry,
   * else it comes after what is gone: no number is used twice, and the first one tells that nothing is gone.
   */
  restart(tag: string, line: Uint8Array): void {
    const { tail } = this;
    const seq = tail > 1 && this.index.lastOf(tag) === tail ? tail : tail + 1;
    this.#sql.exec("DELETE FROM journal");
    this.#insert(seq, 1, tag, line);
    this.index.recount();
    this.#onGrowth();
  }

  /**
   * Reads entries from sequence number `from` on that carry one of `tags`, up to and with `to`: at least one row, then
   * more while they fit into `maxBytes`. `next` is where to go on, above `to` when nothing is left. What is in the object
   * comes at once; a promise is what has to be fetched from a volume, and rejects with VolumeLostError.
   */
  read(
    from: number,
    { tags, maxBytes, to = this.tail }: { tags: readonly string[]; maxBytes: number; to?: number },
  ): Reading | Promise<Reading> {
    const rows: Row[] = [];
    let next = to + 1;
    let size = 0;
    for (const row of this.#find(from, to, tags)) {
      if (row.first_seq + row.count <= from) continue;
      const [first = row] = rows;
      // Of a volume, what lies between its rows is fetched with them.
      size = row.volume === NO_VOLUME ? size + row.bytes : row.volume_offset + row.bytes - first.volume_offset;
      if (rows.length > 0 && (size > maxBytes || row.volume !== first.volume)) {
        next = row.first_seq;
        break;
      }
      rows.push(row);
    }
    if (rows[0] && rows[0].volume !== NO_VOLUME) return this.#fetch(rows, from, to, next);
    return { segments: rows.map((row) => cutRow(row, new Uint8Array(row.body), from, to)), next };
  }

  #find(from: number, to: number, tags: readonly string[]): Iterable<Row> {
    return this.#sql.exec<Row>(
      `SELECT first_seq, count, tag, bytes, volume, volume_offset, body FROM journal
       WHERE first_seq >= (SELECT coalesce(max(first_seq), 0) FROM journal WHERE first_seq <= ?) AND first_seq <= ?
         AND tag IN (SELECT value FROM json_each(?))
       ORDER BY first_seq`,
      from,
      to,
      JSON.stringify(tags),
    );
  }

  /** Rows of one volume. */
  async #fetch(rows: readonly Row[], from: number, to: number, next: number): Promise<Reading> {
    const [start, end] = [rows[0], rows.at(-1)];
    if (!start || !end || !this.#volumes) throw new Error("This journal knows no volumes.");
    const offset = start.volume_offset;
    const bytes = await this.#volumes.read(start.volume, offset, end.volume_offset + end.bytes - offset);
    const bodyOf = (row: Row) => bytes.subarray(row.volume_offset - offset, row.volume_offset - offset + row.bytes);
    return { segments: rows.map((row) => cutRow(row, bodyOf(row), from, to)), next };
  }
}
