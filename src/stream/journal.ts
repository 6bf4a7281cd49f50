import { cutRows, dropLines, keepLines } from "./journal-lines.ts";
import type { SchemaPart } from "./object-schema.ts";
import type { Segments } from "./segments.ts";

/**
 * An append-only journal in a Durable Object's SQLite. Entries are lines of bytes, kept exactly as they came; each has a
 * sequence number, from 1 and without gaps, and a small tag. Several lie in one row, because a written row costs as much
 * as a large one. An append commits or fails with the `transactionSync` around it. The rows of a journal that has ended
 * lose their bodies to segments in a bucket (archive.ts); then reading a body takes a while, and all else is as before.
 */

/** The segment of a row that has its body itself. */
export const NO_SEGMENT = 0;

export const JOURNAL_SCHEMA: SchemaPart = {
  name: "journal",
  steps: [
    `CREATE TABLE journal (
       first_seq INTEGER PRIMARY KEY,
       count INTEGER NOT NULL,
       tag TEXT NOT NULL,
       bytes INTEGER NOT NULL,
       segment INTEGER NOT NULL DEFAULT ${NO_SEGMENT},
       segment_offset INTEGER NOT NULL DEFAULT 0,
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

/** Entries that follow one another: `count` lines, each with its line end, from sequence number `first`. */
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

/** Where `segment` is not NO_SEGMENT the body is empty, and its `bytes` begin at `segment_offset` there. */
interface Row extends Record<string, SqlStorageValue> {
  first_seq: number;
  count: number;
  tag: string;
  bytes: number;
  segment: number;
  segment_offset: number;
  body: ArrayBuffer;
}

/** The entries of a row from `from` up to `to`: where the journal ended for a reader may be within one by now. */
function cutRow({ first_seq, count, tag }: Row, body: Uint8Array, from: number, to: number): Segment {
  const end = Math.min(first_seq + count, to + 1);
  const first = Math.max(first_seq, from);
  const left = dropLines(body, first - first_seq);
  return { first, count: end - first, tag, body: end < first_seq + count ? keepLines(left, end - first) : left };
}

/** Entries and bytes of a tag. */
interface Total {
  entries: number;
  bytes: number;
}

interface JournalOptions {
  onGrowth?: () => void;
  segments?: Segments;
}

const NOTHING: Total = { entries: 0, bytes: 0 };

export class Journal {
  readonly #sql: SqlStorage;
  readonly #onGrowth: () => void;
  readonly #segments: Segments | undefined;
  /** By tag, of the entries up to `#countedTo`. */
  readonly #totals = new Map<string, Total>();
  #countedTo = 0;

  /**
   * `onGrowth` is called within the transaction of each append and of the closing. `segments` hold what was archived;
   * a journal of which nothing was needs none.
   */
  constructor(sql: SqlStorage, { onGrowth = () => undefined, segments }: JournalOptions = {}) {
    this.#sql = sql;
    this.#onGrowth = onGrowth;
    this.#segments = segments;
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
   * and its segments would come to hold more than `maxBytes`; call it inside a transaction.
   */
  append(tag: string, lines: Uint8Array, maxBytes = Infinity): { first: number; next: number } {
    const held = this.#sql.databaseSize + (this.#segments?.bytes ?? 0);
    if (held + lines.length > maxBytes) throw new JournalFullError("The journal is full.");
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

  /**
   * How many entries carry `tag`, and their bytes. Rows are counted once; so do not ask inside a transaction, what it
   * appended may not stay.
   */
  total(tag: string): Readonly<Total> {
    const { tail } = this;
    if (tail > this.#countedTo) {
      const grown = this.#sql.exec<Record<"entries" | "bytes", number> & { tag: string }>(
        "SELECT tag, sum(count) AS entries, sum(bytes) AS bytes FROM journal WHERE first_seq > ? GROUP BY tag",
        this.#countedTo,
      );
      for (const { tag, entries, bytes } of grown) {
        const known = this.#totals.get(tag) ?? NOTHING;
        this.#totals.set(tag, { entries: known.entries + entries, bytes: known.bytes + bytes });
      }
      this.#countedTo = tail;
    }
    return this.#totals.get(tag) ?? NOTHING;
  }

  /** Counts anew: rows were put together, or are gone. */
  recount(): void {
    this.#totals.clear();
    this.#countedTo = 0;
  }

  /**
   * The sequence number at which the entries of `tag` after its first `skipped` begin, found without reading a body;
   * one past the end where there are not so many.
   */
  seek(tag: string, skipped: number): number {
    const place = this.#locate(tag, "count", skipped);
    return place ? place.first + place.before : this.tail + 1;
  }

  /**
   * Where byte `offset` of all entries of `tag` is, found without reading a body: the first entry of its row, and how many
   * bytes of the row stand before it. Undefined where there are not so many.
   */
  seekByte(tag: string, offset: number): { first: number; before: number } | undefined {
    return this.#locate(tag, "bytes", offset);
  }

  /** Looks from the nearer end, because what is asked for is mostly at one of them. */
  #locate(tag: string, unit: "count" | "bytes", place: number): { first: number; before: number } | undefined {
    const { entries, bytes } = this.total(tag);
    const end = unit === "count" ? entries : bytes;
    const isBackwards = 2 * place > end;
    let start = isBackwards ? end : 0;
    const rows = this.#sql.exec<{ first_seq: number; size: number }>(
      `SELECT first_seq, ${unit} AS size FROM journal WHERE tag = ? ORDER BY first_seq ${isBackwards ? "DESC" : "ASC"}`,
      tag,
    );
    for (const { first_seq: first, size } of rows) {
      if (isBackwards) start -= size;
      if (start <= place && place < start + size) return { first, before: place - start };
      if (!isBackwards) start += size;
    }
    return undefined;
  }

  /**
   * Reads entries from sequence number `from` on that carry one of `tags`, up to and with `to`: at least one row, then
   * more while they fit into `maxBytes`. `next` is where to go on, above `to` when nothing is left. What is in the object
   * comes at once; a promise is what has to be fetched from a segment, and rejects with SegmentLostError.
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
      // Of a segment, what lies between its rows is fetched with them.
      size = row.segment === NO_SEGMENT ? size + row.bytes : row.segment_offset + row.bytes - first.segment_offset;
      if (rows.length > 0 && (size > maxBytes || row.segment !== first.segment)) {
        next = row.first_seq;
        break;
      }
      rows.push(row);
    }
    if (rows[0] && rows[0].segment !== NO_SEGMENT) return this.#fetch(rows, from, to, next);
    return { segments: rows.map((row) => cutRow(row, new Uint8Array(row.body), from, to)), next };
  }

  #find(from: number, to: number, tags: readonly string[]): Iterable<Row> {
    return this.#sql.exec<Row>(
      `SELECT first_seq, count, tag, bytes, segment, segment_offset, body FROM journal
       WHERE first_seq >= (SELECT coalesce(max(first_seq), 0) FROM journal WHERE first_seq <= ?) AND first_seq <= ?
         AND tag IN (SELECT value FROM json_each(?))
       ORDER BY first_seq`,
      from,
      to,
      JSON.stringify(tags),
    );
  }

  /** Rows of one segment. */
  async #fetch(rows: readonly Row[], from: number, to: number, next: number): Promise<Reading> {
    const [start, end] = [rows[0], rows.at(-1)];
    if (!start || !end || !this.#segments) throw new Error("This journal knows no segments.");
    const offset = start.segment_offset;
    const bytes = await this.#segments.read(start.segment, offset, end.segment_offset + end.bytes - offset);
    const bodyOf = (row: Row) => bytes.subarray(row.segment_offset - offset, row.segment_offset - offset + row.bytes);
    return { segments: rows.map((row) => cutRow(row, bodyOf(row), from, to)), next };
  }
}
