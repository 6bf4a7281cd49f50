/** What can be known of a journal's entries without reading a body, wherever the bodies are. */

/** Entries and bytes of a tag. */
interface Total {
  entries: number;
  bytes: number;
}

const NOTHING: Total = { entries: 0, bytes: 0 };

export class JournalIndex {
  readonly #sql: SqlStorage;
  /** By tag, of the entries up to `#countedTo`. */
  readonly #totals = new Map<string, Total>();
  #countedTo = 0;
  /** Kept, because each reader asks for it before each frame. */
  #head: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
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
    this.#head ??= this.#sql
      .exec<{ head: number }>("SELECT coalesce(min(first_seq), 1) AS head FROM journal")
      .one().head;
    return this.#head;
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

  /** The same, counted each time: also inside a transaction that has appended. */
  count(tag: string): Total {
    return this.#sql
      .exec<Record<"entries" | "bytes", number>>(
        "SELECT coalesce(sum(count), 0) AS entries, coalesce(sum(bytes), 0) AS bytes FROM journal WHERE tag = ?",
        tag,
      )
      .one();
  }

  /** Counts anew: rows were put together, or are gone. */
  recount(): void {
    this.#totals.clear();
    this.#countedTo = 0;
    this.#head = undefined;
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
}
