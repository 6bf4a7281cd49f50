import { type Journal, NO_VOLUME } from "./journal.ts";
import { BYTES_TAG, ROW_TARGET_BYTES } from "./journal-lines.ts";
import { formatOffset } from "./offset.ts";
import type { StoredVolume, VolumeBucket, Volumes } from "./volumes.ts";

/**
 * Moves the bodies of a journal's rows to a bucket, one volume at a time. Rows keep their sequence numbers, tags and
 * lengths, so that only reading a body is different afterwards. Whatever stops in between, the next step goes on: a key is
 * noted before its object is put, and rows lose their bodies in the transaction that adds the volume.
 */

/** Bytes of a volume at most: what the object holds in memory while it stores it. */
const VOLUME_MAX_BYTES = 8_000_000;

/** Rows of a volume at most: what one transaction puts together. */
const VOLUME_MAX_ROWS = 20_000;

/** Keys that R2 deletes at once, at most. */
const DELETE_BATCH = 1000;

interface Header extends Record<string, SqlStorageValue> {
  first_seq: number;
  count: number;
  tag: string;
  bytes: number;
}

/** Rows that follow one another and go into one volume. */
interface Part {
  rows: Header[];
  first: number;
  /** One past the last entry. */
  end: number;
  bytes: number;
}

const toHex = (digest: ArrayBuffer | undefined) => (digest ? new Uint8Array(digest).toHex() : "");

/** Headers in place of those of neighbours with the same tag: many small appends are few rows then. Only lines can be told apart in one. */
function* joinHeaders(rows: readonly Header[]): Generator<Header> {
  let joined: Header | undefined;
  for (const row of rows) {
    if (joined?.tag === row.tag && row.tag !== BYTES_TAG && joined.bytes + row.bytes <= ROW_TARGET_BYTES) {
      joined = { ...joined, count: joined.count + row.count, bytes: joined.bytes + row.bytes };
      continue;
    }
    if (joined) yield joined;
    joined = row;
  }
  if (joined) yield joined;
}

export class Archive {
  readonly #storage: DurableObjectStorage;
  readonly #journal: Journal;
  readonly #volumes: Volumes;
  readonly #bucket: VolumeBucket;

  constructor(storage: DurableObjectStorage, journal: Journal, volumes: Volumes, bucket: VolumeBucket) {
    this.#storage = storage;
    this.#journal = journal;
    this.#volumes = volumes;
    this.#bucket = bucket;
  }

  /**
   * Stores the oldest rows that have their bodies as one volume, whose key begins with `prefix`. Returns whether there is
   * more to do. Rejects when the bucket fails; then nothing is lost, and the step is to be repeated.
   */
  async step(prefix: string): Promise<boolean> {
    await this.sweep();
    const part = this.#select();
    if (!part) return false;
    const volume = await this.#store(part, `${prefix}/${formatOffset(part.first)}-${crypto.randomUUID()}.jsonl`);
    this.#storage.transactionSync(() => this.#commit(part, volume));
    return this.#hasMore();
  }

  /** Whether `drop` was called. */
  get isDropped(): boolean {
    return this.#journal.head > 1;
  }

  /**
   * Drops everything but one line of `tag`, which says how it ended. Rejects when the bucket fails; then the rows are gone,
   * the objects not all, and doing it again completes it.
   */
  async drop(tag: string, line: Uint8Array): Promise<void> {
    this.#storage.transactionSync(() => {
      this.#volumes.dropAll();
      this.#journal.restart(tag, line);
    });
    await this.sweep();
  }

  /** Drops everything; call it inside a transaction, and `sweep` after it. */
  dropAll(): void {
    this.#volumes.dropAll();
    this.#journal.clear();
  }

  /** Deletes objects that no volume is: of steps that were cut short, and of what was dropped. Rejects when the bucket fails. */
  async sweep(): Promise<void> {
    const { sql } = this.#storage;
    for (;;) {
      const found = sql.exec<{ key: string }>("SELECT key FROM stray_objects LIMIT ?", DELETE_BATCH).toArray();
      if (found.length === 0) return;
      const keys = found.map(({ key }) => key);
      await this.#bucket.delete(keys);
      sql.exec("DELETE FROM stray_objects WHERE key IN (SELECT value FROM json_each(?))", JSON.stringify(keys));
    }
  }

  /** The rows of the next volume. */
  #select(): Part | undefined {
    const rows: Header[] = [];
    let bytes = 0;
    const found = this.#storage.sql.exec<Header>(
      "SELECT first_seq, count, tag, bytes FROM journal WHERE volume = ? ORDER BY first_seq LIMIT ?",
      NO_VOLUME,
      VOLUME_MAX_ROWS,
    );
    for (const row of found) {
      if (rows.length > 0 && bytes + row.bytes > VOLUME_MAX_BYTES) break;
      rows.push(row);
      bytes += row.bytes;
    }
    const [first, last] = [rows[0], rows.at(-1)];
    return first && last && { rows, first: first.first_seq, end: last.first_seq + last.count, bytes };
  }

  #hasMore(): boolean {
    const left = "SELECT 1 FROM stray_objects UNION ALL SELECT 1 FROM journal WHERE volume = ? LIMIT 1";
    return this.#storage.sql.exec(left, NO_VOLUME).toArray().length > 0;
  }

  /** Puts a volume and looks whether it is there. Its key is noted first: an object that nothing refers to is found again. */
  async #store(part: Part, key: string): Promise<StoredVolume> {
    const { first, end, bytes } = part;
    const body = this.#readBodies(part);
    const digest = await crypto.subtle.digest("SHA-256", body);
    this.#storage.sql.exec("INSERT INTO stray_objects (key) VALUES (?)", key);
    await this.#storage.sync();
    await this.#bucket.put(key, body, {
      sha256: digest,
      onlyIf: { etagDoesNotMatch: "*" },
      httpMetadata: { contentType: "application/jsonl" },
    });
    const stored = await this.#bucket.head(key);
    const sha256 = toHex(digest);
    if (stored?.size !== bytes || toHex(stored.checksums.sha256) !== sha256) {
      throw new Error("The bucket does not hold the volume that was put.");
    }
    return { key, etag: stored.etag, sha256, bytes, first, count: end - first };
  }

  #readBodies({ first, end, bytes }: Part): Uint8Array {
    const body = new Uint8Array(bytes);
    const rows = this.#storage.sql.exec<{ body: ArrayBuffer }>(
      "SELECT body FROM journal WHERE first_seq >= ? AND first_seq < ? ORDER BY first_seq",
      first,
      end,
    );
    let offset = 0;
    for (const row of rows) {
      body.set(new Uint8Array(row.body), offset);
      offset += row.body.byteLength;
    }
    return body;
  }

  /** Adds the volume in place of the rows' bodies; leaves it stray where another step did that, or they are gone. */
  #commit(part: Part, volume: StoredVolume): void {
    const { sql } = this.#storage;
    const { rows } = sql
      .exec<{ rows: number }>(
        "SELECT count(*) AS rows FROM journal WHERE first_seq >= ? AND first_seq < ? AND volume = ?",
        part.first,
        part.end,
        NO_VOLUME,
      )
      .one();
    const noted = sql.exec("DELETE FROM stray_objects WHERE key = ? RETURNING key", volume.key).toArray();
    if (rows !== part.rows.length || noted.length === 0) {
      sql.exec("INSERT INTO stray_objects (key) VALUES (?)", volume.key);
      return;
    }
    const number = this.#volumes.add(volume);
    sql.exec("DELETE FROM journal WHERE first_seq >= ? AND first_seq < ?", part.first, part.end);
    let offset = 0;
    for (const { first_seq, count, tag, bytes } of joinHeaders(part.rows)) {
      sql.exec(
        `INSERT INTO journal (first_seq, count, tag, bytes, volume, volume_offset, body)
         VALUES (?, ?, ?, ?, ?, ?, x'')`,
        first_seq,
        count,
        tag,
        bytes,
        number,
        offset,
      );
      offset += bytes;
    }
    this.#journal.index.recount();
  }
}
