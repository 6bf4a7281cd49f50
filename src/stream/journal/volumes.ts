import type { SchemaPart } from "../../objects/object-schema.ts";
import { ConcurrencyLimit } from "../../objects/concurrency-limit.ts";

/**
 * The volumes of a journal: parts of it that lie in a bucket, each an object of JSON lines that never changes. This is
 * their index, and reads them.
 */

export const VOLUME_SCHEMA: SchemaPart = {
  name: "volumes",
  steps: [
    `CREATE TABLE volumes (
       number INTEGER PRIMARY KEY,
       key TEXT NOT NULL,
       etag TEXT NOT NULL,
       sha256 TEXT NOT NULL,
       bytes INTEGER NOT NULL,
       first_seq INTEGER NOT NULL,
       count INTEGER NOT NULL
     )`,
    // Objects that may be in the bucket and that no volume refers to.
    "CREATE TABLE stray_objects (key TEXT PRIMARY KEY) WITHOUT ROWID",
  ],
};

/** Reads of one object at the same time: each holds a row, or a few, and readers may be at as many places as there are. */
export const MAX_READS = 8;

/** What the archive needs of a bucket. */
export type VolumeBucket = Pick<R2Bucket, "get" | "put" | "head" | "delete">;

/** A volume that is in the bucket as it should be. */
export interface StoredVolume {
  key: string;
  etag: string;
  /** In hexadecimal digits. */
  sha256: string;
  bytes: number;
  first: number;
  count: number;
}

/** What the journal says is in the bucket is not there: missing, or another object than was put. */
export class VolumeLostError extends Error {}

export class Volumes {
  readonly #sql: SqlStorage;
  readonly #bucket: VolumeBucket;
  readonly #reads = new ConcurrencyLimit(MAX_READS);
  #bytes: number | undefined;

  constructor(sql: SqlStorage, bucket: VolumeBucket) {
    this.#sql = sql;
    this.#bucket = bucket;
  }

  /** Bytes of all volumes. Asked at each append, so it is kept. */
  get bytes(): number {
    this.#bytes ??= this.#sql
      .exec<{ bytes: number }>("SELECT coalesce(sum(bytes), 0) AS bytes FROM volumes")
      .one().bytes;
    return this.#bytes;
  }

  /** Adds a volume and returns its number; call it inside a transaction. */
  add({ key, etag, sha256, bytes, first, count }: StoredVolume): number {
    this.#bytes = undefined;
    const { number } = this.#sql
      .exec<{ number: number }>(
        `INSERT INTO volumes (key, etag, sha256, bytes, first_seq, count) VALUES (?, ?, ?, ?, ?, ?)
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

  /** Forgets all volumes; their objects are stray from then on. Call it inside a transaction. */
  dropAll(): void {
    this.#bytes = undefined;
    this.#sql.exec("INSERT OR IGNORE INTO stray_objects (key) SELECT key FROM volumes");
    this.#sql.exec("DELETE FROM volumes");
  }

  /** Bytes `offset` to `offset + length` of a volume. Rejects with VolumeLostError. */
  async read(number: number, offset: number, length: number): Promise<Uint8Array> {
    const { key, etag } = this.#sql
      .exec<{ key: string; etag: string }>("SELECT key, etag FROM volumes WHERE number = ?", number)
      .one();
    const bytes = await this.#reads.pass(async () => {
      const object = await this.#bucket.get(key, { range: { offset, length }, onlyIf: { etagMatches: etag } });
      if (object === null) throw new VolumeLostError(`Volume ${number} of the journal is not in the bucket.`);
      return "body" in object ? new Uint8Array(await object.arrayBuffer()) : undefined;
    });
    if (bytes?.length === length) return bytes;
    throw new VolumeLostError(`Volume ${number} of the journal is not the one that was put into the bucket.`);
  }
}
