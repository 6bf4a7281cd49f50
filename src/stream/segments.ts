import type { SchemaPart } from "./object-schema.ts";

/**
 * The segments of a journal: parts of it that lie in a bucket, each an object of JSON lines that never changes. This is
 * their index, and reads them.
 */

export const SEGMENT_SCHEMA: SchemaPart = {
  name: "segments",
  steps: [
    `CREATE TABLE segments (
       number INTEGER PRIMARY KEY,
       key TEXT NOT NULL,
       etag TEXT NOT NULL,
       sha256 TEXT NOT NULL,
       bytes INTEGER NOT NULL,
       first_seq INTEGER NOT NULL,
       count INTEGER NOT NULL
     )`,
    // Objects that may be in the bucket and that no segment refers to.
    "CREATE TABLE stray_objects (key TEXT PRIMARY KEY) WITHOUT ROWID",
  ],
};

/** What the archive needs of a bucket. */
export type SegmentBucket = Pick<R2Bucket, "get" | "put" | "head" | "delete">;

/** A segment that is in the bucket as it should be. */
export interface StoredSegment {
  key: string;
  etag: string;
  /** In hexadecimal digits. */
  sha256: string;
  bytes: number;
  first: number;
  count: number;
}

/** What the journal says is in the bucket is not there: missing, or another object than was put. */
export class SegmentLostError extends Error {}

export class Segments {
  readonly #sql: SqlStorage;
  readonly #bucket: SegmentBucket;
  #bytes: number | undefined;

  constructor(sql: SqlStorage, bucket: SegmentBucket) {
    this.#sql = sql;
    this.#bucket = bucket;
  }

  /** Bytes of all segments. Asked at each append, so it is kept. */
  get bytes(): number {
    this.#bytes ??= this.#sql
      .exec<{ bytes: number }>("SELECT coalesce(sum(bytes), 0) AS bytes FROM segments")
      .one().bytes;
    return this.#bytes;
  }

  /** Adds a segment and returns its number; call it inside a transaction. */
  add({ key, etag, sha256, bytes, first, count }: StoredSegment): number {
    this.#bytes = undefined;
    const { number } = this.#sql
      .exec<{ number: number }>(
        `INSERT INTO segments (key, etag, sha256, bytes, first_seq, count) VALUES (?, ?, ?, ?, ?, ?)
         RETURNING number`,
        key,
        etag,
        sha256,
        bytes,
        first,
        count,
      )
      .one();
    return number;
  }

  /** Forgets all segments; their objects are stray from then on. Call it inside a transaction. */
  dropAll(): void {
    this.#bytes = undefined;
    this.#sql.exec("INSERT OR IGNORE INTO stray_objects (key) SELECT key FROM segments");
    this.#sql.exec("DELETE FROM segments");
  }

  /** Bytes `offset` to `offset + length` of a segment. Rejects with SegmentLostError. */
  async read(number: number, offset: number, length: number): Promise<Uint8Array> {
    const { key, etag } = this.#sql
      .exec<{ key: string; etag: string }>("SELECT key, etag FROM segments WHERE number = ?", number)
      .one();
    const object = await this.#bucket.get(key, { range: { offset, length }, onlyIf: { etagMatches: etag } });
    if (object === null) throw new SegmentLostError(`Segment ${number} of the journal is not in the bucket.`);
    const bytes = "body" in object ? new Uint8Array(await object.arrayBuffer()) : undefined;
    if (bytes?.length === length) return bytes;
    throw new SegmentLostError(`Segment ${number} of the journal is not the one that was put into the bucket.`);
  }
}
