import type { SchemaPart } from "./object-schema.ts";

/**
 * An append-only journal in a Durable Object's SQLite. Entries are lines of bytes, kept exactly as they came; each has a
 * sequence number, from 1 and without gaps, and a small tag. Several lie in one row, because a written row costs as much
 * as a large one. Everything is synchronous: an append commits or fails with the `transactionSync` around it.
 */

export const JOURNAL_SCHEMA: SchemaPart = {
  name: "journal",
  steps: [
    `CREATE TABLE journal (
       first_seq INTEGER PRIMARY KEY,
       count INTEGER NOT NULL,
       tag TEXT NOT NULL,
       bytes INTEGER NOT NULL,
       body BLOB NOT NULL
     )`,
    "CREATE TABLE journal_end (seq INTEGER NOT NULL)",
  ],
};

/** Bytes of a row's body, unless one entry alone is larger: what one read holds in memory at least. */
const ROW_TARGET_BYTES = 1_000_000;

/** Bytes of the largest entry with its line end. SQLite in a Durable Object takes rows of 2 MB. */
export const MAX_ENTRY_BYTES = 1_900_000;

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

const NEWLINE = 0x0a;

/** Entries that follow one another: `count` lines, each with its line end, from sequence number `first`. */
export interface Segment {
  first: number;
  count: number;
  tag: string;
  body: Uint8Array;
}

interface Row extends Record<string, SqlStorageValue> {
  first_seq: number;
  count: number;
  tag: string;
  bytes: number;
  body: ArrayBuffer;
}

/** Where the line that begins at `offset` ends, its line end included. */
function lineEnd(lines: Uint8Array, offset: number): number {
  const newline = lines.indexOf(NEWLINE, offset);
  if (newline === -1) throw new RangeError("A journal entry has no line end.");
  return newline + 1;
}

/** Cuts lines into bodies of at most ROW_TARGET_BYTES, at line ends. */
function* cutRows(lines: Uint8Array): Generator<{ count: number; body: Uint8Array }> {
  let start = 0;
  let count = 0;
  for (let end = 0; end < lines.length;) {
    const next = lineEnd(lines, end);
    if (next - end > MAX_ENTRY_BYTES) throw new RangeError(`A journal entry is larger than ${MAX_ENTRY_BYTES} bytes.`);
    if (count > 0 && next - start > ROW_TARGET_BYTES) {
      yield { count, body: lines.subarray(start, end) };
      start = end;
      count = 0;
    }
    count += 1;
    end = next;
  }
  if (count > 0) yield { count, body: lines.subarray(start) };
}

/** The part of a row's body after its first `skipped` lines. */
export function dropLines(body: Uint8Array, skipped: number): Uint8Array {
  let offset = 0;
  for (let line = 0; line < skipped; line += 1) offset = lineEnd(body, offset);
  return body.subarray(offset);
}

export class Journal {
  readonly #sql: SqlStorage;
  readonly #onGrowth: () => void;

  /** `onGrowth` is called within the transaction of each append and of the closing. */
  constructor(sql: SqlStorage, onGrowth: () => void = () => undefined) {
    this.#sql = sql;
    this.#onGrowth = onGrowth;
  }

  /** The sequence number of the last entry; 0 while there is none. */
  get tail(): number {
    const [row] = this.#sql
      .exec<{ tail: number }>("SELECT first_seq + count - 1 AS tail FROM journal ORDER BY first_seq DESC LIMIT 1")
      .toArray();
    return row?.tail ?? 0;
  }

  /** The sequence number of the first entry that is still there; 1 while there is none. */
  get head(): number {
    const { head } = this.#sql.exec<{ head: number }>("SELECT coalesce(min(first_seq), 1) AS head FROM journal").one();
    return head;
  }

  /**
   * Appends lines that end in a line feed each. Returns the number of the first of them and of the next to come. Throws
   * RangeError for an entry above MAX_ENTRY_BYTES or without a line end, and JournalFullError where the object's storage
   * would come to hold more than `maxBytes`; call it inside a transaction.
   */
  append(tag: string, lines: Uint8Array, maxBytes = Infinity): { first: number; next: number } {
    if (this.#sql.databaseSize + lines.length > maxBytes) throw new JournalFullError("The journal is full.");
    const first = this.tail + 1;
    let next = first;
    for (const { count, body } of cutRows(lines)) {
      this.#sql.exec(
        "INSERT INTO journal (first_seq, count, tag, bytes, body) VALUES (?, ?, ?, ?, ?)",
        next,
        count,
        tag,
        body.length,
        body.buffer.slice(body.byteOffset, body.byteOffset + body.length),
      );
      next += count;
    }
    this.#onGrowth();
    return { first, next };
  }

  /** The first entry of `tag` at or after `from`; a row that begins before is not looked at. */
  firstOf(tag: string, from: number): number | undefined {
    const [row] = this.#sql
      .exec<{ seq: number }>(
        "SELECT first_seq AS seq FROM journal WHERE first_seq >= ? AND tag = ? ORDER BY first_seq LIMIT 1",
        from,
        tag,
      )
      .toArray();
    return row?.seq;
  }

  /** The last entry of `tag`. */
  lastOf(tag: string): number | undefined {
    const [row] = this.#sql
      .exec<{ seq: number }>(
        "SELECT first_seq + count - 1 AS seq FROM journal WHERE tag = ? ORDER BY first_seq DESC LIMIT 1",
        tag,
      )
      .toArray();
    return row?.seq;
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

  /** How many entries carry `tag`. */
  count(tag: string): number {
    return this.#sql
      .exec<{ entries: number }>("SELECT coalesce(sum(count), 0) AS entries FROM journal WHERE tag = ?", tag)
      .one().entries;
  }

  /**
   * The sequence number at which the entries of `tag` after its first `skipped` begin, found without reading a body;
   * one past the end where there are not so many.
   */
  seek(tag: string, skipped: number): number {
    let left = skipped;
    const rows = this.#sql.exec<{ first_seq: number; count: number }>(
      "SELECT first_seq, count FROM journal WHERE tag = ? ORDER BY first_seq",
      tag,
    );
    for (const { first_seq: first, count } of rows) {
      if (left < count) return first + left;
      left -= count;
    }
    return this.tail + 1;
  }

  /**
   * Reads entries from sequence number `from` on that carry one of `tags`, up to and with `to`: at least one row, then
   * more while they fit into `maxBytes`. `next` is where to go on, above `to` when nothing is left.
   */
  read(
    from: number,
    { tags, maxBytes, to = this.tail }: { tags: readonly string[]; maxBytes: number; to?: number },
  ): { segments: Segment[]; next: number } {
    const segments: Segment[] = [];
    let left = maxBytes;
    const rows = this.#sql.exec<Row>(
      `SELECT first_seq, count, tag, bytes, body FROM journal
       WHERE first_seq >= (SELECT coalesce(max(first_seq), 0) FROM journal WHERE first_seq <= ?) AND first_seq <= ?
         AND tag IN (SELECT value FROM json_each(?))
       ORDER BY first_seq`,
      from,
      to,
      JSON.stringify(tags),
    );
    for (const row of rows) {
      const skipped = Math.max(from - row.first_seq, 0);
      if (skipped >= row.count) continue;
      if (segments.length > 0 && row.bytes > left) return { segments, next: row.first_seq };
      left -= row.bytes;
      const first = row.first_seq + skipped;
      segments.push({
        first,
        count: row.count - skipped,
        tag: row.tag,
        body: dropLines(new Uint8Array(row.body), skipped),
      });
    }
    return { segments, next: to + 1 };
  }
}
