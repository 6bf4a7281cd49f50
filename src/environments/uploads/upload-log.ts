import type { SchemaPart } from "../../objects/object-schema.ts";
import type { FileStatus, PartedFile } from "../../sandbox/port.ts";

/** Files on their way into an environment in parts, in the SQLite of its object. */
export const UPLOAD_SCHEMA: SchemaPart = {
  name: "uploads",
  steps: [
    `CREATE TABLE uploads (
       id TEXT PRIMARY KEY,
       path TEXT NOT NULL,
       staging TEXT NOT NULL,
       size INTEGER NOT NULL,
       part_size INTEGER NOT NULL,
       sha256 TEXT,
       expires INTEGER NOT NULL,
       result TEXT
     ) WITHOUT ROWID`,
    `CREATE TABLE upload_parts (
       upload TEXT NOT NULL,
       number INTEGER NOT NULL,
       PRIMARY KEY (upload, number)
     ) WITHOUT ROWID`,
  ],
};

/** An upload. Times are milliseconds since 1970. */
export interface Upload extends PartedFile {
  id: string;
  /** Bytes of every part but the last. */
  partSize: number;
  expires: number;
  /** The file, once it is complete. */
  result: FileStatus | null;
}

interface UploadRow {
  [column: string]: SqlStorageValue;
  id: string;
  path: string;
  staging: string;
  size: number;
  part_size: number;
  sha256: string | null;
  expires: number;
  result: string | null;
}

export class UploadLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add({ id, path, staging, size, partSize, sha256, expires }: Upload): void {
    this.#sql.exec(
      "INSERT INTO uploads (id, path, staging, size, part_size, sha256, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
      id,
      path,
      staging,
      size,
      partSize,
      sha256,
      expires,
    );
  }

  find(id: string): Upload | undefined {
    return this.#select("WHERE id = ?", id)[0];
  }

  /** All of them, oldest first. */
  list(): Upload[] {
    return this.#select("ORDER BY id");
  }

  /** Those whose time is up. */
  expired(now: number): Upload[] {
    return this.#select("WHERE expires <= ?", now);
  }

  /** When the next one's time is up. */
  get nextExpiry(): number | undefined {
    return this.#sql.exec<{ due: number | null }>("SELECT min(expires) AS due FROM uploads").one().due ?? undefined;
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM upload_parts WHERE upload = ?", id);
    this.#sql.exec("DELETE FROM uploads WHERE id = ?", id);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM upload_parts");
    this.#sql.exec("DELETE FROM uploads");
  }

  /** Numbers of the parts that have arrived, in order. */
  parts(id: string): number[] {
    return this.#sql
      .exec<{ number: number }>("SELECT number FROM upload_parts WHERE upload = ? ORDER BY number", id)
      .toArray()
      .map(({ number }) => number);
  }

  /** A part has arrived; of an upload that is no longer there nothing is noted. */
  addPart(id: string, number: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO upload_parts SELECT id, ? FROM uploads WHERE id = ?", number, id);
  }

  /** A part is about to be written anew: until all of it has come, there is none. */
  removePart(id: string, number: number): void {
    this.#sql.exec("DELETE FROM upload_parts WHERE upload = ? AND number = ?", id, number);
  }

  complete(id: string, result: FileStatus): void {
    this.#sql.exec("UPDATE uploads SET result = ? WHERE id = ?", JSON.stringify(result), id);
  }

  #select(where: string, ...bindings: (string | number)[]): Upload[] {
    return this.#sql
      .exec<UploadRow>(`SELECT * FROM uploads ${where}`, ...bindings)
      .toArray()
      .map(({ part_size: partSize, result, ...row }) => ({
        ...row,
        partSize,
        result: result === null ? null : parseStatus(result),
      }));
  }
}

function parseStatus(text: string): FileStatus {
  const status: FileStatus = JSON.parse(text);
  return status;
}
